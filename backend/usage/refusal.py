"""A budget that is used up, from the database's error to the sentence that people read."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import django.db
import msgspec
import psycopg

from backend.core.errors import QuotaExceeded

SQLSTATE = "RVQ01"
_WHOSE = {"user": "Your", "team": "Your team's", "key": "This API key's", "everybody": "This site's"}


class BudgetSpent(QuotaExceeded):
    """A budget does not allow a call: `budget` has its `id`, the `subject`, the `start` of its period and the `amount`
    that was refused, in what it counts.
    """

    def __init__(self, budget: dict[str, Any]) -> None:
        self.budget = {name: budget.get(name) for name in ("id", "subject", "start", "amount")}
        super().__init__(sentence(budget))


@contextmanager
def refusals() -> Iterator[None]:
    """Raises `QuotaExceeded` where the ledger refused a reservation, on either way to the database."""
    try:
        yield
    except (psycopg.DatabaseError, django.db.DatabaseError) as error:
        cause = error if isinstance(error, psycopg.Error) else error.__cause__
        if isinstance(cause, psycopg.Error) and cause.sqlstate == SQLSTATE:
            raise BudgetSpent(msgspec.json.decode(cause.diag.message_detail or "{}")) from None
        raise


def sentence(budget: dict[str, Any]) -> str:
    """Which budget, how much of it is used, and when it begins anew."""
    measure, day = budget["measure"], budget["period"] == "day"
    used, limit = (amount(Decimal(budget[name]), measure) for name in ("used", "limit"))
    start = datetime.fromisoformat(budget["start"])
    again = start + timedelta(days=1) if day else (start + timedelta(days=32)).replace(day=1)
    what = {"cost": "", "tokens": " tokens", "requests": " requests"}[measure]
    named = f" ({budget['name']})" if budget["name"] else ""
    return (
        f"{_WHOSE[budget['scope']]} budget for the {'day' if day else 'month'}{named} does not allow this: {used} of "
        f"{limit}{what} are used or reserved. It begins anew on {again:%Y-%m-%d} at 00:00 UTC."
    )


def amount(value: Decimal, measure: str) -> str:
    """A number as people read it."""
    return f"${value:,.2f}" if measure == "cost" else f"{value:,.0f}"
