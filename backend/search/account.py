"""Who searches: how often they may, and on whose account in the ledger each search that really goes out is."""

import asyncio
import math
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from decimal import Decimal
from uuid import UUID

from django.conf import settings

from backend.core import limits
from backend.core.limits import Limit
from backend.search.base import SearchError
from backend.usage import searches
from backend.usage.searches import Payer, SearchMeter

MINUTE, DAY = 60, 86_400


class Account:
    """Of one answer or one row of a job. `payer` is asked for once.

    `paid` is told what a search has cost, where it cost something. `patience`: seconds to wait for the person's limit.
    """

    def __init__(
        self,
        user: UUID,
        payer: Callable[[], Awaitable[Payer]],
        *,
        paid: Callable[[Decimal], None] | None = None,
        patience: float = 0.0,
    ) -> None:
        self._user = user
        self._payer = payer
        self._known: Payer | None = None
        self._paid = paid
        self._patience = patience

    async def allowed(self) -> None:
        """Count a search of this person. Raises `SearchError` where there were too many."""
        until = time.monotonic() + self._patience
        for limit, unit in _limits():
            while (verdict := await limits.hit(limit, str(self._user))) is not None and not verdict.allowed:
                if time.monotonic() + verdict.retry_after_s > until:
                    raise SearchError(
                        "rate_limited",
                        f"You have made as many searches as one person may make: {limit.amount:,} a {unit}. "
                        f"The next one is possible in {_span(verdict.wait_s)}.",
                        retryable=True,
                        retry_after=math.ceil(verdict.retry_after_s),
                    )
                await asyncio.sleep(verdict.retry_after_s)

    @asynccontextmanager
    async def booked(self, service: str, price: Decimal) -> AsyncIterator[SearchMeter]:
        """One search at `service`. Raises `QuotaExceeded` before it."""
        if self._known is None:
            self._known = await self._payer()
        async with searches.metered(self._known, service=service, price=price) as meter:
            try:
                yield meter
            except SearchError as error:
                meter.failed(error.code, charged=error.code == "timeout")
                raise
            finally:
                if self._paid is not None and meter.cost:
                    self._paid(meter.cost)


def _limits() -> list[tuple[Limit, str]]:
    """The minute's first: what it refuses does not count for the day."""
    env = settings.RIVULET
    given = (("minute", env.searches_per_minute, MINUTE), ("day", env.searches_per_day, DAY))
    return [(Limit(f"searches-{unit}", amount, seconds), unit) for unit, amount, seconds in given if amount]


def _span(seconds: int) -> str:
    return f"{seconds} s" if seconds < 2 * MINUTE else f"{math.ceil(seconds / MINUTE)} minutes"
