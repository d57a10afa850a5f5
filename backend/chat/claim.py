"""Answers whose owner is gone, and what is known of them.

An owner is gone when its lease is over by the database's clock and its heartbeat in Redis is not there: a database
that was restarted steals nothing from a node that is alive. The predecessor of a process that was started again under
the same name is gone for certain. A claim raises the attempt, which fences every write to the row; then the fence of
the log, and only then the log is read: a zombie can append nothing after that.
"""

from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

import msgspec

from backend.chat.checkpoint import ANY_STORE
from backend.chat.fold import Answer, fold, parts_from
from backend.chat.order import topic_of
from backend.chat.rows import Row
from backend.core import db
from realtime import Fenced, Node

BATCH = 20


@dataclass(frozen=True, slots=True)
class Kept:
    """What is known of an answer: its state, and its whole log; no events: the log was lost, or can't be trusted.

    `sealed`: the log holds the terminal event already, of which the database knows nothing.
    """

    answer: Answer
    events: list[bytes]
    sealed: bool = False


async def claim(*, node: Node, owner: str, mine: Collection[UUID], lease: float) -> list[Row]:
    """Take what dead owners left behind, at most `BATCH`; `mine` is being written here. Raises `LogAway`."""
    name = owner.rpartition(".")[0]
    values = {"mine": list(mine), "batch": BATCH, "before": f"{name}.%" if name else None, "owner": owner}
    stale = await db.rows(_STALE, values)
    others = {row["lease_owner"] for row in stale if not row["ours"]} - {"", owner}
    alive = await node.log.alive(sorted(others))
    ids = [row["id"] for row in stale if row["lease_owner"] not in alive]
    return await db.rows(_CLAIM, {**values, "lease": lease, "ids": ids}) if ids else []


async def known(node: Node, row: Row) -> Kept | None:
    """What there is of a claimed answer; None: a later attempt owns it. Raises `LogAway`."""
    topic, epoch = topic_of(row["id"]), row["epoch"]
    try:
        end = await node.log.claim(topic=topic, epoch=epoch, fence=row["attempt"])
    except Fenced:
        return await _sealed(node, topic, epoch)
    same_store = row["run_id"] in (ANY_STORE, await node.log.run_id())
    if end is not None and end >= row["checkpoint_offset"] and same_store:
        events = await node.history(topic=topic, epoch=epoch)
        if len(events) == end:
            return Kept(fold(events), events)
    return Kept(checkpointed(row["checkpoint"]), [])


async def _sealed(node: Node, topic: str, epoch: str) -> Kept | None:
    events = await node.history(topic=topic, epoch=epoch)
    answer = fold(events)
    return None if answer.terminal is None else Kept(answer, events, sealed=True)


def checkpointed(body: str) -> Answer:
    """The answer as a checkpoint has it."""
    if not body:
        return Answer()
    stored = msgspec.json.decode(body)
    return Answer(
        status="running",
        parts=parts_from(stored["parts"]),
        usage=stored["usage"],
        model=stored["model"],
        provider=stored.get("provider", ""),
        instead_of=stored.get("instead_of", []),
    )


_GONE = "(lease_until <= now() OR (lease_owner LIKE %(before)s AND lease_owner <> %(owner)s))"

_STALE = f"""
SELECT id, lease_owner, coalesce(lease_owner LIKE %(before)s, false) AS ours FROM chat_generation
WHERE status IN ('queued', 'running') AND {_GONE} AND id <> ALL(%(mine)s)
ORDER BY lease_until LIMIT %(batch)s
"""  # noqa: S608

_CLAIM = f"""
UPDATE chat_generation g SET attempt = g.attempt + 1, lease_owner = %(owner)s,
  lease_until = now() + make_interval(secs => %(lease)s),
  idle_claims = CASE WHEN g.lease_owner = '' THEN g.idle_claims ELSE g.idle_claims + 1 END
FROM (
  SELECT id FROM chat_generation
  WHERE id = ANY(%(ids)s) AND status IN ('queued', 'running') AND {_GONE}
  ORDER BY id FOR UPDATE SKIP LOCKED
) stale, chat_conversation c
WHERE g.id = stale.id AND c.id = g.conversation_id
RETURNING g.id, g.conversation_id, g.message_id, g.user_id, g.continues, g.epoch, g.attempt, g.run_id, g.checkpoint,
  g.checkpoint_offset, g.cancel_requested, g.idle_claims, g.remote, c.owner_id, c.titled_by,
  extract(epoch FROM now() - g.updated)::float8 AS idle_s, extract(epoch FROM now() - g.created)::float8 AS age_s
"""  # noqa: S608
