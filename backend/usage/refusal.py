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
from backend.core.sentences import Sentence, sentence

SQLSTATE = "RVQ01"
_WHOSE = {"user": "Your", "team": "Your team's", "key": "This API key's", "everybody": "This site's"}


class BudgetSpent(QuotaExceeded):
    """A budget does not allow a call: `budget` has its `id`, the `subject`, the `start` of its period and the `amount`
    that was refused, in what it counts.
    """

    def __init__(self, budget: dict[str, Any]) -> None:
        self.budget = {name: budget.get(name) for name in ("id", "subject", "start", "amount")}
        said = used_up(budget)
        super().__init__(said.text)
        self.sentence = said.plain()


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


def used_up(budget: dict[str, Any]) -> Sentence:
    """Which budget, how much of it is used, and when it begins anew."""
    measure, day = budget["measure"], budget["period"] == "day"
    used, limit = (amount(Decimal(budget[name]), measure) for name in ("used", "limit"))
    start = datetime.fromisoformat(budget["start"])
    again = start + timedelta(days=1) if day else (start + timedelta(days=32)).replace(day=1)
    amounts = {
        "cost": "{used} of {limit}",
        "tokens": "{used} of {limit} tokens",
        "requests": "{used} of {limit} requests",
    }
    whose = f" ({budget['name']})" if budget["name"] else ""
    return sentence(
        "budget_used",
        "{whose} budget for the {period}{name} does not allow this: {amount} are used or reserved. "
        "It begins anew on {date} at 00:00 UTC.",
        whose=sentence(f"budget_{budget['scope']}", _WHOSE[budget["scope"]]),
        period=sentence("budget_day", "day") if day else sentence("budget_month", "month"),
        name=whose,
        amount=sentence(f"budget_{measure}", amounts[measure], used=used, limit=limit),
        date=f"{again:%Y-%m-%d}",
    )


def amount(value: Decimal, measure: str) -> str:
    """A number as people read it."""
    return f"${value:,.2f}" if measure == "cost" else f"{value:,.0f}"
