"""Calls of rows that make several: each is booked by itself, on the job's account."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal
from typing import Any

from backend.chat.entries import Resolved
from backend.jobs.engine.begun import sent_as
from backend.jobs.kinds.base import Taken
from backend.jobs.models import Job
from backend.providers.base import CompletionRequest
from backend.search.account import Account
from backend.usage.ledger import Reservation, expected
from backend.usage.meter import Meter, metered
from backend.usage.money import Spent, expected_output, tokens_of
from backend.usage.searches import Payer


class RowCalls:
    """The calls of one row, one after the other or at once. `usage` and `cost` are the row's `Outcome`'s."""

    def __init__(self, job: Job, row: Taken) -> None:
        self._job = job
        self._row = row
        self._spent: Spent | None = None

    @property
    def usage(self) -> dict[str, Any] | None:
        """What all calls took that are over; None: there was none."""
        return None if self._spent is None else self._spent.body()

    @property
    def cost(self) -> Decimal | None:
        """What that cost; None: no price is known."""
        return None if self._spent is None else self._spent.cost

    def searching(self, *, patience: float) -> Account:
        """Searches on the job's account, which may wait that many seconds for their person's limit."""
        found = account(self._job)
        del found["purpose"]
        payer = Payer(**found, row=self._row.id)

        async def known() -> Payer:
            return payer

        return Account(self._job.owner_id, known, paid=self._paid, patience=patience)

    def _paid(self, cost: Decimal) -> None:
        self._spent = (self._spent or Spent()) + Spent(cost=cost)

    @asynccontextmanager
    async def asked(self, resolved: Resolved, request: CompletionRequest) -> AsyncIterator[Meter]:
        """Reserve a call, give what to `stream` the request from, and settle however it ends.

        Raises `QuotaExceeded` before the call: let it out of `Work.run`, and the job is paused.
        """
        entry, into, out = resolved.entry, tokens_of(request.messages), expected_output(request.params)
        reservation = Reservation(
            **account(self._job),
            provider=resolved.provider.name,
            model=entry.name,
            price_id=entry.price,
            row=self._row.id,
            input_tokens=into,
            output_tokens=out,
            cost=expected(entry, input_tokens=into, output_tokens=out),
        )
        async with metered(resolved, reservation) as meter:
            try:
                with sent_as(reservation.id):
                    yield meter
            finally:
                self._spent = (self._spent or Spent()) + meter.settlement(reservation.id).spent


def account(job: Job) -> dict[str, Any]:
    """Whose calls a job's are, as a reservation's fields."""
    return {"purpose": "job", "user_id": job.owner_id, "team_id": job.team, "key_id": job.key, "job": job.id}
