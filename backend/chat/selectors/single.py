"""One conversation, message or generation, with its owner for the permission. Raise `NotFound`."""

from uuid import UUID

from backend.chat.rows import (
    CONVERSATION_COLUMNS,
    GENERATION_COLUMNS,
    MESSAGE_COLUMNS,
    MESSAGE_TABLES,
    conversation_out,
    generation_out,
    message_out,
)
from backend.chat.schemas import ConversationOut, GenerationOut, MessageOut
from backend.core import db
from backend.core.errors import NotFound


async def conversation_get(*, conversation: UUID) -> tuple[ConversationOut, UUID]:
    """The conversation and its owner."""
    row = await db.row(
        f"SELECT {CONVERSATION_COLUMNS} FROM chat_conversation c WHERE c.id = %(id)s AND c.deleted_at IS NULL",  # noqa: S608
        {"id": conversation},
    )
    if row is None:
        raise NotFound
    return conversation_out(row), row["owner_id"]


async def message_get(*, message: UUID) -> tuple[MessageOut, UUID]:
    """The whole message and its owner."""
    row = await db.row(
        f"SELECT {MESSAGE_COLUMNS}, c.owner_id FROM {MESSAGE_TABLES} JOIN chat_conversation c "  # noqa: S608
        "ON c.id = m.conversation_id WHERE m.id = %(id)s AND c.deleted_at IS NULL",
        {"id": message},
    )
    if row is None:
        raise NotFound
    return message_out(row), row["owner_id"]


async def generation_get(*, generation: UUID) -> tuple[GenerationOut, UUID]:
    """The generation and its owner."""
    row = await db.row(
        f"SELECT {GENERATION_COLUMNS}, m.model FROM chat_generation g JOIN chat_message m ON m.id = g.message_id "  # noqa: S608
        "JOIN chat_conversation c ON c.id = g.conversation_id WHERE g.id = %(id)s AND c.deleted_at IS NULL",
        {"id": generation},
    )
    if row is None:
        raise NotFound
    return generation_out(row, model=row["model"]), row["owner_id"]
