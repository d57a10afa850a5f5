"""Budgets: who sets them, and how much of each is used. What is spent is counted by the ledger's triggers."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.contrib.auth import get_user_model
from django.db import transaction

from backend.accounts.models import ApiKey, Team
from backend.accounts.principal import Principal
from backend.core import db
from backend.core.errors import BadRequest, NotFound
from backend.usage.models import Budget, Spend
from backend.usage.reports import names_of
from backend.usage.schemas import BudgetChange, BudgetNew, BudgetOut

NIL = UUID(int=0)


@transaction.atomic
def budget_create(*, data: BudgetNew) -> UUID:
    """Set a budget; what was spent in its period already counts. Raises `BadRequest`."""
    if data.scope == "everybody" and data.subject is not None:
        raise BadRequest("A budget for everybody has no subject.", field="subject")
    subjects: dict[str, Any] = {"user": get_user_model(), "team": Team, "key": ApiKey}
    if data.subject is not None and not subjects[data.scope].objects.filter(id=data.subject).exists():
        raise BadRequest(f"There is no such {data.scope}.", field="subject")
    fields = data.model_dump(exclude={"limit"})
    return Budget.objects.create(**fields, most=Decimal(str(data.limit))).id


@transaction.atomic
def budget_update(*, budget: UUID, data: BudgetChange) -> None:
    """Change a budget. Raises `NotFound`."""
    row = Budget.objects.select_for_update().filter(id=budget).first()
    if row is None:
        raise NotFound
    given = {name: value for name, value in data.model_dump(exclude_unset=True).items() if value is not None}
    if "limit" in given:
        row.most = Decimal(str(given.pop("limit")))
    for name, value in given.items():
        setattr(row, name, value)
    row.save()


def budget_delete(*, budget: UUID) -> None:
    """Remove a budget. Raises `NotFound`."""
    if not Budget.objects.filter(id=budget).delete()[0]:
        raise NotFound


def recount(*, instance: Budget, **_: Any) -> None:
    """A budget that was saved is counted anew from the ledger at its next call, and warns anew."""
    Spend.objects.filter(budget=instance).delete()


async def own(principal: Principal) -> list[BudgetOut]:
    """The budgets that limit the caller, each as it stands for them."""
    keys = [row["id"] for row in await db.rows(_KEYS, {"user": principal.user_id})]
    values = {"user": principal.user_id, "teams": list(principal.team_ids), "keys": keys, "nil": NIL}
    return await _shown(await db.rows(_OWN, values))


async def every() -> list[BudgetOut]:
    """All budgets: those for each one by itself with everyone who used some of them."""
    return await _shown(await db.rows(_EVERY, {"nil": NIL}))


async def _shown(rows: Sequence[dict[str, Any]]) -> list[BudgetOut]:
    names: dict[UUID, str] = {}
    for kind in ("user", "team", "key"):
        names |= await names_of(kind, [row["subject"] for row in rows if row["scope"] == kind and row["subject"]])
    return [_budget(row, names) for row in rows]


def _budget(row: dict[str, Any], names: dict[UUID, str]) -> BudgetOut:
    limit, used, start = float(row["most"]), float(row["used"]), row["start"]
    subject = None if row["subject"] == NIL else row["subject"]
    return BudgetOut(
        id=row["id"],
        name=row["name"],
        scope=row["scope"],
        subject=subject,
        subject_name=names.get(subject) if subject else None,
        each=row["each"],
        period=row["period"],
        measure=row["measure"],
        limit=limit,
        used=used,
        percent=round(used / limit * 100, 1) if limit else 100.0,
        enabled=row["enabled"],
        start=start,
        resets=_next(start, row["period"]),
    )


def _next(start: datetime, period: str) -> datetime:
    return start + timedelta(days=1) if period == "day" else (start + timedelta(days=32)).replace(day=1)


_KEYS = "SELECT id FROM accounts_apikey WHERE user_id = %(user)s AND revoked IS NULL ORDER BY id LIMIT 100"

_SHOWN = """b.id, b.name, b.scope, b.period, b.measure, b.most, b.enabled, s.subject, p.start,
  b.subject IS NULL AND b.scope <> 'everybody' AS each"""

_OWN = f"""
SELECT {_SHOWN}, coalesce(spend.used, usage_spent(b, s.subject, p.start)) AS used
FROM usage_budget b
CROSS JOIN LATERAL unnest(CASE b.scope WHEN 'user' THEN ARRAY[%(user)s::uuid] WHEN 'team' THEN %(teams)s::uuid[]
  WHEN 'key' THEN %(keys)s::uuid[] ELSE ARRAY[%(nil)s::uuid] END) AS s(subject)
CROSS JOIN LATERAL (SELECT date_trunc(b.period, now(), 'UTC') AS start) p
LEFT JOIN usage_spend spend ON spend.budget_id = b.id AND spend.subject = s.subject AND spend.start = p.start
WHERE b.enabled AND (b.scope = 'everybody' OR b.subject IS NULL OR b.subject = s.subject)
ORDER BY b.created, b.id, s.subject
"""  # noqa: S608

_EVERY = f"""
SELECT {_SHOWN}, coalesce(s.used, usage_spent(b, s.subject, p.start), 0) AS used
FROM usage_budget b
CROSS JOIN LATERAL (SELECT date_trunc(b.period, now(), 'UTC') AS start) p
LEFT JOIN LATERAL (
  SELECT spend.subject, spend.used FROM usage_spend spend WHERE spend.budget_id = b.id AND spend.start = p.start
  UNION ALL SELECT coalesce(b.subject, %(nil)s), NULL WHERE (b.subject IS NOT NULL OR b.scope = 'everybody')
    AND NOT EXISTS (SELECT 1 FROM usage_spend spend WHERE spend.budget_id = b.id AND spend.start = p.start)
) s ON true
ORDER BY b.created, b.id, used DESC LIMIT 500
"""  # noqa: S608
