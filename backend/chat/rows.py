"""Rows of raw statements as the classes that clients see: one list of columns and one reader for each."""

from typing import Any
from uuid import UUID

from backend.chat.order import topic_of
from backend.chat.schemas import ConversationListed, ConversationOut, GenerationOut, MessageOut, Position

Row = dict[str, Any]

MESSAGE_COLUMNS = """m.id, m.conversation_id, m.parent_id, m.seq, m.role, m.status, m.parts, m.text, m.model, m.params,
  m.usage, m.cost, m.timings, m.reason, m.error, m.instead_of, m.prompt, m.sources, m.created, g.id AS generation"""
MESSAGE_TABLES = "chat_message m LEFT JOIN chat_generation g ON g.message_id = m.id"

CONVERSATION_COLUMNS = """c.id, c.owner_id, c.title, c.titled_by, c.model, c.folder, c.system, c.pinned, c.archived,
  c.created, c.updated, c.deleted_at, c.epoch, c.position"""

GENERATION_COLUMNS = """g.id, g.conversation_id, g.message_id, g.epoch, g.status, g.attempt, g.terminal_offset,
  g.terminal_event, g.checkpoint, g.checkpoint_offset, g.created, c.owner_id, c.deleted_at"""


def message_out(row: Row) -> MessageOut:
    """A row of `MESSAGE_COLUMNS`."""
    return MessageOut.model_construct(
        id=row["id"],
        conversation=row["conversation_id"],
        parent=row["parent_id"],
        seq=row["seq"],
        role=row["role"],
        status=row["status"],
        parts=row["parts"],
        text=row["text"],
        model=row["model"],
        params=row["params"],
        usage=row["usage"],
        cost=None if row["cost"] is None else float(row["cost"]),
        timings=row["timings"],
        reason=row["reason"],
        error=row["error"],
        instead_of=row["instead_of"],
        sources=row["sources"],
        generation=row["generation"],
        prompt=row["prompt"],
        created=row["created"],
    )


def conversation_out(row: Row) -> ConversationOut:
    """A row of `CONVERSATION_COLUMNS`."""
    return ConversationOut.model_construct(
        id=row["id"],
        title=row["title"],
        model=row["model"],
        folder=row["folder"],
        system=row["system"],
        pinned=row["pinned"],
        archived=row["archived"],
        created=row["created"],
        updated=row["updated"],
        position=Position.model_construct(epoch=row["epoch"], offset=row["position"]),
    )


def conversation_listed(row: Row, *, snippet: str | None) -> ConversationListed:
    """The same, in a list; `snippet` is what a search found."""
    return ConversationListed.model_construct(**conversation_out(row).__dict__, snippet=snippet)


def generation_out(row: Row, *, model: str) -> GenerationOut:
    """A row of `GENERATION_COLUMNS`."""
    end = row["terminal_offset"]
    return GenerationOut.model_construct(
        id=row["id"],
        conversation=row["conversation_id"],
        message=row["message_id"],
        topic=topic_of(row["id"]),
        epoch=row["epoch"],
        status=row["status"],
        attempt=row["attempt"],
        model=model,
        position=None if end is None else Position.model_construct(epoch=row["epoch"], offset=end),
        created=row["created"],
    )


def as_id(text: str) -> UUID | None:
    """The id in a topic's name; None: it is none. A topic has one name, so another spelling of its id is none."""
    try:
        found = UUID(text)
    except ValueError:
        return None
    return found if str(found) == text else None
