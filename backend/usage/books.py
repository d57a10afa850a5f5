"""Looks over the books: gives up what nobody will settle, and proves that nothing is lost or counted twice.

Features that make calls register what only they know: `sweep` gives up calls whose work is over, `prove` says in
sentences what does not add up.
"""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db import connection, transaction

from backend.usage.models import Call, CallStatus, Reconciliation

PROVEN_DAYS = 35
MOST_PROBLEMS = 100


@dataclass(frozen=True, slots=True)
class Ledgered:
    """A feature that makes calls. Both functions run in a thread of the ORM, each in a transaction of its own."""

    name: str
    sweep: Callable[[], int]
    prove: Callable[[], list[str]]


_features: dict[str, Ledgered] = {}


def register(feature: Ledgered) -> None:
    """Called once, when an app is ready."""
    _features[feature.name] = feature


def sweep() -> int:
    """Give up calls that nobody will settle; they keep what was reserved as their estimate. Returns how many."""
    lost = _execute(_ABANDONED)
    for feature in _features.values():
        with transaction.atomic():
            lost += feature.sweep()
    return lost


def reconcile() -> Reconciliation:
    """Sweep, then compare budgets, roll-ups and each feature's own books with the ledger; budgets are mended."""
    lost = sweep()
    problems = [*_budgets(), *_days(), *_months()]
    for feature in _features.values():
        with transaction.atomic():
            problems += feature.prove()
    return Reconciliation.objects.create(
        calls=Call.objects.count(),
        open_calls=Call.objects.filter(status=CallStatus.RESERVED).count(),
        lost=lost,
        problems=problems[:MOST_PROBLEMS],
    )


def _budgets() -> list[str]:
    """What is counted of each budget, against the ledger. The row's lock keeps new calls out while it is looked at."""
    problems = []
    for ident in _column("SELECT id FROM usage_spend WHERE start >= now() - interval '32 days' ORDER BY id"):
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT used FROM usage_spend WHERE id = %s FOR UPDATE", [ident])
            row = cursor.fetchone()
            if row is None:
                continue
            cursor.execute(_SPENT, [ident])
            spent: Decimal = cursor.fetchone()[0]
            if spent != row[0]:
                cursor.execute("UPDATE usage_spend SET used = %s WHERE id = %s", [spent, ident])
                problems.append(f"A budget's count was {row[0]:f} and is {spent:f} by the ledger (spend {ident}).")
    return problems


def _days() -> list[str]:
    """Rolled days that do not add up are rolled again."""
    days = _column(_WRONG_DAYS, [PROVEN_DAYS])
    if days:
        _execute("UPDATE usage_rolledday SET stale = true WHERE day = ANY(%s)", [days])
    return [f"The roll-up of {day} was not what the ledger has." for day in days]


def _months() -> list[str]:
    return [
        f"The roll-up of the month from {month} on says other sums than its days." for month in _column(_WRONG_MONTHS)
    ]


def _column(statement: str, values: list[Any] | None = None) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return [row[0] for row in cursor.fetchall()]


def _execute(statement: str, values: list[Any] | None = None) -> int:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return int(cursor.rowcount)


# Side calls have half a minute, calls of /v1 last as long as their client stays; one that is settled after this is, all
# the same. What belongs to an answer or a job is theirs to give up, at the latest after a day.
_ABANDONED = """
UPDATE usage_call SET status = 'lost', settled = now()
WHERE status = 'reserved' AND created < now() - CASE WHEN purpose IN ('title', 'search') THEN interval '10 minutes'
  WHEN purpose = 'v1' AND generation IS NULL THEN interval '2 hours' ELSE interval '25 hours' END
"""

_SPENT = """
SELECT usage_spent(b, s.subject, s.start) FROM usage_spend s JOIN usage_budget b ON b.id = s.budget_id WHERE s.id = %s
"""

_WRONG_DAYS = """
WITH days AS (
  SELECT day FROM usage_rolledday WHERE NOT stale AND day >= current_date - %s::int
), ledger AS (
  SELECT (created AT TIME ZONE 'UTC')::date AS day, count(*) AS calls, sum(input_tokens + output_tokens) AS tokens,
    coalesce(sum(cost), 0) AS cost
  FROM usage_call
  WHERE status <> 'reserved' AND created >= (SELECT min(day) FROM days)::timestamp AT TIME ZONE 'UTC'
  GROUP BY 1
), rolled AS (
  SELECT day, cut, sum(calls) AS calls, sum(input_tokens + output_tokens) AS tokens, sum(cost) AS cost
  FROM usage_usageday WHERE cut IN ('day', 'all') AND day IN (SELECT day FROM days) GROUP BY day, cut
)
SELECT DISTINCT days.day FROM days CROSS JOIN (VALUES ('day'), ('all')) AS c(cut)
LEFT JOIN ledger ON ledger.day = days.day LEFT JOIN rolled ON rolled.day = days.day AND rolled.cut = c.cut
WHERE (ledger.calls, ledger.tokens, ledger.cost) IS DISTINCT FROM (rolled.calls, rolled.tokens, rolled.cost)
ORDER BY 1
"""

_WRONG_MONTHS = """
WITH months AS (
  SELECT day AS month, substr(cut, 3) AS cut, sum(calls) AS calls, sum(input_tokens + output_tokens) AS tokens,
    sum(cost) AS cost
  FROM usage_usageday WHERE cut IN ('m:day', 'm:all') AND day >= current_date - 100 GROUP BY day, cut
)
SELECT DISTINCT m.month FROM months m LEFT JOIN LATERAL (
  SELECT sum(u.calls) AS calls, sum(u.input_tokens + u.output_tokens) AS tokens, sum(u.cost) AS cost
  FROM usage_usageday u WHERE u.cut = m.cut AND u.day >= m.month AND u.day < m.month + interval '1 month'
) days ON true
WHERE (m.calls, m.tokens, m.cost) IS DISTINCT FROM (days.calls, days.tokens, days.cost) ORDER BY 1
"""
