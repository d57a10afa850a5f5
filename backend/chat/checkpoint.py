"""What PostgreSQL knows of the answers that a node is writing: checkpoints, leases, and who asked for a stop.

A few statements a second for all of a node's generations, each of a bounded size so that no token waits for it, and one
more each five seconds for their leases, by the database's clock.
"""

import time
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from uuid import UUID

import msgspec

from backend.chat.source import AnswerSource
from backend.core import db

ANY_STORE = ""
"""Instead of a store's run id: this checkpoint is the end of the log, so that a store that has so much has all of it,
restarted or not."""
BYTES_PER_SECOND = 256 * 1024
"""A checkpoint is whole, so a long answer's come more rarely: at most so much is written for one answer a second."""
SLACK = 0.1
"""Seconds: ticks are not exact, and one that comes a little early must not skip an answer."""
BATCH_BYTES = 64 * 1024
"""One statement's worth of bodies: well under a millisecond of this process."""


@dataclass(slots=True)
class Checkpoints:
    """When and up to which offset one answer was saved last."""

    offset: int = 0
    at: float = 0.0
    bytes: int = 0

    def due(self, source: AnswerSource, now: float, least: float) -> bool:
        """Whether there is something new in the log, and enough time has gone by: `least` seconds, more by its size."""
        apart = max(least - SLACK, source.bytes / BYTES_PER_SECOND)
        return source.offset > self.offset and now - self.at >= apart


@dataclass(frozen=True, slots=True)
class Saved:
    """One generation's checkpoint: its parts as they were at `offset` of the log."""

    generation: UUID
    attempt: int
    offset: int
    body: bytes
    size: int
    progressed: bool


def taken(generation: UUID, source: AnswerSource, *, since: int = 0) -> Saved:
    """The present state of a source, which is never ahead of the log; `since`: how many bytes it had the last time."""
    answer = source.answer
    body = msgspec.json.encode(answer.kept())
    return Saved(generation, source.fence, source.offset, body, source.bytes, source.bytes > since)


def batches(sources: Iterable[tuple[UUID, AnswerSource, int]]) -> Iterator[list[Saved]]:
    """The present states in lists of about `BATCH_BYTES`. Lazy: each list is as new as the moment it is asked for."""
    batch: list[Saved] = []
    size = 0
    for generation, source, since in sources:
        batch.append(taken(generation, source, since=since))
        size += len(batch[-1].body)
        if size >= BATCH_BYTES:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


async def save(*, owner: str, run_id: str, checkpoints: Sequence[Saved]) -> set[UUID]:
    """Store checkpoints; returns the node's generations that somebody asked to stop."""
    async with db.connect() as connection:
        cursor = await connection.execute(
            _SAVE,
            {
                "owner": owner,
                "run_id": run_id,
                "ids": [saved.generation for saved in checkpoints],
                "attempts": [saved.attempt for saved in checkpoints],
                "offsets": [saved.offset for saved in checkpoints],
                "bodies": [saved.body for saved in checkpoints],
                "progressed": [saved.progressed for saved in checkpoints],
            },
        )
        return {row[0] for row in await cursor.fetchall()}


async def renew(*, owner: str, seconds: float, generations: Collection[UUID]) -> tuple[set[UUID], float]:
    """Renew leases: those that are still ours, and the monotonic time from just before asking."""
    asked = time.monotonic()
    async with db.connect() as connection:
        cursor = await connection.execute(_RENEW, {"owner": owner, "seconds": seconds, "ids": list(generations)})
        return {row[0] for row in await cursor.fetchall()}, asked


async def release(*, owner: str) -> bool:
    """Give up all leases of this node, so that others need not wait for their end; whether there were any."""
    async with db.connect() as connection:
        cursor = await connection.execute(_RELEASE, {"owner": owner})
        return cursor.rowcount > 0


async def owned(*, owner: str, generation: UUID, attempt: int) -> bool:
    """Whether this node's attempt still owns a generation."""
    async with db.connect() as connection:
        cursor = await connection.execute(_OWNED, {"owner": owner, "id": generation, "attempt": attempt})
        return await cursor.fetchone() is not None


# Lists go in binary form: the text form of an array is escaped byte by byte, which holds up every token meanwhile.
_SAVE = """
WITH saved AS (
  UPDATE chat_generation g SET checkpoint = convert_from(v.body, 'UTF8'), checkpoint_offset = v."offset",
    run_id = %(run_id)s,
    updated = CASE WHEN v.progressed THEN now() ELSE g.updated END,
    idle_claims = CASE WHEN v.progressed THEN 0 ELSE g.idle_claims END
  FROM unnest(%(ids)b::uuid[], %(attempts)b::int[], %(offsets)b::bigint[], %(bodies)b::bytea[],
    %(progressed)b::bool[]) AS v(id, attempt, "offset", body, progressed)
  WHERE g.id = v.id AND g.attempt = v.attempt AND g.status IN ('queued', 'running')
)
SELECT id FROM chat_generation
WHERE lease_owner = %(owner)s AND status IN ('queued', 'running') AND cancel_requested
"""

_RENEW = """
UPDATE chat_generation SET lease_until = now() + make_interval(secs => %(seconds)s)
WHERE lease_owner = %(owner)s AND status IN ('queued', 'running') AND id = ANY(%(ids)s)
RETURNING id
"""

_RELEASE = """
UPDATE chat_generation SET lease_until = now(), lease_owner = ''
WHERE lease_owner = %(owner)s AND status IN ('queued', 'running')
"""

_OWNED = """
SELECT 1 FROM chat_generation
WHERE id = %(id)s AND attempt = %(attempt)s AND lease_owner = %(owner)s AND status IN ('queued', 'running')
"""
