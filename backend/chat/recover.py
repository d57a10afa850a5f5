"""Answers whose owner is gone: nothing hangs for ever.

Their lease is over by the database's clock. A sweep claims them, raises the fence of their logs so that a zombie can
append nothing more, and ends them as `incomplete {reason: "interrupted"}` (or `cancelled`, when that had been asked
for) with all the text that is known: the whole log where it is, else the last checkpoint under a new epoch.
"""

import time
from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

import msgspec
import structlog

from backend.chat import finish
from backend.chat.fold import Answer, fold, parts_from, visible_text
from backend.chat.order import CANCELLED, Ending, Outcome, incomplete, topic_of
from backend.chat.rows import MESSAGE_COLUMNS, MESSAGE_TABLES, Row, message_out
from backend.chat.schemas import MessageOut
from backend.core import db
from backend.core.ids import new_epoch
from realtime import Fenced, LogAway, Node
from realtime.log import Append

log = structlog.get_logger(__name__)

BATCH = 20
UNDO_DAYS = 30


@dataclass(frozen=True, slots=True)
class Kept:
    """What is known of an answer: its state, and where its log goes on; `epoch` is new where the log is not whole."""

    answer: Answer
    epoch: str
    end: int
    whole: bool


async def sweep(*, node: Node, owner: str, mine: Collection[UUID], lease: float, grace: float) -> int:
    """End what dead owners left behind; returns how many.

    `mine` is being written here; `grace` is what a lease may be over by, in seconds.
    """
    values = {"owner": owner, "mine": list(mine), "lease": lease, "grace": grace, "batch": BATCH}
    claimed = await db.rows(_CLAIM, values)
    ended = 0
    for row in claimed:
        try:
            ended += await _end(node, row)
        except LogAway:
            log.warning("an interrupted answer waits for its log", generation=str(row["id"]))
            break
    return ended


async def purge_deleted() -> None:
    """Delete for good what was deleted longer ago than it can be restored."""
    async with db.connect() as connection:
        cursor = await connection.execute(_PURGEABLE, [UNDO_DAYS])
        for (conversation,) in await cursor.fetchall():
            await connection.execute(_PURGE, {"id": conversation})


async def _end(node: Node, row: Row) -> bool:
    """End one claimed answer. Raises `LogAway`: its lease runs out again, and the next sweep takes it up."""
    claimed = time.monotonic()
    topic = topic_of(row["id"])
    try:
        kept = await _kept(node, row)
        outcome = CANCELLED if row["cancel_requested"] else incomplete("interrupted")
    except Fenced:
        sealed = await _sealed(node, row)
        if sealed is None:
            return False
        kept = sealed
        outcome = Outcome(kept.answer.status, kept.answer.terminal or {})
    ending = await _ending(row, kept, outcome)
    if not await finish.store(ending):
        return False
    if kept.whole:
        await node.log.seal(topic=topic, epoch=kept.epoch, offset=ending.offset, event=outcome.event)
    else:
        append = Append(topic, kept.epoch, row["attempt"], 0, [outcome.event], claimed, last=True)
        await node.log.append([append])
    log.info("an interrupted answer was ended", generation=str(row["id"]), status=outcome.status)
    return True


async def _kept(node: Node, row: Row) -> Kept:
    topic, epoch = topic_of(row["id"]), row["epoch"]
    end = await node.log.claim(topic=topic, epoch=epoch, fence=row["attempt"])
    same_store = row["run_id"] in ("", await node.log.run_id())
    if end is not None and end >= row["checkpoint_offset"] and same_store:
        events = await node.history(topic=topic, epoch=epoch)
        if len(events) == end:
            return Kept(fold(events), epoch, end, whole=True)
    return Kept(checkpointed(row["checkpoint"]), new_epoch(), 0, whole=False)


async def _sealed(node: Node, row: Row) -> Kept | None:
    """A log with its terminal event already, of which the database knows nothing: a restored one may be behind.

    None: a later attempt owns the answer.
    """
    events = await node.history(topic=topic_of(row["id"]), epoch=row["epoch"])
    answer = fold(events)
    return None if answer.terminal is None else Kept(answer, row["epoch"], len(events) - 1, whole=True)


def checkpointed(body: str) -> Answer:
    """The answer as a checkpoint has it."""
    if not body:
        return Answer()
    stored = msgspec.json.decode(body)
    return Answer(status="running", parts=parts_from(stored["parts"]), usage=stored["usage"], model=stored["model"])


async def _ending(row: Row, kept: Kept, outcome: Outcome) -> Ending:
    message = await _message(row["message_id"])
    parts = kept.answer.plain_parts()
    update = {
        "status": outcome.status,
        "parts": parts,
        "text": visible_text(parts),
        "usage": kept.answer.usage and {k: v for k, v in kept.answer.usage.items() if k != "cost"},
        "cost": kept.answer.usage and kept.answer.usage.get("cost"),
        "reason": outcome.reason,
    }
    return Ending(
        generation=row["id"],
        attempt=row["attempt"],
        conversation=row["conversation_id"],
        user=row["owner_id"],
        message=message.model_copy(update=update),
        outcome=outcome,
        epoch=kept.epoch,
        offset=kept.end + 1,
        now=datetime.now(UTC),
    )


async def _message(message: UUID) -> MessageOut:
    row = await db.row(f"SELECT {MESSAGE_COLUMNS} FROM {MESSAGE_TABLES} WHERE m.id = %s", [message])  # noqa: S608
    assert row is not None
    return message_out(row)


_CLAIM = """
UPDATE chat_generation g SET attempt = g.attempt + 1, lease_owner = %(owner)s,
  lease_until = now() + make_interval(secs => %(lease)s)
FROM (
  SELECT id FROM chat_generation
  WHERE status IN ('queued', 'running') AND lease_until < now() - make_interval(secs => %(grace)s)
    AND id <> ALL(%(mine)s)
  ORDER BY id LIMIT %(batch)s FOR UPDATE SKIP LOCKED
) stale, chat_conversation c
WHERE g.id = stale.id AND c.id = g.conversation_id
RETURNING g.id, g.conversation_id, g.message_id, g.epoch, g.attempt, g.run_id, g.checkpoint, g.checkpoint_offset,
  g.cancel_requested, c.owner_id
"""

_PURGEABLE = """
SELECT id FROM chat_conversation WHERE deleted_at < now() - make_interval(days => %s) ORDER BY deleted_at LIMIT 100
"""

_PURGE = """
WITH generations AS (DELETE FROM chat_generation WHERE conversation_id = %(id)s),
  messages AS (DELETE FROM chat_message WHERE conversation_id = %(id)s)
DELETE FROM chat_conversation WHERE id = %(id)s
"""
