"""What happens at a schedule's time: a job like the one that it names, for its owner as the owner is now, on the
account of the key that made the schedule.
"""

from dataclasses import replace
from typing import Any
from uuid import UUID

from django.db import transaction

from backend.accounts.absent import principal_of
from backend.core import db
from backend.core.errors import AppError
from backend.core.sentences import problem_of, reason_of, sentence
from backend.jobs import changes
from backend.jobs.kinds.schedule import begins, said
from backend.jobs.models import STEP, Job, Status
from backend.jobs.schemas import ScheduleSpec
from backend.jobs.services import job_create


async def fire(schedule: UUID, *, key: str) -> bool:
    """Begin its job, once for a `key`. False: it stands no more. What can't be begun is in the schedule's log."""
    found = await db.row("SELECT owner_id, key, name, spec, status FROM jobs_job WHERE id = %(id)s", {"id": schedule})
    if found is None or found["status"] != Status.QUEUED:
        return False
    spec = ScheduleSpec.model_validate(found["spec"])
    try:
        principal = replace(await principal_of(found["owner_id"]), key_id=found["key"])
        data = begins(spec, name=found["name"])
        fields = {"schedule": str(schedule), "key": key}
        made = await job_create(
            principal=principal, data=data, key=f"schedule.{key}", fields=fields, cloned_from=schedule
        )
    except AppError as error:
        await db.in_thread(_noted, schedule, spec, failure=problem_of(error))
    else:
        await db.in_thread(_noted, schedule, spec, made={"job": str(made.id), "name": made.name})
    return True


def _noted(
    schedule: UUID, spec: ScheduleSpec, *, failure: dict[str, Any] | None = None, made: dict[str, Any] | None = None
) -> None:
    with transaction.atomic():
        job = Job.objects.select_for_update(of=("self",)).get(id=schedule)
        if made is not None and job.state.get("last") == made["job"]:
            return  # the same message twice
        job.total += 1
        job.done += made is not None
        job.failed += failure is not None
        job.state = {**job.state, "last": made["job"]} if made is not None else job.state
        job.say(said(spec))
        if failure is None:
            changes.logged(job, sentence("began_job", "Began job {job}.", job=made["job"] if made else ""))
        else:
            told = sentence("not_begun", "Its job could not be begun: {reason}", reason=reason_of(failure))
            changes.logged(job, told, level="error")
        changes.progressed(job)
        job.save(update_fields=["total", "done", "failed", "state", *STEP, "log", "updated"])
