"""Somebody is typing: seen by whoever has the conversation open right now, and kept nowhere."""

from uuid import UUID

from backend.accounts.permissions import Owned, require
from backend.accounts.principal import Principal
from backend.chat import selectors
from backend.chat.order import conversation_topic
from realtime import hints


async def typing_tell(*, principal: Principal, conversation: UUID) -> None:
    """Raises `NotFound`, `Forbidden`."""
    place = await selectors.conversation_place(conversation=conversation)
    require(principal, "write", Owned("conversation", place.owner))
    hints.whisper(conversation_topic(conversation), "typing", {"user": principal.user})
