"""When a schedule comes next, by the clock of its time zone, as beat reckons it."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

DAYS_AHEAD = 4 * 366
"""A 29th of February comes within these."""


def next_time(parts: Sequence[set[int]], *, zone: ZoneInfo, after: datetime) -> datetime | None:
    """The first time after `after` (aware), in UTC. `parts`: minutes, hours, days, months, days of the week (Sunday 0).

    A time that the clock leaves out comes later by as much as the clock is moved; of one that comes twice, the first.
    """
    minutes, hours, days, months, weekdays = parts
    today = after.astimezone(zone).date() - timedelta(days=1)
    for ahead in range(DAYS_AHEAD):
        day = today + timedelta(days=ahead)
        if day.month in months and day.day in days and day.isoweekday() % 7 in weekdays:
            moments = [_moment(day, hour, minute, zone) for hour in sorted(hours) for minute in sorted(minutes)]
            found = min((moment for moment in moments if moment > after), default=None)
            if found is not None:
                return found
    return None


def _moment(day: date, hour: int, minute: int, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(hour, minute), zone).astimezone(UTC)
