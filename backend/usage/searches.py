"""Web searches in the ledger: reserved before they go out and settled when they are over, beside the calls to models.

What a service charges for a credit is a setting; each price that it ever had is kept, and a search says which of these
it was charged by.
"""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import ROUND_HALF_UP, Decimal
from typing import Any
from uuid import UUID

import msgspec

from backend.core import db
from backend.core.ids import new_id
from backend.usage import ledger
from backend.usage.ledger import Reservation, Settled, Settlement
from backend.usage.meter import settle_surely
from backend.usage.money import BILLIONTH

MODEL = "web search"
"""What searches are called where calls have their model."""
EXPECTED_CREDITS = 1


class Payer(msgspec.Struct, kw_only=True, frozen=True):
    """On whose account a search is, and what it is made for; as a reservation's fields."""

    user_id: UUID
    team_id: UUID | None = None
    key_id: UUID | None = None
    generation: UUID | None = None
    job: UUID | None = None
    row: UUID | None = None
    template: UUID | None = None
    template_version: UUID | None = None


class SearchMeter:
    """One search at one service. `took` what it counted; `failed` where nothing is charged."""

    def __init__(self, *, price: Decimal) -> None:
        self._price = price
        self._status: Settled = "estimated"
        self._credits = EXPECTED_CREDITS if price else 0
        self._error = ""
        self._began = time.monotonic()

    def took(self, credits_: int) -> None:
        """The service has answered."""
        self._status, self._credits = "settled", credits_

    def failed(self, code: str, *, charged: bool) -> None:
        """It has not. `charged`: nobody knows whether it counts all the same."""
        self._error = code
        if not charged:
            self._status, self._credits = "released", 0

    @property
    def cost(self) -> Decimal:
        """What that costs."""
        return (self._credits * self._price).quantize(BILLIONTH, ROUND_HALF_UP)

    def settlement(self, call: UUID) -> Settlement:
        """Of the reserved `call`."""
        return Settlement(
            status=self._status,
            id=call,
            credits=self._credits,
            cost=None if self._status == "released" else self.cost,
            error=self._error,
            duration_ms=round((time.monotonic() - self._began) * 1000),
        )


@asynccontextmanager
async def metered(payer: Payer, *, service: str, price: Decimal) -> AsyncIterator[SearchMeter]:
    """Reserve, and settle whatever happens. Raises `QuotaExceeded` before the search."""
    expected = EXPECTED_CREDITS if price else 0
    reservation = Reservation(
        **msgspec.structs.asdict(payer),
        purpose="search",
        provider=service,
        model=MODEL,
        price_id=await price_row(service, price),
        step=0,
        credits=expected,
        cost=(expected * price).quantize(BILLIONTH, ROUND_HALF_UP),
    )
    meter = SearchMeter(price=price)
    try:
        await ledger.reserve(reservation)
    except asyncio.CancelledError:
        meter.failed("", charged=False)
        await settle_surely(meter.settlement(reservation.id))  # it may be stored
        raise
    try:
        yield meter
    finally:
        await settle_surely(meter.settlement(reservation.id))


_rows: dict[tuple[str, Decimal], UUID] = {}
"""The prices that this process has found or stored."""


async def price_row(service: str, price: Decimal) -> UUID:
    """The row of the history for the price that holds now; a new one where it has changed."""
    found = _rows.get((service, price))
    if found is None:
        values: dict[str, Any] = {"id": new_id(), "service": service, "price": price}
        async with db.connect() as connection, connection.transaction():
            await connection.execute("SELECT pg_advisory_xact_lock(hashtextextended('usage.search_price', 0))")
            await connection.execute(_NOTE, values)
            cursor = await connection.execute(_LAST, values)
            row = await cursor.fetchone()
        assert row is not None
        found = _rows[service, price] = row[0]
    return found


_LAST = "SELECT id FROM usage_searchprice WHERE service = %(service)s::text ORDER BY created DESC, id DESC LIMIT 1"

_NOTE = """
INSERT INTO usage_searchprice (id, created, service, price)
SELECT %(id)s, clock_timestamp(), %(service)s::text, %(price)s
WHERE (SELECT price FROM usage_searchprice WHERE service = %(service)s::text ORDER BY created DESC, id DESC LIMIT 1)
  IS DISTINCT FROM %(price)s
"""
