"""What Celery runs. A task only pushes along what the rows say; told twice or never, the result is the same."""

from uuid import UUID

from celery import Task, shared_task

from backend.jobs import daily, files, pusher, room, schedules, worker
from backend.jobs.engine import run_job
from backend.jobs.kinds.schedule import FIRE


@shared_task(name=pusher.PUSH, acks_late=True, reject_on_worker_lost=True, ignore_result=True)
def push(job: str) -> None:
    """Work on a job, if it still waits."""
    worker.run(run_job(UUID(job), place=worker.place(), stopping=worker.stopping))


@shared_task(name=FIRE, bind=True, acks_late=True, reject_on_worker_lost=True, ignore_result=True)
def fire(self: "Task[[str], None]", job: str) -> None:
    """A schedule's time has come. The same message twice begins one job."""
    worker.run(schedules.fire(UUID(job), key=str(self.request.id)))


@shared_task(name="jobs.requeue", ignore_result=True)
def requeue() -> None:
    """Tell the broker of jobs that wait and that it has forgotten; beat asks for this every few seconds."""
    pusher.requeue()


@shared_task(name="jobs.resume", ignore_result=True)
def resume() -> None:
    """Go on with jobs whose budget has room again; beat asks for this each minute."""
    room.resume()


@shared_task(name="jobs.maintain", ignore_result=True)
def maintain() -> None:
    """Begin the day's maintenance; beat asks for this once a day."""
    daily.begin()


@shared_task(name="jobs.clean", ignore_result=True)
def clean() -> None:
    """Remove what uploads have left behind; beat asks for this once an hour."""
    files.clean()
