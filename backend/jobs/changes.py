"""What a change of a job tells its followers. Call these in the transaction of the change, with the row locked."""

from typing import Any, Literal, cast

from django.db import transaction

from backend.core import outbox
from backend.core.sentences import Said, named, text_of
from backend.jobs import pusher
from backend.jobs.events import JobChanged, Log, StatusChanged
from backend.jobs.models import Job
from backend.jobs.rows import job_out
from backend.jobs.schemas import StatusName
from backend.jobs.settings import LOG_LINES


def told(job: Job, *, change: Literal["created", "updated"] = "updated") -> None:
    """`job` is new, or has another status: its own topic and its owner's."""
    if change == "updated":
        event = StatusChanged.model_construct(status=cast("StatusName", job.status), reason=job.reason, error=job.error)
        outbox.publish(row=job, topic=job.topic, type="status", data=event)
    changed = JobChanged.model_construct(id=job.id, change=change, job=job_out(job, brief=True))
    outbox.publish_later(topic=f"user.{job.owner_id}", type="job.changed", data=changed)


def logged(job: Job, said: Said, *, level: Literal["info", "warning", "error"] = "info") -> None:
    """A line of its log; the caller saves `log`."""
    line = Log(level=level, text=text_of(said), **named(said))
    job.log = [*job.log, line.model_dump()][-LOG_LINES:]
    outbox.publish(row=job, topic=job.topic, type="log", data=line)


def progressed(job: Job) -> None:
    """Where it stands, outside of a run."""
    data: dict[str, Any] = {
        "done": job.done,
        "failed": job.failed,
        "total": job.total,
        "rate": 0.0,
        "eta_s": None,
        "cost": float(job.cost),
        "input_tokens": job.input_tokens,
        "output_tokens": job.output_tokens,
        "step": job.step,
        "step_said": job.step_said,
    }
    outbox.publish(row=job, topic=job.topic, type="progress", data=data)


def pushed_on_commit(job: Job) -> None:
    """Tell the broker once it is true."""
    ident, kind = job.id, job.kind
    transaction.on_commit(lambda: pusher.push(ident, kind=kind))
