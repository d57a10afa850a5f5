"""What PostgreSQL knows of the answers that a node is writing: checkpoints, leases, and who asked for a stop.

One statement a second for all of a node's generations, and one more each five seconds for their leases, by the
database's clock.
"""

import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from uuid import UUID

import msgspec

from backend.chat.source import AnswerSource
from backend.core import db

BYTES_PER_SECOND = 256 * 1024
"""A checkpoint is whole, so a long answer's come more rarely: at most so much is written for one answer a second."""


@dataclass(slots=True)
class Checkpoints:
    """When and up to which offset one answer was saved last."""

    offset: int = 0
    at: float = 0.0

    def due(self, source: AnswerSource, now: float) -> bool:
        """Whether there is something new in the log, and enough time has gone by for its size."""
        return source.offset > self.offset and now - self.at >= source.bytes / BYTES_PER_SECOND


@dataclass(frozen=True, slots=True)
class Saved:
    """One generation's checkpoint: its parts as they were at `offset` of the log."""

    generation: UUID
    attempt: int
    offset: int
    body: str


def taken(generation: UUID, source: AnswerSource) -> Saved:
    """The present state of a source, which is never ahead of the log."""
    answer = source.answer
    body = msgspec.json.encode({"parts": answer.plain_parts(), "usage": answer.usage, "model": answer.model})
    return Saved(generation, source.fence, source.offset, body.decode())


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
            },
        )
        return {row[0] for row in await cursor.fetchall()}


async def renew(*, owner: str, seconds: float, generations: Collection[UUID]) -> tuple[set[UUID], float]:
    """Renew leases: those that are still ours, and the monotonic time from just before asking."""
    asked = time.monotonic()
    async with db.connect() as connection:
        cursor = await connection.execute(_RENEW, {"owner": owner, "seconds": seconds, "ids": list(generations)})
        return {row[0] for row in await cursor.fetchall()}, asked


async def owned(*, owner: str, generation: UUID, attempt: int) -> bool:
    """Whether this node's attempt still owns a generation."""
    async with db.connect() as connection:
        cursor = await connection.execute(_OWNED, {"owner": owner, "id": generation, "attempt": attempt})
        return await cursor.fetchone() is not None


_SAVE = """
WITH saved AS (
  UPDATE chat_generation g SET checkpoint = v.body, checkpoint_offset = v."offset", run_id = %(run_id)s
  FROM unnest(%(ids)s::uuid[], %(attempts)s::int[], %(offsets)s::bigint[], %(bodies)s::text[])
    AS v(id, attempt, "offset", body)
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

_OWNED = """
SELECT 1 FROM chat_generation
WHERE id = %(id)s AND attempt = %(attempt)s AND lease_owner = %(owner)s AND status IN ('queued', 'running')
"""
