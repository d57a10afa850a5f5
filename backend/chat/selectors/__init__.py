"""Every read of conversations, messages and generations, natively async. Callers ask for permission."""

from backend.chat.selectors.lists import conversation_page, message_page
from backend.chat.selectors.places import (
    ConversationPlace,
    GenerationPlace,
    RetryPlace,
    SendPlace,
    conversation_place,
    generation_place,
    retry_place,
    send_place,
)
from backend.chat.selectors.single import conversation_get, generation_get, message_get

__all__ = [
    "ConversationPlace",
    "GenerationPlace",
    "RetryPlace",
    "SendPlace",
    "conversation_get",
    "conversation_page",
    "conversation_place",
    "generation_get",
    "generation_place",
    "message_get",
    "message_page",
    "retry_place",
    "send_place",
]
