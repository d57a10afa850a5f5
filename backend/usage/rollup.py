"""Adds up whole days of the ledger, so that a report over a year reads a few thousand rows.

Each `cut` has rows that differ in some columns only; a report reads the narrowest one that has what it asks for. Days
are rolled in their order, so all days before the last one are there; a late settlement has its day rolled again. Months
that are over are added up from their days, in the same transaction.
"""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

from django.db import connection, transaction

from backend.usage.models import RolledDay

LOCK = 0x75736167
BATCH_DAYS = 31

DIMENSIONS = ("user_id", "team_id", "key_id", "template", "provider", "model", "purpose")

CUTS: dict[str, tuple[str, ...]] = {
    "day": (),
    "model": ("provider", "model"),
    "team": ("team_id",),
    "template": ("template",),
    "user": ("user_id",),
    "key": ("key_id",),
    "person": ("user_id", "provider", "model"),
    "all": DIMENSIONS,
}
"""From narrow to wide."""

MEASURES: dict[str, str] = {
    "calls": "count(*)",
    "errors": "count(*) FILTER (WHERE error <> '')",
    "estimated": "count(*) FILTER (WHERE status IN ('estimated', 'lost'))",
    "input_tokens": "sum(input_tokens)",
    "output_tokens": "sum(output_tokens)",
    "cached_tokens": "sum(cached_tokens)",
    "reasoning_tokens": "sum(reasoning_tokens)",
    "searches": "count(*) FILTER (WHERE purpose = 'search' AND status <> 'released')",
    "credits": "sum(credits)",
    "cost": "coalesce(sum(cost), 0)",
    "unpriced": "count(*) FILTER (WHERE cost IS NULL AND status <> 'released')",
    "timed_calls": "count(first_token_ms)",
    "first_ms": "coalesce(sum(first_token_ms), 0)",
    "written_tokens": "coalesce(sum(output_tokens) FILTER (WHERE duration_ms > first_token_ms), 0)",
    "written_ms": "coalesce(sum(duration_ms - first_token_ms) FILTER (WHERE duration_ms > first_token_ms), 0)",
}
"""A column of the roll-up, and how it is made from the ledger."""


def days_roll(*, today: date | None = None) -> int:
    """Roll the days before `today` (of UTC) that are not there yet or are stale; how many there were."""
    today = today or datetime.now(UTC).date()
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
        due = _due(today)
        for first in range(0, len(due), BATCH_DAYS):
            _roll(due[first : first + BATCH_DAYS])
        cursor.execute(_MONTHS, {"days": due, "today": today})
        if months := [row[0] for row in cursor.fetchall()]:
            cursor.execute("DELETE FROM usage_usageday WHERE cut LIKE 'm:%%' AND day = ANY(%s)", [months])
            cursor.execute(_ROLL_MONTHS, {"months": months})
    return len(due)


def _due(today: date) -> list[date]:
    stale = list(RolledDay.objects.filter(stale=True, day__lt=today).values_list("day", flat=True))
    with connection.cursor() as cursor:
        cursor.execute(_MISSED, {"since": today - timedelta(days=2)})
        stale += [row[0] for row in cursor.fetchall()]
    last = RolledDay.objects.order_by("-day").values_list("day", flat=True).first()
    if last is None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT (min(created) AT TIME ZONE 'UTC')::date FROM usage_call")
            begin = cursor.fetchone()[0] or today - timedelta(days=1)
    else:
        begin = last + timedelta(days=1)
    return sorted(stale) + [begin + timedelta(days=number) for number in range((today - begin).days)]


def _roll(days: Sequence[date]) -> None:
    """The marks go first: a settlement that comes meanwhile waits for this, and then makes its day stale."""
    values: dict[str, Any] = {"days": list(days), "first": days[0], "last": days[-1]}
    with connection.cursor() as cursor:
        cursor.execute(_MARK, values)
        cursor.execute("DELETE FROM usage_usageday WHERE day = ANY(%(days)s)", values)
        cursor.execute(_ROLL, values)


def _sets() -> str:
    return ", ".join(f"({', '.join(('day', *columns))})" for columns in CUTS.values())


def _cut() -> str:
    """The name of the grouping set that a row belongs to, by which columns it was grouped by."""
    masks = []
    for name, columns in CUTS.items():
        mask = sum(1 << place for place, column in enumerate(reversed(DIMENSIONS)) if column not in columns)
        masks.append(f"WHEN {mask} THEN '{name}'")
    return f"CASE grouping({', '.join(DIMENSIONS)}) {' '.join(masks)} END"


# A settlement under way while its day was rolled for the first time found no mark to make stale.
_MISSED = """
SELECT r.day FROM usage_rolledday r WHERE r.day >= %(since)s AND NOT r.stale AND EXISTS (
  SELECT 1 FROM usage_call c
  WHERE c.created >= r.day::timestamp AT TIME ZONE 'UTC' AND c.created < (r.day + 1)::timestamp AT TIME ZONE 'UTC'
    AND c.settled >= r.rolled - interval '1 minute'
)
"""

_MARK = """
INSERT INTO usage_rolledday (day, rolled, stale) SELECT d, now(), false FROM unnest(%(days)s::date[]) AS d
ON CONFLICT (day) DO UPDATE SET rolled = now(), stale = false
"""

MONTH = "m:"
"""Before the names of cuts whose rows are months."""

# Of rolled days, or with days but never added up, and over.
_MONTHS = """
SELECT month FROM (
  SELECT date_trunc('month', d)::date AS month FROM unnest(%(days)s::date[]) AS d
  UNION
  SELECT date_trunc('month', u.day)::date FROM usage_usageday u WHERE u.cut = 'day' AND NOT EXISTS (
    SELECT 1 FROM usage_usageday m WHERE m.cut = 'm:day' AND m.day = date_trunc('month', u.day)::date)
) due WHERE month + interval '1 month' <= %(today)s
"""

_ROLL_MONTHS = f"""
INSERT INTO usage_usageday (day, cut, {", ".join(DIMENSIONS)}, {", ".join(MEASURES)})
SELECT month, '{MONTH}' || cut, {", ".join(DIMENSIONS)}, {", ".join(f"sum({name})" for name in MEASURES)}
FROM unnest(%(months)s::date[]) AS month
JOIN usage_usageday u ON u.day >= month AND u.day < month + interval '1 month' AND u.cut NOT LIKE 'm:%%'
GROUP BY month, cut, {", ".join(DIMENSIONS)}
"""  # noqa: S608

_ROLL = f"""
INSERT INTO usage_usageday (day, cut, {", ".join(DIMENSIONS)}, {", ".join(MEASURES)})
SELECT day, {_cut()}, {", ".join(DIMENSIONS)}, {", ".join(MEASURES.values())}
FROM (
  SELECT (created AT TIME ZONE 'UTC')::date AS day, * FROM usage_call
  WHERE created >= (%(first)s::date)::timestamp AT TIME ZONE 'UTC'
    AND created < (%(last)s::date + 1)::timestamp AT TIME ZONE 'UTC' AND status <> 'reserved'
) c
WHERE day = ANY(%(days)s::date[])
GROUP BY GROUPING SETS ({_sets()})
"""  # noqa: S608
