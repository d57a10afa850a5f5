"""What jobs know of the ledger: which calls nobody will end, and whether rows, jobs and calls agree.

The calls of a row's own attempt are reserved and settled by the engine's one statement. Whoever lets go of a job gives
up what is open, in the transaction of that.
"""

from django.db import connection

from backend.jobs.models import Job
from backend.usage.books import Ledgered

TOTALS = ("input_tokens", "output_tokens", "cost")


def give_up(job: Job) -> None:
    """Count the job's open calls as lost, as what they were expected to take, and have its totals be the sums of all
    of its calls. For a locked row that nobody works on; the caller saves `TOTALS`.
    """
    with connection.cursor() as cursor:
        cursor.execute(_LOST, {"job": job.id})
        cursor.execute(_SUMS, {"job": job.id})
        calls, into, out, cost = cursor.fetchone()
    if calls:
        job.input_tokens, job.output_tokens, job.cost = into, out, cost


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

_LOST = "UPDATE usage_call SET status = 'lost', settled = now() WHERE job = %(job)s AND status = 'reserved'"

_SUMS = """
SELECT count(*), coalesce(sum(input_tokens), 0)::bigint, coalesce(sum(output_tokens), 0)::bigint,
  coalesce(sum(cost), 0)
FROM usage_call WHERE job = %(job)s
"""

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
_MENDED = """
UPDATE jobs_job j SET input_tokens = calls.into, output_tokens = calls.out, cost = calls.cost
FROM (
  SELECT c.job, sum(c.input_tokens) AS into, sum(c.output_tokens) AS out, coalesce(sum(c.cost), 0) AS cost,
    bool_or(c.status = 'reserved') AS open, max(c.settled) AS settled
  FROM usage_call c
  WHERE c.job IN (SELECT id FROM jobs_job WHERE updated > now() - interval '8 days' AND status <> 'running')
  GROUP BY c.job
) calls
WHERE j.id = calls.job AND j.status <> 'running' AND NOT calls.open
  AND (j.input_tokens, j.output_tokens, j.cost) IS DISTINCT FROM (calls.into, calls.out, calls.cost)
RETURNING j.id, calls.settled > greatest(j.updated, j.finished_at) AS late
"""
