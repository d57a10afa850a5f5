"""What a write needs to know of the place that it is about: one statement each. Raise `NotFound`."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from backend.chat.rows import MESSAGE_COLUMNS, MESSAGE_TABLES, message_out
from backend.chat.schemas import MessageOut
from backend.chat.verbatim import Verbatim, decode
from backend.core import db
from backend.core.errors import NotFound


@dataclass(frozen=True, slots=True)
class ConversationPlace:
    """A conversation that is not deleted."""

    id: UUID
    owner: UUID
    title: str
    model: str
    system: str


@dataclass(frozen=True, slots=True)
class SendPlace:
    """Where a message hangs: `parent` None is the root of the tree; `above` about how many tokens are."""

    conversation: ConversationPlace
    parent: UUID | None
    parent_role: str | None
    above: int = 0


@dataclass(frozen=True, slots=True)
class RetryPlace:
    """An answer that may get a sibling, the tools that it was given, the whole request where that was given, and the
    conversation's system prompt as it was asked with."""

    owner: UUID
    message: MessageOut
    tools: list[dict[str, Any]] | None
    given: Verbatim | None
    system: str


@dataclass(frozen=True, slots=True)
class GenerationPlace:
    """Whose generation this is, and how it stands."""

    owner: UUID
    status: str


async def conversation_place(*, conversation: UUID) -> ConversationPlace:
    """A conversation's owner."""
    row = await db.row(
        "SELECT id, owner_id, title, model, system FROM chat_conversation WHERE id = %(id)s AND deleted_at IS NULL",
        {"id": conversation},
    )
    if row is None:
        raise NotFound
    return ConversationPlace(row["id"], row["owner_id"], row["title"], row["model"], row["system"])


async def send_place(*, conversation: UUID, parent: UUID | None, newest: bool) -> SendPlace:
    """The conversation with the message to hang on: the newest answer, or `parent` (None: the root)."""
    row = await db.row(_SEND_PLACE, {"id": conversation, "parent": parent, "newest": newest})
    if row is None:
        raise NotFound
    found = ConversationPlace(row["id"], row["owner_id"], row["title"], row["model"], row["system"])
    return SendPlace(found, row["parent"], row["role"], row["above"])


async def retry_place(*, message: UUID) -> RetryPlace:
    """The message, with its conversation's owner."""
    row = await db.row(_RETRY_PLACE, {"id": message})
    if row is None:
        raise NotFound
    return RetryPlace(row["owner_id"], message_out(row), row["tools"], decode(row["request"]), row["asked_system"])


async def generation_place(*, generation: UUID) -> GenerationPlace:
    """The generation's status, with its conversation's owner."""
    row = await db.row(_GENERATION_PLACE, {"id": generation})
    if row is None:
        raise NotFound
    return GenerationPlace(row["owner_id"], row["status"])


_SEND_PLACE = """
SELECT c.id, c.owner_id, c.title, c.model, c.system, p.id AS parent, p.role,
  coalesce((p.usage ->> 'input_tokens')::int + (p.usage ->> 'output_tokens')::int, 0) AS above
FROM chat_conversation c LEFT JOIN LATERAL (
  SELECT m.id, m.role, m.usage FROM chat_message m
  WHERE m.conversation_id = c.id AND (%(newest)s AND m.role = 'assistant' OR m.id = %(parent)s)
  ORDER BY m.seq DESC LIMIT 1
) p ON true
WHERE c.id = %(id)s AND c.deleted_at IS NULL
"""

_RETRY_PLACE = f"""
SELECT {MESSAGE_COLUMNS}, m.tools, m.request, coalesce(m.system, c.system) AS asked_system, c.owner_id
FROM {MESSAGE_TABLES}
JOIN chat_conversation c ON c.id = m.conversation_id
WHERE m.id = %(id)s AND c.deleted_at IS NULL
"""  # noqa: S608

_GENERATION_PLACE = """
SELECT c.owner_id, g.status FROM chat_generation g JOIN chat_conversation c ON c.id = g.conversation_id
WHERE g.id = %(id)s AND c.deleted_at IS NULL
"""
