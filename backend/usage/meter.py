"""A provider whose calls are watched: what a call took is known when it is over, however it ends."""

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from typing import Any, Protocol
from uuid import UUID

import structlog

from backend.core.errors import Unavailable
from backend.providers import flight
from backend.providers.base import (
    CompletionRequest,
    Delta,
    Finish,
    Passing,
    Provider,
    ProviderError,
    ReasoningDelta,
    TextDelta,
    ToolDelta,
    Usage,
)
from backend.usage import ledger
from backend.usage.ledger import Reservation, Settled, Settlement
from backend.usage.money import Priced, spent, tokens_in, tokens_of

log = structlog.get_logger(__name__)

PAUSE = 0.5
_late: set[asyncio.Task[None]] = set()


class Booking(Priced, Protocol):
    """What is read of a model's entry."""

    @property
    def name(self) -> str:
        """The model, as its provider names it."""

    @property
    def price(self) -> UUID | None:
        """The row of the price history."""


class Asked(Protocol):
    """A model that can be asked, and who stands in for it."""

    @property
    def entry(self) -> Booking:
        """Its entry."""

    @property
    def provider(self) -> Provider:
        """Who serves it."""

    @property
    def after(self) -> "Asked | None":
        """Who stands in for it next."""


class Meter:
    """One call. `stream` is the provider's; `settlement` says what came of it, and which of the chain answered."""

    def __init__(self, asked: Asked) -> None:
        self.usage: Usage | None = None
        self._provider = asked.provider
        self._first_asked = self._asked = asked
        self._request: CompletionRequest | None = None
        self._finished = False
        self._written = 0
        self._error = ""
        self._called = 0.0
        self._flight = flight.Flight()
        self._first: float | None = None

    async def stream(self, request: CompletionRequest) -> AsyncGenerator[list[Delta], None]:
        """See `Provider.stream`."""
        self._request, self._called = request, time.monotonic()
        self._flight = flight.begin()
        reads = self._provider.stream(request)
        try:
            async for deltas in reads:
                self._note(deltas)
                yield deltas
        except ProviderError as error:
            self._error = error.code
            raise
        finally:
            await reads.aclose()

    def _note(self, deltas: list[Delta]) -> None:
        for delta in deltas:
            kind = type(delta)
            if kind is TextDelta or kind is ReasoningDelta:
                text: str = delta.text  # type: ignore[union-attr]
                self._written += len(text) if text.isascii() else len(text.encode("utf-8", "replace"))
            elif kind is ToolDelta:
                self._written += len(delta.arguments)  # type: ignore[union-attr]
            elif kind is Usage:
                self.usage = delta  # type: ignore[assignment]
            elif kind is Finish:
                self._finished = True
            elif kind is Passing and self._asked.after is not None:
                self._asked = self._asked.after
        if self._first is None and self._written:
            self._first = time.monotonic()

    def settlement(self, call: UUID | None) -> Settlement:
        """Of the reserved `call`: what the provider counted; an estimate where it was cut before that; nothing where
        nothing came of it.
        """
        request, usage = self._request, self.usage
        status: Settled = "settled"
        if request is None or ((self._error or not self._flight.open) and usage is None and not self._written):
            status, usage = "released", Usage(0, 0)
        elif usage is None or not self._finished:
            status, known = "estimated", usage or Usage(0, 0)
            into = known.input_tokens or tokens_of(request.messages)
            usage = Usage(into, max(known.output_tokens, tokens_in(self._written)), known.cached_tokens)
        asked = self._asked
        taken = spent(usage, asked.entry)
        another = asked is not self._first_asked
        return Settlement(
            status=status,
            id=call,
            input_tokens=taken.input_tokens,
            output_tokens=taken.output_tokens,
            cached_tokens=taken.cached_tokens,
            reasoning_tokens=taken.reasoning_tokens,
            cost=taken.cost if status != "released" else None,
            error=self._error,
            first_token_ms=self._since(self._first),
            duration_ms=self._since(time.monotonic()) if request is not None else None,
            provider=asked.provider.name if another else None,
            model=asked.entry.name if another else None,
            price_id=asked.entry.price if another else None,
        )

    def _since(self, moment: float | None) -> int | None:
        return None if moment is None else round((moment - self._called) * 1000)


@asynccontextmanager
async def metered(asked: Asked, reservation: Reservation) -> AsyncIterator[Meter]:
    """Reserve, give a provider to call once, and settle whatever happens. Raises `QuotaExceeded` before the call."""
    meter = Meter(asked)
    try:
        await ledger.reserve(reservation)
    except asyncio.CancelledError:
        await settle_surely(meter.settlement(reservation.id))  # it may be stored
        raise
    try:
        yield meter
    finally:
        await settle_surely(meter.settlement(reservation.id))


async def settle_surely(settlement: Settlement) -> None:
    """Settle, also where who asks for it is cancelled meanwhile, as by a client that leaves with the last byte.

    While PostgreSQL is away, later. Where this process dies meanwhile, the call is found lost.
    """
    await asyncio.shield(_kept(_settle(settlement)))


def _kept(work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
    task = asyncio.create_task(work)
    _late.add(task)
    task.add_done_callback(_late.discard)
    return task


async def _settle(settlement: Settlement) -> None:
    try:
        await ledger.settle(settlement)
    except Unavailable:
        _kept(_settle_late(settlement))


async def _settle_late(settlement: Settlement) -> None:
    while True:
        await asyncio.sleep(PAUSE)
        try:
            await ledger.settle(settlement)
        except Unavailable:
            log.warning("a call waits for the database to be settled", call=str(settlement.id))
        else:
            return
