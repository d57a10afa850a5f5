"""When a schedule comes next: the same as beat reckons it, changes of clocks included."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django_celery_beat.tzcrontab import TzAwareCrontab

from backend.core.errors import BadRequest
from backend.jobs.kinds.schedule import read_cron
from backend.jobs.kinds.times import next_time

BERLIN = ZoneInfo("Europe/Berlin")


def following(cron: str, after: datetime, count: int) -> list[datetime]:
    found = []
    for _ in range(count):
        moment = next_time(read_cron(cron), zone=BERLIN, after=after)
        assert moment is not None
        found.append(moment)
        after = moment
    return found


def fired(cron: str, start: datetime, count: int) -> list[datetime]:
    """What beat does, looking every minute."""
    names = ("minute", "hour", "day_of_month", "month_of_year", "day_of_week")
    entry = TzAwareCrontab(tz=BERLIN, **dict(zip(names, cron.split(), strict=True)))
    now = last = start
    setattr(entry, "nowfun", lambda: now.astimezone(BERLIN))  # noqa: B010 - its own name for it, unknown to its types
    found: list[datetime] = []
    while len(found) < count:
        now += timedelta(minutes=1)
        if entry.is_due(last)[0]:
            found.append(now)
            last = now
    return found


@pytest.mark.parametrize(
    ("cron", "start"),
    [
        ("30 2 * * *", datetime(2026, 3, 28, 0, 0, tzinfo=UTC)),
        ("30 2 * * *", datetime(2026, 10, 24, 0, 0, tzinfo=UTC)),
        ("0 9 * * 1-5", datetime(2026, 3, 27, 12, 0, tzinfo=UTC)),
    ],
)
def test_gaps_and_doubled_hours_are_reckoned_as_beat_does(cron: str, start: datetime):
    assert following(cron, start, 3) == fired(cron, start, 3)


def test_a_time_in_the_gap_comes_an_hour_later_by_the_clock_and_a_doubled_one_once():
    spring = following("30 2 * * *", datetime(2026, 3, 28, 12, 0, tzinfo=UTC), 2)
    assert [moment.astimezone(BERLIN).strftime("%d %H:%M") for moment in spring] == ["29 03:30", "30 02:30"]
    autumn = following("30 2 * * *", datetime(2026, 10, 24, 12, 0, tzinfo=UTC), 2)
    assert [moment.isoformat() for moment in autumn] == ["2026-10-25T00:30:00+00:00", "2026-10-26T01:30:00+00:00"]


def test_a_leap_day_comes_and_a_day_that_no_month_has_never_does():
    [leap] = following("0 0 29 2 *", datetime(2026, 1, 1, tzinfo=UTC), 1)
    assert leap.astimezone(BERLIN).strftime("%Y-%m-%d") == "2028-02-29"
    assert next_time(read_cron("0 0 31 2 *"), zone=BERLIN, after=datetime(2026, 1, 1, tzinfo=UTC)) is None


@pytest.mark.parametrize(
    ("cron", "part"),
    [("60 * * * *", "minute"), ("* 24 * * *", "hour"), ("* * 0 * *", "day of the month"), ("x * * * *", "minute")],
)
def test_a_part_that_can_not_be_is_named(cron: str, part: str):
    with pytest.raises(BadRequest, match=part) as caught:
        read_cron(cron)
    assert caught.value.field == "spec.cron"
