"""The one statement of a run: what ended is stored, told, settled and counted, the lease renewed, and the next rows
taken, each with its call reserved.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import msgspec

from backend.core import db
from backend.core.ids import new_id
from backend.core.sentences import Said, Sentence, named, text_of
from backend.jobs.kinds.base import NewRow, Taken
from backend.usage.ledger import RESERVE_ROWS, SETTLE_CALLS, RowOrder, Settlement
from backend.usage.refusal import refusals

_encode = msgspec.json.Encoder().encode


@dataclass(slots=True)
class Group:
    """What is stored together. `totals` are absolute: `total`, `done`, `failed`, `cost`, tokens, `rate`; `ended` rows
    as dictionaries of their columns, `bodies` encoded events; `state` None: unchanged. `want` rows are taken, and their
    calls reserved by `orders`; `settlements` are of calls that are over. `added` rows are the last of `total`, and
    nobody has them yet.
    """

    totals: dict[str, Any]
    step: Said
    ended: list[dict[str, Any]] = field(default_factory=list)
    bodies: list[str] = field(default_factory=list)
    log: list[dict[str, Any]] | None = None
    state: dict[str, Any] | None = None
    added: list[NewRow] = field(default_factory=list)
    want: int = 0
    orders: Sequence[RowOrder] = ()
    settlements: list[Settlement] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Stored:
    """Where the topic stands afterwards, what a person wants, and the rows that were taken."""

    epoch: str
    position: int
    wanted: str
    taken: list[Taken]


async def commit(*, job: UUID, fence: int, group: Group, lease: float) -> Stored | None:
    """Store a group under a fence; None: somebody else has the job. Raises `Unavailable`, and `QuotaExceeded` where a
    budget does not allow the calls of the rows that it takes: nothing is stored then.
    """
    values = {
        "id": job,
        "topic": f"job.{job}",
        "fence": fence,
        "lease": lease,
        "events": len(group.bodies),
        "bodies": group.bodies,
        "ended": _encode(group.ended).decode(),
        "added": _encode(_added(group)).decode(),
        "step": text_of(group.step)[:200],
        "step_said": _encode(named(group.step)).decode() if isinstance(group.step, Sentence) else None,
        "log": None if group.log is None else _encode(group.log).decode(),
        "state": None if group.state is None else _encode(group.state).decode(),
        "want": group.want,
        "orders": _encode(group.orders).decode(),
        "settlements": _encode(group.settlements).decode(),
        "calls": [new_id() for _ in range(group.want)] if group.orders else [],
        **group.totals,
    }
    with refusals():
        row = await db.row(_COMMIT, values)
    if row is None:
        return None
    taken = [_taken(one) for one in row["taken"] or ()]
    return Stored(epoch=row["epoch"], position=row["position"], wanted=row["wanted"], taken=taken)


def _taken(row: dict[str, Any]) -> Taken:
    ident, call = row.pop("id"), row.pop("call")
    return Taken(**row, id=UUID(ident), call=None if call is None else UUID(call))


def _added(group: Group) -> list[dict[str, Any]]:
    first = group.totals["total"] - len(group.added)
    return [
        {"id": new_id(), "index": index, "line": row.line, "model": row.model, "input": row.input, "tokens": row.tokens}
        for index, row in enumerate(group.added, first)
    ]


_COMMIT = f"""
WITH moved AS (
  UPDATE jobs_job SET position = position + %(events)s, total = %(total)s, done = %(done)s, failed = %(failed)s,
    cost = %(cost)s, input_tokens = %(input_tokens)s, output_tokens = %(output_tokens)s, rate = %(rate)s,
    step = %(step)s, step_said = %(step_said)s::jsonb,
    log = coalesce(%(log)s::jsonb, log), state = coalesce(%(state)s::jsonb, state),
    cursor = %(cursor)s,
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
), added AS (
  INSERT INTO jobs_jobrow (id, job_id, index, line, model, input, tokens, status, fence, attempt, lost, output)
  SELECT n.id, %(id)s, n.index, n.line, n.model, n.input, n.tokens, 'pending', 0, 0, 0, ''
  FROM moved,
    jsonb_to_recordset(%(added)s::jsonb) AS n(id uuid, index int, line int, model text, input jsonb, tokens int)
), told AS (
  INSERT INTO core_outboxevent (topic, epoch, "offset", body)
  SELECT %(topic)s, moved.epoch, moved.position - %(events)s + e.number, e.body
  FROM moved, unnest(%(bodies)s::text[]) WITH ORDINALITY AS e(body, number)
), settled AS (
  {SETTLE_CALLS.format(source="moved")}
), taken AS (
  UPDATE jobs_jobrow r SET status = 'running', fence = %(fence)s, attempt = r.attempt + 1, call = next.call
  FROM (
    SELECT id, (%(calls)s::uuid[])[row_number() OVER (ORDER BY index)] AS call FROM (
      SELECT p.id, p.index FROM jobs_jobrow p, moved
      WHERE p.job_id = %(id)s AND p.status = 'pending' AND p.index >= %(cursor)s AND moved.wanted = ''
      ORDER BY p.index LIMIT %(want)s
    ) first
  ) next
  WHERE r.id = next.id
  RETURNING r.index, r.line, r.model, r.input, r.attempt, r.id, r.call, r.tokens
), reserved AS (
  {RESERVE_ROWS.format(source="taken")}
)
SELECT moved.epoch, moved.position, moved.wanted,
  (SELECT jsonb_agg(to_jsonb(taken) - 'tokens' ORDER BY taken.index) FROM taken) AS taken
FROM moved
"""  # noqa: S608
