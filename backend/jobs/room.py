"""Jobs that a spent budget has paused go on by themselves once it has room: raised, removed, or begun anew.

What a job waits for stands in its `error`, as the ledger refused it. A person who pauses or cancels such a job has the
last word: it is none of these any more.
"""

from uuid import UUID

import structlog
from django.db import connection, transaction

from backend.core.sentences import sentence
from backend.jobs.kinds import kind_of
from backend.jobs.models import Job, Status
from backend.jobs.services import queue_again

log = structlog.get_logger(__name__)

REASON = "quota_exceeded"
AT_ONCE = 50
SAID = sentence("room_again", "The budget has room again; the job goes on.")


def resume() -> int:
    """Queue the jobs whose budget has room for what was refused; how many. Those that waited longest are the first."""
    with connection.cursor() as cursor:
        cursor.execute(_ROOM, {"reason": REASON, "limit": AT_ONCE})
        ready = [row[0] for row in cursor.fetchall()]
    return sum(_resume(job) for job in ready)


def _resume(job: UUID) -> bool:
    with transaction.atomic():
        waiting = Job.objects.select_for_update(of=("self",), skip_locked=True)
        found = waiting.filter(id=job, status=Status.PAUSED, reason=REASON).first()
        if found is None:
            return False
        queue_again(found, SAID)
        kind_of(found.kind).changed(found)
    log.info("jobs.resumed", job=str(job), reason=REASON)
    return True


# A job of before its budget was noted goes on with the next day.
_ROOM = """
SELECT j.id FROM jobs_job j
WHERE j.status = 'paused' AND j.reason = %(reason)s AND NOT coalesce((
  SELECT b.enabled AND date_trunc(b.period, now(), 'UTC') = w.start
    AND coalesce(s.used, usage_spent(b, w.subject, w.start)) + w.amount > b.most
  FROM jsonb_to_record(j.error -> 'budget') AS w(id uuid, subject uuid, start timestamptz, amount numeric)
  JOIN usage_budget b ON b.id = w.id
  LEFT JOIN usage_spend s ON s.budget_id = b.id AND s.subject = w.subject AND s.start = w.start
), NOT j.error ? 'budget' AND j.updated >= date_trunc('day', now(), 'UTC'))
ORDER BY j.updated, j.id LIMIT %(limit)s
"""
