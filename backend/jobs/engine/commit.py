"""The one statement of a run: what ended is stored, told and counted, the lease renewed, and the next rows taken."""

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import msgspec

from backend.core import db
from backend.jobs.kinds.base import Taken

_encode = msgspec.json.Encoder().encode


@dataclass(slots=True)
class Group:
    """What is stored together. `totals` are absolute: `done`, `failed`, `cost`, tokens, `rate`; `ended` rows as
    dictionaries of their columns, `bodies` encoded events; `state` None: unchanged. `want` rows are taken.
    """

    totals: dict[str, Any]
    step: str
    ended: list[dict[str, Any]] = field(default_factory=list)
    bodies: list[str] = field(default_factory=list)
    log: list[dict[str, Any]] | None = None
    state: dict[str, Any] | None = None
    want: int = 0


@dataclass(frozen=True, slots=True)
class Stored:
    """Where the topic stands afterwards, what a person wants, and the rows that were taken."""

    epoch: str
    position: int
    wanted: str
    taken: list[Taken]


async def commit(*, job: UUID, fence: int, group: Group, lease: float) -> Stored | None:
    """Store a group under a fence; None: somebody else has the job. Raises `Unavailable`."""
    row = await db.row(
        _COMMIT,
        {
            "id": job,
            "topic": f"job.{job}",
            "fence": fence,
            "lease": lease,
            "events": len(group.bodies),
            "bodies": group.bodies,
            "ended": _encode(group.ended).decode(),
            "step": group.step,
            "log": None if group.log is None else _encode(group.log).decode(),
            "state": None if group.state is None else _encode(group.state).decode(),
            "want": group.want,
            **group.totals,
        },
    )
    if row is None:
        return None
    taken = [Taken(**one) for one in row["taken"] or ()]
    return Stored(epoch=row["epoch"], position=row["position"], wanted=row["wanted"], taken=taken)


_COMMIT = """
WITH moved AS (
  UPDATE jobs_job SET position = position + %(events)s, done = %(done)s, failed = %(failed)s, cost = %(cost)s,
    input_tokens = %(input_tokens)s, output_tokens = %(output_tokens)s, rate = %(rate)s, step = %(step)s,
    log = coalesce(%(log)s::jsonb, log), state = coalesce(%(state)s::jsonb, state), cursor = %(cursor)s,
    lease_until = now() + make_interval(secs => %(lease)s), updated = now(),
    idle_claims = CASE WHEN %(ended)s = '[]' THEN idle_claims ELSE 0 END
  WHERE id = %(id)s AND fence = %(fence)s AND status = 'running'
  RETURNING epoch, position, wanted
), ended AS (
  UPDATE jobs_jobrow r SET status = n.status, output = n.output, error = n.error, usage = n.usage, cost = n.cost,
    finished_at = now()
  FROM jsonb_to_recordset(%(ended)s::jsonb)
    AS n(index int, status text, output text, error jsonb, usage jsonb, cost numeric), moved
  WHERE r.job_id = %(id)s AND r.index = n.index AND r.fence = %(fence)s AND r.status = 'running'
), told AS (
  INSERT INTO core_outboxevent (topic, epoch, "offset", body)
  SELECT %(topic)s, moved.epoch, moved.position - %(events)s + e.number, e.body
  FROM moved, unnest(%(bodies)s::text[]) WITH ORDINALITY AS e(body, number)
), taken AS (
  UPDATE jobs_jobrow r SET status = 'running', fence = %(fence)s, attempt = r.attempt + 1,
    call = gen_random_uuid()
  FROM (
    SELECT p.id FROM jobs_jobrow p, moved
    WHERE p.job_id = %(id)s AND p.status = 'pending' AND p.index >= %(cursor)s AND moved.wanted = ''
    ORDER BY p.index LIMIT %(want)s
  ) next
  WHERE r.id = next.id
  RETURNING r.index, r.line, r.model, r.input, r.attempt
)
SELECT moved.epoch, moved.position, moved.wanted,
  (SELECT jsonb_agg(to_jsonb(taken) ORDER BY taken.index) FROM taken) AS taken
FROM moved
"""
