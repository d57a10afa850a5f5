"""What jobs know of the ledger: which calls nobody will end, and whether rows, jobs and calls agree.

The calls of a row's own attempt are reserved and settled by the engine's one statement. Whoever lets go of a job gives
up what is open, in the transaction of that.
"""

from uuid import UUID

from django.db import connection

from backend.jobs.engine.begun import taken
from backend.jobs.models import Job
from backend.usage.books import Ledgered

TOTALS = ("input_tokens", "output_tokens", "cost", "lost_calls", "lost_cost")


def give_up(job: Job) -> None:
    """Count the job's open calls as lost, by what its other calls took, or else as what they were expected to take, and
    have its totals be the sums of all of its calls. For a locked row that nobody works on; the caller saves `TOTALS`.
    """
    release(job)
    with connection.cursor() as cursor:
        cursor.execute(_LOST, {"job": job.id})
        cursor.execute(_SUMS, {"job": job.id})
        calls, into, out, cost, job.lost_calls, job.lost_cost = cursor.fetchone()
    if calls:
        job.input_tokens, job.output_tokens, job.cost = into, out, cost


def release(job: Job) -> list[UUID]:
    """Release the open calls that surely never went out, as far as that is known; for a locked row that nobody works
    on. Returns them.
    """
    begun = taken(job.id)
    if begun is None:
        return []
    with connection.cursor() as cursor:
        cursor.execute(_RELEASED, {"job": job.id, "begun": begun})
        return [row[0] for row in cursor.fetchall()]


def sweep() -> int:
    """Give up calls of jobs that stand still or are gone."""
    with connection.cursor() as cursor:
        cursor.execute(_ORPHANS)
        return int(cursor.rowcount)


def prove() -> list[str]:
    """Rows of the last days whose usage is not that of their calls, and jobs whose totals are not; those are mended."""
    with connection.cursor() as cursor:
        cursor.execute(_DIFFERENT)
        problems = [f"Row {row[1]} of the job {row[0]} says other tokens than its call." for row in cursor.fetchall()]
        cursor.execute(_MENDED)
        return problems + [
            f"The job {row[0]} said other totals than its calls." for row in cursor.fetchall() if not row[1]
        ]


ledgered = Ledgered("jobs", sweep, prove)

# No row has it: it is lost, or was broken off, and its row was begun again or given up.
_CUT = """(c.status = 'lost' OR (c.status = 'estimated' AND EXISTS (
    SELECT 1 FROM jobs_jobrow r
    WHERE r.id = c."row" AND r.call IS NOT NULL AND (r.call <> c.id OR r.status NOT IN ('done', 'failed')))))"""

_RELEASED = """
UPDATE usage_call SET status = 'released', settled = now(), input_tokens = 0, output_tokens = 0, cost = NULL
WHERE job = %(job)s AND status = 'reserved' AND id <> ALL(%(begun)s) RETURNING id
"""

# What goes in is known; what came out is as much as comes out as a rule, and never more than was reserved.
_LOST = """
UPDATE usage_call c SET status = 'lost', settled = now(), output_tokens = coalesce(l.output, c.output_tokens),
  cost = CASE WHEN l.output IS NULL OR c.cost IS NULL THEN c.cost ELSE least(c.cost, l.cost) END
FROM (
  SELECT o.id, least(o.output_tokens, k.output) AS output,
    coalesce(round((o.input_tokens * coalesce(p.input_price, 0)
      + least(o.output_tokens, k.output) * coalesce(p.output_price, 0)) / 1000000, 9), k.cost) AS cost
  FROM usage_call o
  LEFT JOIN catalog_price p ON p.id = o.price_id
  LEFT JOIN (
    SELECT provider, model, round(avg(output_tokens))::bigint AS output, round(avg(cost), 9) AS cost
    FROM usage_call WHERE job = %(job)s AND status = 'settled' GROUP BY provider, model
  ) k ON k.provider = o.provider AND k.model = o.model
  WHERE o.job = %(job)s AND o.status = 'reserved'
) l
WHERE c.id = l.id
"""

_SUMS = f"""
SELECT count(*), coalesce(sum(input_tokens), 0)::bigint, coalesce(sum(output_tokens), 0)::bigint,
  coalesce(sum(cost), 0), count(*) FILTER (WHERE {_CUT}),
  coalesce(sum(cost) FILTER (WHERE {_CUT}), 0)
FROM usage_call c WHERE job = %(job)s
"""  # noqa: S608

_ORPHANS = """
UPDATE usage_call c SET status = 'lost', settled = now()
WHERE c.status = 'reserved' AND c.job IS NOT NULL AND c.created < now() - interval '1 minute'
  AND NOT EXISTS (SELECT 1 FROM jobs_job j WHERE j.id = c.job AND j.status = 'running')
"""

_DIFFERENT = """
SELECT r.job_id, r.index
FROM jobs_job j JOIN jobs_jobrow r ON r.job_id = j.id LEFT JOIN usage_call c ON c.id = r.call
WHERE j.updated > now() - interval '8 days' AND r.call IS NOT NULL AND r.status IN ('done', 'failed')
  AND (c.id IS NULL OR c.status = 'reserved' OR (c.status <> 'lost' AND (c.input_tokens, c.output_tokens)
    IS DISTINCT FROM
    (coalesce((r.usage ->> 'input_tokens')::bigint, 0), coalesce((r.usage ->> 'output_tokens')::bigint, 0))))
LIMIT 20
"""

# A call can be settled after its job has ended, when the database was away; then it is the job that has to follow.
_MENDED = f"""
UPDATE jobs_job j SET input_tokens = calls.into, output_tokens = calls.out, cost = calls.cost,
  lost_calls = calls.lost, lost_cost = calls.lost_cost
FROM (
  SELECT c.job, sum(c.input_tokens) AS into, sum(c.output_tokens) AS out, coalesce(sum(c.cost), 0) AS cost,
    count(*) FILTER (WHERE {_CUT}) AS lost,
    coalesce(sum(c.cost) FILTER (WHERE {_CUT}), 0) AS lost_cost,
    bool_or(c.status = 'reserved') AS open, max(c.settled) AS settled
  FROM usage_call c
  WHERE c.job IN (SELECT id FROM jobs_job WHERE updated > now() - interval '8 days' AND status <> 'running')
  GROUP BY c.job
) calls
WHERE j.id = calls.job AND j.status <> 'running' AND NOT calls.open
  AND (j.input_tokens, j.output_tokens, j.cost) IS DISTINCT FROM (calls.into, calls.out, calls.cost)
RETURNING j.id, calls.settled > greatest(j.updated, j.finished_at) AS late
"""  # noqa: S608
