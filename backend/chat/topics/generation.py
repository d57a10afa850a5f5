"""`generation.<id>`: one answer. Its events are in the event log; its end is in the database."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from backend.accounts.permissions import Owned, may
from backend.accounts.principal import Principal
from backend.chat.claim import checkpointed
from backend.chat.fold import fold
from backend.chat.host import GenerationHost
from backend.chat.models import TERMINAL
from backend.chat.rows import GENERATION_COLUMNS, Row, as_id
from backend.chat.source import AnswerSource
from backend.core import db
from backend.core.errors import NotFound
from realtime import Ended, Position, Snapshot, TopicKind, TopicState


class GenerationKind(TopicKind):
    """Answers of this node are looked at in memory; all others in the database and the log."""

    name = "generation"
    logged = True
    terminal = frozenset(TERMINAL)

    def __init__(self, host: GenerationHost) -> None:
        self._host = host

    async def authorize(self, *, principal: Principal, topic: str) -> None:
        """Whoever may read the conversation."""
        if not (await self.authorized([(principal, topic)]))[0]:
            raise NotFound

    async def authorized(self, pairs: Sequence[tuple[Any, str]]) -> list[bool]:
        """One query for all; an answer that still runs here may be of a conversation that was deleted."""
        ids = [_id(topic) for _, topic in pairs]
        known = await db.rows(_OWNERS, {"ids": [found for found in ids if found]})
        owners = {row["id"]: row["owner_id"] for row in known}
        return [
            found in owners and may(principal, "read", Owned("generation", owners[found]))
            for found, (principal, _) in zip(ids, pairs, strict=True)
        ]

    async def state(self, *, topic: str) -> TopicState:
        """Where the answer stands."""
        source = self._source(topic)
        if source is not None:
            return TopicState(epoch=source.epoch)
        row = await self._row(topic)
        return TopicState(epoch=row["epoch"], ended=_ended(row))

    async def snapshot(self, *, topic: str) -> Snapshot:
        """From the source, or the stored message, or the log, or the checkpoint: each at its own position.

        A new epoch begins empty: its first events bring what is kept of the old one.
        """
        source = self._source(topic)
        if source is not None:
            return Snapshot(Position(source.epoch, source.offset), source.answer.snapshot())
        row = await self._row(topic)
        epoch = row["epoch"]
        if row["terminal_offset"] is not None:
            return Snapshot(Position(epoch, row["terminal_offset"]), _stored(row))
        events = await self._host.node.history(topic=topic, epoch=epoch)
        if len(events) >= row["checkpoint_offset"]:
            return Snapshot(Position(epoch, len(events)), fold(events).snapshot() | {"attempt": row["attempt"]})
        answer = checkpointed(row["checkpoint"] if row["checkpoint_offset"] else "")
        return Snapshot(Position(epoch, row["checkpoint_offset"]), answer.snapshot() | {"attempt": row["attempt"]})

    def _source(self, topic: str) -> AnswerSource | None:
        found = _id(topic)
        return self._host.source(found) if found else None

    async def _row(self, topic: str) -> Row:
        found = _id(topic)
        row = await db.row(_ROW, {"id": found}) if found else None
        if row is None:
            raise NotFound
        return row


def _id(topic: str) -> UUID | None:
    return as_id(topic.partition(".")[2])


def _ended(row: Row) -> Ended | None:
    if row["terminal_offset"] is None:
        return None
    return Ended(offset=row["terminal_offset"], event=row["terminal_event"].encode())


def _stored(row: Row) -> dict[str, Any]:
    usage = row["usage"]
    if usage is not None:
        usage = {
            "input_tokens": usage["input_tokens"],
            "output_tokens": usage["output_tokens"],
            "cost": float(row["cost"] or 0),
        }
    return {
        "status": row["status"],
        "parts": row["parts"],
        "usage": usage,
        "model": row["model"],
        "attempt": row["attempt"],
        **({"instead_of": row["instead_of"]} if row["instead_of"] else {}),
    }


_OWNERS = """
SELECT g.id, c.owner_id FROM chat_generation g JOIN chat_conversation c ON c.id = g.conversation_id
WHERE g.id = ANY(%(ids)s) AND c.deleted_at IS NULL
"""

_ROW = f"""
SELECT {GENERATION_COLUMNS}, m.parts, m.usage, m.cost, m.model, m.instead_of
FROM chat_generation g JOIN chat_message m ON m.id = g.message_id JOIN chat_conversation c ON c.id = g.conversation_id
WHERE g.id = %(id)s AND c.deleted_at IS NULL
"""  # noqa: S608
