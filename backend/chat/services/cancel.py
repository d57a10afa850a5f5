"""Stopping an answer: a committed flag, which survives a takeover, and a hint to whoever writes it."""

from uuid import UUID

from backend.accounts.permissions import Owned, require
from backend.accounts.principal import Principal
from backend.chat import selectors
from backend.chat.host import current
from backend.chat.models import TERMINAL
from backend.chat.schemas import CancelResult
from backend.core import db


async def generation_cancel(*, principal: Principal, generation: UUID) -> CancelResult:
    """Ask for the end of an answer; `cancelling`, or how it had ended. Raises `NotFound`, `Forbidden`."""
    place = await selectors.generation_place(generation=generation)
    require(principal, "write", Owned("generation", place.owner))
    if await db.row(_CANCEL, {"id": generation}) is None:
        ended = (await selectors.generation_place(generation=generation)).status
        return CancelResult.model_validate({"status": ended if ended in TERMINAL else "cancelling"})
    current().cancel(generation)
    return CancelResult(status="cancelling")


_CANCEL = """
UPDATE chat_generation SET cancel_requested = true
WHERE id = %(id)s AND status IN ('queued', 'running') RETURNING id
"""
