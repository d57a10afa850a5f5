"""Every write to conversations, messages and generations. Socket commands and REST call the same functions."""

from backend.chat.services.cancel import generation_cancel
from backend.chat.services.conversations import (
    conversation_create,
    conversation_delete,
    conversation_update,
)
from backend.chat.services.retry import generation_retry
from backend.chat.services.send import message_send
from backend.chat.services.stored import completion_store
from backend.chat.services.typing import typing_tell

__all__ = [
    "completion_store",
    "conversation_create",
    "conversation_delete",
    "conversation_update",
    "generation_cancel",
    "generation_retry",
    "message_send",
    "typing_tell",
]
