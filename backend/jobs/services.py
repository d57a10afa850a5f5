"""What people do with jobs: make, pause, resume, cancel, retry, clone. Each is one transaction."""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from backend.accounts.permissions import Owned, require
from backend.accounts.principal import Principal
from backend.core.db import in_thread
from backend.core.errors import BadRequest, Conflict, NotFound
from backend.core.idempotency import run_once
from backend.core.sentences import Said, sentence
from backend.jobs import changes
from backend.jobs.access import thing_of
from backend.jobs.engine.lease import settle
from backend.jobs.engine.making import make_rows
from backend.jobs.kinds import kind_of
from backend.jobs.kinds.base import Checked, Kind, SpecError
from backend.jobs.models import ENDED, STEP, Job, Status
from backend.jobs.rows import job_out, shown_spec
from backend.jobs.schemas import JobClone, JobCreate, JobOut


async def job_create(
    *,
    principal: Principal,
    data: JobCreate,
    key: str | None = None,
    fields: Mapping[str, Any] | None = None,
    cloned_from: UUID | None = None,
) -> JobOut:
    """Check the spec and store the job; the broker is told on commit. Raises what the kind does, naming the field."""
    require(principal, "write", Owned("job", principal.user_id))
    kind = kind_of(data.kind)
    checked = await kind.check(principal, data.spec)

    def make() -> dict[str, Any]:
        return job_out(_make(principal, data, kind, checked, cloned_from)).model_dump(mode="json")

    return await in_thread(_once, principal, key, fields or {}, make)


async def job_clone(
    *, principal: Principal, job: UUID, data: JobClone, key: str | None = None, fields: Mapping[str, Any] | None = None
) -> JobOut:
    """Make a job like this one. Raises as `job_create`."""
    found = await in_thread(_readable, principal, job)
    own = shown_spec(found.spec)
    for one, other in (("model", "models"), ("file", "rows"), ("rows", "file")):
        if one in data.spec:
            own.pop(other, None)
    spec = {**own, **data.spec}
    name = found.name if data.name is None else data.name
    create = JobCreate(kind=found.kind, name=name, spec=spec)
    return await job_create(principal=principal, data=create, key=key, fields=fields, cloned_from=found.id)


def job_pause(*, principal: Principal, job: UUID) -> JobOut:
    """What is under way ends, nothing new is begun. Raises `Conflict` for a job that has ended."""

    def pause(found: Job) -> None:
        if found.status in ENDED:
            raise Conflict("This job has ended.")
        if found.status == Status.PAUSED:
            if found.reason:  # It stays paused, also when what stopped it is over.
                settle(found, status=Status.PAUSED)
        elif found.wanted != "cancel":
            _want(found, "pause", Status.PAUSED)

    return _changed(principal, job, pause)


def job_cancel(*, principal: Principal, job: UUID) -> JobOut:
    """End it where it stands: what is under way is broken off. Nothing happens to one that has ended."""

    def cancel(found: Job) -> None:
        if found.status not in ENDED:
            _want(found, "cancel", Status.CANCELLED)

    return _changed(principal, job, cancel)


def job_resume(*, principal: Principal, job: UUID, cost_cap: float | None = None) -> JobOut:
    """Go on. Raises `Conflict` for a job that is not paused."""

    def resume(found: Job) -> None:
        if found.wanted == "pause":
            if cost_cap is not None:
                raise Conflict("This job is about to pause. Raise its cap once it stands still.")
            found.wanted = ""
            found.save(update_fields=["wanted"])
            changes.told(found)
            return
        if found.status in ENDED:
            raise Conflict("This job has ended. Retry its failed rows, or clone it.")
        if found.status != Status.PAUSED:
            raise Conflict("This job is not paused.")
        if cost_cap is not None:
            found.cost_cap = _cap(found, cost_cap)
        queue_again(found, sentence("resumed", "Resumed."))

    return _changed(principal, job, resume)


def job_retry(*, principal: Principal, job: UUID) -> JobOut:
    """Do the failed rows again, and what a cancel or a failure left. Raises `Conflict` where there is nothing."""

    def retry(found: Job) -> None:
        if found.status not in ENDED:
            raise Conflict("This job has not ended.")
        with connection.cursor() as cursor:
            cursor.execute(_AGAIN, [found.id])
            again = [bool(row[0]) for row in cursor.fetchall()]
        left = found.rows.filter(status="pending").exists()
        if not again and not left and found.ready:
            raise Conflict("There is no row to do again.")
        found.failed -= sum(again)
        found.cursor, found.idle_claims = 0, 0
        rows = "1 row is done again." if len(again) == 1 else "{count} rows are done again."
        said = sentence("rows_again", rows, count=len(again)) if again else sentence("begun_again", "Begun again.")
        queue_again(found, said)

    return _changed(principal, job, retry)


def _once(
    principal: Principal, key: str | None, fields: Mapping[str, Any], work: Callable[[], dict[str, Any]]
) -> JobOut:
    try:
        if key is None:
            with transaction.atomic():
                reply = work()
        else:
            reply, _ = run_once(user_id=principal.user_id, key=key, fields=fields, work=work)
    except SpecError as error:
        raise BadRequest(error.message, field=error.field) from error
    return JobOut.model_validate(reply)


def _make(principal: Principal, data: JobCreate, kind: Kind, checked: Checked, cloned_from: UUID | None) -> Job:
    job = Job.objects.create(
        owner_id=principal.user_id,
        kind=kind.name,
        name=data.name,
        spec=checked.spec,
        source_id=checked.source,
        cost_cap=checked.cost_cap,
        cloned_from=cloned_from,
        team=principal.team_ids[0] if principal.team_ids else None,
        key=principal.key_id,
    )
    if not checked.at_once:
        job.say(sentence("waiting_read", "Waiting to be read."))
        job.save(update_fields=STEP)
    job.refresh_from_db()
    if checked.at_once:
        make_rows(job=job, kind=kind)
    kind.changed(job)
    changes.told(job, change="created")
    if not kind.standing:
        changes.pushed_on_commit(job)
    return job


def _changed(principal: Principal, job: UUID, change: Callable[[Job], None]) -> JobOut:
    with transaction.atomic():
        found = Job.objects.select_for_update(of=("self",)).filter(id=job).first()
        if found is None:
            raise NotFound
        require(principal, "write", thing_of(kind=found.kind, owner=found.owner_id))
        change(found)
        kind_of(found.kind).changed(found)
        return job_out(found)


def _readable(principal: Principal, job: UUID) -> Job:
    found = Job.objects.filter(id=job).first()
    if found is None:
        raise NotFound
    require(principal, "read", thing_of(kind=found.kind, owner=found.owner_id))
    return found


def _want(found: Job, wanted: str, status: Status) -> None:
    """Ask the worker that has it, or do it where nobody has."""
    if found.status == Status.RUNNING:
        with connection.cursor() as cursor:
            cursor.execute("SELECT lease_until > now() FROM jobs_job WHERE id = %s", [found.id])
            held = cursor.fetchone()[0]
        if held:
            found.wanted = wanted
            found.save(update_fields=["wanted"])
            changes.told(found)
            return
    found.fence += 1
    found.save(update_fields=["fence"])
    settle(found, status=status)


def queue_again(found: Job, said: Said) -> None:
    """Have a locked job that stands still go on, for the reason that its log is told."""
    found.status, found.reason, found.error, found.wanted = Status.QUEUED, "", None, ""
    found.say("")
    found.lease_owner, found.lease_until, found.finished_at, found.pushed_at = "", None, None, None
    changes.logged(found, said)
    changes.progressed(found)
    found.save(
        update_fields=[
            *("status", "reason", "error", "wanted", *STEP, "lease_owner", "lease_until", "finished_at"),
            *("pushed_at", "cursor", "idle_claims", "failed", "cost_cap", "log"),
        ]
    )
    changes.told(found)
    if not kind_of(found.kind).standing:
        changes.pushed_on_commit(found)


def _cap(found: Job, given: float) -> Decimal:
    cap = Decimal(str(given))
    if found.reserve is not None and cap < found.cost + found.reserve:
        raise BadRequest("This cap leaves nothing for another row.", field="cost_cap")
    return cap


_AGAIN = """
UPDATE jobs_jobrow r SET status = 'pending', error = NULL, output = '', usage = NULL, finished_at = NULL,
  lost = 0
FROM (SELECT id, status = 'failed' AS failed FROM jobs_jobrow
  WHERE job_id = %s AND input IS NOT NULL AND status IN ('failed', 'cancelled')) before
WHERE r.id = before.id AND (r.error IS NULL OR NOT r.error ? 'line') RETURNING before.failed
"""
