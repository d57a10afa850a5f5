"""Tells the broker that there is something to do. It may be away, or forget: the rows know, and beat asks them."""

from typing import Any
from uuid import UUID

import structlog
from celery import current_app
from django.db import connection

from backend.jobs.settings import job_settings

log = structlog.get_logger(__name__)

PUSH = "jobs.push"
STANDING = "schedule"
"""The kind that no worker ever has."""

AT_ONCE = 50
"""Jobs that one look tells of."""


def push(job: UUID, *, kind: str) -> bool:
    """Have a worker look at a job. False: the broker can't be reached."""
    try:
        current_app.send_task(PUSH, args=[str(job)], queue=kind, retry=False)
    except Exception as error:  # noqa: BLE001 - kombu's own, redis's, and sockets'
        log.warning("jobs.not_pushed", job=str(job), error=repr(error))
        return False
    return True


def requeue(*, at_once: bool = False) -> int:
    """Push what waits and nobody has: what was pushed lately only if `at_once`. Returns how many there were."""
    values: dict[str, Any] = {
        "again": 0.0 if at_once else job_settings().again,
        "limit": AT_ONCE,
        "standing": STANDING,
    }
    with connection.cursor() as cursor:
        cursor.execute(_WAITING, values)
        found = cursor.fetchall()
    for job, kind in found:
        if not push(job, kind=kind):
            break
    return len(found)


_WAITING = """
UPDATE jobs_job SET pushed_at = now() WHERE id IN (
  SELECT id FROM jobs_job
  WHERE status IN ('queued', 'running') AND (lease_until IS NULL OR lease_until < now())
    AND kind <> %(standing)s AND (pushed_at IS NULL OR pushed_at <= now() - make_interval(secs => %(again)s))
  ORDER BY pushed_at NULLS FIRST, created LIMIT %(limit)s FOR UPDATE SKIP LOCKED
) RETURNING id, kind
"""
