"""The day's maintenance, as a job that administrators can see; where there is none of them yet, without one."""

import structlog
from django.db import connection, transaction

from backend.accounts.models import Role, User
from backend.jobs.access import MAINTENANCE
from backend.jobs.changes import pushed_on_commit, told
from backend.jobs.engine.making import make_rows
from backend.jobs.kinds import kind_of
from backend.jobs.models import WAITING, Job
from backend.jobs.upkeep import STEPS

log = structlog.get_logger(__name__)


def begin() -> Job | None:
    """Begin it, unless one is under way or was begun within half a day. None: there is none to follow."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended('jobs.maintain', 0))")
        cursor.execute(_LATELY, [list(WAITING)])
        if cursor.fetchone()[0]:
            return None
        admin = User.objects.filter(role=Role.ADMIN, is_active=True).order_by("created", "id").first()
        if admin is not None:
            spec = {"dry_run": False, "steps": None}
            job = Job.objects.create(owner=admin, kind=MAINTENANCE, name="Daily maintenance", spec=spec)
            job.refresh_from_db()
            make_rows(job=job, kind=kind_of(MAINTENANCE))
            told(job, change="created")
            pushed_on_commit(job)
            return job
    for step in STEPS.values():
        log.info("maintenance", step=step.name, said=step.run(dry=False).text)
    return None


_LATELY = """
SELECT EXISTS (SELECT 1 FROM jobs_job WHERE kind = 'maintenance' AND NOT coalesce((spec ->> 'dry_run')::bool, false)
  AND (status = ANY(%s) OR created > now() - interval '12 hours'))
"""
