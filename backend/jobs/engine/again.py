"""After the database was away: what the last statement did, if it did anything, is found out under a higher fence."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from backend.core import db


@dataclass(frozen=True, slots=True)
class Resumed:
    """The new fence, the job's totals as stored, and which of the known rows are still this worker's to end."""

    fence: int
    total: int
    done: int
    failed: int
    cost: Decimal
    input_tokens: int
    output_tokens: int
    running: set[int]


async def resume(*, job: UUID, fence: int, known: Sequence[int], lease: float) -> Resumed | None:
    """Keep the rows in `known`, give back others that the lost statement took: nobody was asked for them. None:
    somebody else has the job.
    """
    async with db.connect() as connection, connection.transaction():
        row = await db.row(_FENCE, {"id": job, "fence": fence, "lease": lease}, on=connection)
        if row is None:
            return None
        values = {"job": job, "fence": fence, "known": list(known)}
        kept = await db.rows(_KEEP, values, on=connection)
        await connection.execute(_GIVE_BACK, values)
    return Resumed(running={one["index"] for one in kept}, **row)


_FENCE = """
UPDATE jobs_job SET fence = fence + 1, lease_until = now() + make_interval(secs => %(lease)s)
WHERE id = %(id)s AND fence = %(fence)s AND status = 'running'
RETURNING fence, total, done, failed, cost, input_tokens, output_tokens
"""

_KEEP = """
UPDATE jobs_jobrow SET fence = fence + 1
WHERE job_id = %(job)s AND status = 'running' AND fence = %(fence)s AND index = ANY(%(known)s) RETURNING index
"""

_GIVE_BACK = """
WITH back AS (
  UPDATE jobs_jobrow SET status = 'pending', attempt = attempt - 1
  WHERE job_id = %(job)s AND status = 'running' AND fence = %(fence)s RETURNING call
)
UPDATE usage_call c SET status = 'released', settled = now(), input_tokens = 0, output_tokens = 0, cost = NULL
FROM back WHERE c.id = back.call AND c.status = 'reserved'
"""
