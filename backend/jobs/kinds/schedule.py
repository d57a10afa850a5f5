"""The kind `schedule`: another job or a prompt, at times kept in django-celery-beat, by the clock of a time zone.

No worker ever has a schedule: it is `queued` while it stands, and each of its times begins a job of its own. A time
that a change of clocks leaves out comes as much later as the clock was moved; one that comes twice counts once, the
first time.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from celery.schedules import ParseException, crontab_parser
from django_celery_beat.models import CrontabSchedule, PeriodicTask
from pydantic import ValidationError

from backend.accounts.principal import Principal
from backend.core.db import in_thread
from backend.core.errors import AppError, BadRequest
from backend.core.sentences import Sentence, sentence
from backend.jobs.kinds import times
from backend.jobs.kinds.base import Checked, Handle, Kind, Rows, SpecError, Work
from backend.jobs.models import ENDED, STEP, Job, Status
from backend.jobs.schemas import JobCreate, ScheduleSpec
from backend.prompts.use import render

FIRE = "jobs.fire"
_PARTS = (
    ("minute", 60, 0),
    ("hour", 24, 0),
    ("day of the month", 31, 1),
    ("month", 12, 1),
    ("day of the week", 7, 0),
)


class ScheduleKind(Kind):
    """See the module."""

    name = "schedule"
    standing = True

    def __init__(self, kinds: dict[str, Kind]) -> None:
        self._kinds = kinds

    async def check(self, principal: Principal, spec: dict[str, Any]) -> Checked:
        """See `Kind`."""
        try:
            given = ScheduleSpec.model_validate(spec)
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False, include_context=False)[0]
            path = ".".join(["spec", *(str(part) for part in first["loc"])])
            raise BadRequest(f"{path}: {first['msg']}", field=path) from None
        read_cron(given.cron)
        read_zone(given.timezone)
        if given.prompt is not None:
            await render(principal, given.prompt, field="spec.prompt.")
        begun = begins(given)
        inner = self._kinds.get(begun.kind)
        if inner is None or inner.standing:
            raise BadRequest("A schedule is for a job of another kind.", field="spec.job.kind")
        try:
            await in_thread(_tried, inner, await inner.check(principal, begun.spec))
        except AppError as error:
            if given.job is not None:
                error.field = f"spec.job.{error.field}" if error.field else "spec.job"
            raise
        return Checked(spec=given.model_dump(mode="json", exclude_none=True))

    def rows(self, job: Job) -> Rows:
        """None: its jobs have rows. Raises `SpecError` for a schedule that would never come."""
        spec = ScheduleSpec.model_validate(job.spec)
        if next_time(spec) is None:
            raise SpecError(sentence("comes_never", "This time never comes."), field="spec.cron")
        return Rows(iter(()))

    def changed(self, job: Job) -> None:
        """Have beat know it while it stands, and forget it at its end."""
        name = f"Schedule {job.id}"
        if job.status in ENDED:
            PeriodicTask.objects.filter(name=name).delete()
            return
        spec = ScheduleSpec.model_validate(job.spec)
        minute, hour, day, month, weekday = spec.cron.split()
        crontab, _ = CrontabSchedule.objects.get_or_create(
            minute=minute,
            hour=hour,
            day_of_month=day,
            month_of_year=month,
            day_of_week=weekday,
            timezone=spec.timezone,
        )
        PeriodicTask.objects.update_or_create(
            name=name,
            defaults={
                "task": FIRE,
                "args": f'["{job.id}"]',
                "queue": self.name,
                "crontab": crontab,
                "enabled": job.status == Status.QUEUED,
            },
        )
        job.say(said(spec) if job.status == Status.QUEUED else "")
        job.save(update_fields=STEP)

    @asynccontextmanager
    async def open(self, handle: Handle) -> AsyncIterator[Work]:
        """Never: nobody works on a schedule."""
        raise NotImplementedError(f"{handle.job.id} is a schedule")
        yield  # type: ignore[unreachable]


def _tried(inner: Kind, checked: Checked) -> None:
    """Walk the rows that it would begin with. Raises `BadRequest` where there can't be any."""
    if not checked.at_once:
        return
    try:
        for _ in inner.rows(Job(kind=inner.name, spec=checked.spec, source_id=checked.source)).rows:
            pass
    except SpecError as error:
        raise BadRequest(error.message, field=error.field) from error


def begins(spec: ScheduleSpec, *, name: str = "") -> JobCreate:
    """The job that is begun each time, by the schedule's `name` unless it has its own: a prompt is a batch of one row,
    whose columns are its variables.
    """
    if spec.job is not None:
        return spec.job.model_copy(update={"name": spec.job.name or name})
    use = spec.prompt
    assert use is not None
    which = {"id": use.id, "slug": use.slug, "label": use.label, "version": use.version}
    return JobCreate(
        kind="batch",
        name=name or use.slug or "",
        spec={
            "template": {name: str(value) if name == "id" else value for name, value in which.items() if value},
            "rows": [use.variables],
            **({} if spec.model is None else {"model": spec.model}),
        },
    )


def read_cron(cron: str) -> list[set[int]]:
    """The five parts as sets of numbers. Raises `BadRequest` naming the part that is wrong."""
    words = cron.split()
    if len(words) != len(_PARTS):
        message = "Five parts: minute, hour, day of the month, month, day of the week, as in `30 7 * * 1-5`."
        raise BadRequest(message, field="spec.cron")
    found = []
    for word, (part, most, least) in zip(words, _PARTS, strict=True):
        try:
            found.append(crontab_parser(most, least).parse(word))
        except (ParseException, ValueError, KeyError, IndexError) as error:
            message = f"{word[:40]!r} is no {part}."
            raise BadRequest(message, field="spec.cron") from error
    return found


def read_zone(name: str) -> ZoneInfo:
    """Raises `BadRequest`."""
    if name not in available_timezones():
        raise BadRequest("There is no such time zone. Name one as Europe/Berlin.", field="spec.timezone")
    return ZoneInfo(name)


def upcoming(cron: str, timezone: str, *, count: int) -> list[datetime]:
    """The next `count` times, in that zone; fewer where it does not come as often. Raises `BadRequest`."""
    parts, zone = read_cron(cron), read_zone(timezone)
    found: list[datetime] = []
    after = datetime.now(UTC)
    while len(found) < count and (following := times.next_time(parts, zone=zone, after=after)) is not None:
        found.append(following.astimezone(zone))
        after = following
    return found


def next_time(spec: ScheduleSpec, *, after: datetime | None = None) -> datetime | None:
    """When it comes next, in its time zone; None: never."""
    return times.next_time(read_cron(spec.cron), zone=ZoneInfo(spec.timezone), after=after or datetime.now(UTC))


def said(spec: ScheduleSpec) -> Sentence:
    """When it comes next, for people."""
    found = next_time(spec)
    if found is None:
        return sentence("comes_no_more", "It does not come again.")
    shown = found.astimezone(ZoneInfo(spec.timezone)).strftime("%Y-%m-%d %H:%M")
    return sentence("comes_next", "Next at {time} ({timezone}).", time=shown, timezone=spec.timezone)
