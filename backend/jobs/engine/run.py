"""One worker's work on one job, from the claim to its end, a pause, or a hand-over."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Any
from uuid import UUID

import structlog

from backend.core import db
from backend.core.errors import AppError, Unavailable
from backend.core.sentences import problem, problem_of, went_wrong
from backend.jobs import pusher
from backend.jobs.engine import begun, lease
from backend.jobs.engine.lease import Place
from backend.jobs.engine.loop import Fenced, Loop
from backend.jobs.engine.making import make_rows
from backend.jobs.kinds import kind_of
from backend.jobs.kinds.base import Kind, SpecError
from backend.jobs.models import Job, Status
from backend.jobs.settings import JobSettings, job_settings
from realtime.tasks import end

log = structlog.get_logger(__name__)


async def run_job(
    job: UUID,
    *,
    place: Place,
    settings: JobSettings | None = None,
    stopping: Callable[[], bool] = lambda: False,
) -> bool:
    """Push a job along as far as it goes. False: there was nothing to do here. Raises `Unavailable`."""
    chosen = settings or job_settings()
    row = await db.row("SELECT kind FROM jobs_job WHERE id = %(id)s", {"id": job})
    if row is None:
        return False
    kind = kind_of(row["kind"])
    found = await db.in_thread(lease.claim, job=job, place=place, lease=chosen.lease, long=kind.long)
    if found is None:
        return False
    try:
        with begun.marking(found.id):
            await _run(found, kind, chosen, stopping, place)
    except Fenced:
        log.warning("jobs.fenced", job=str(job), fence=found.fence)
    finally:
        with suppress(Unavailable):
            await db.in_thread(pusher.requeue, at_once=True)
    return True


async def _run(job: Job, kind: Kind, settings: JobSettings, stopping: Callable[[], bool], place: Place) -> None:
    try:
        if not job.ready:
            await _prepare(job, kind, settings)
        await Loop(job, kind, settings, stopping, place).run()
    except (Fenced, Unavailable):
        raise
    except SpecError as error:
        await _fail(job, error.plain(), reason="refused")
    except AppError as error:
        await _fail(job, problem_of(error))
    except Exception as error:
        log.exception("jobs.failed", job=str(job.id))
        await _fail(job, problem("internal", went_wrong(error)))


async def _fail(job: Job, error: dict[str, Any], *, reason: str = "dead") -> None:
    await db.in_thread(lease.end, job=job, status=Status.FAILED, reason=reason, error=error)


async def _prepare(job: Job, kind: Kind, settings: JobSettings) -> None:
    """Make the rows, however long that takes."""
    renewing = asyncio.create_task(_renew(job, settings))
    try:
        if not await db.in_thread(make_rows, job=job, kind=kind):
            raise Fenced
    finally:
        await end(renewing)


async def _renew(job: Job, settings: JobSettings) -> None:
    while True:
        with suppress(Unavailable):
            await db.row(_RENEW, {"id": job.id, "fence": job.fence, "lease": settings.lease})
        await asyncio.sleep(settings.renew)


_RENEW = """
UPDATE jobs_job SET lease_until = now() + make_interval(secs => %(lease)s) WHERE id = %(id)s AND fence = %(fence)s
RETURNING id
"""
