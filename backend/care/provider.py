"""A provider over a chain of models: the first is asked, those behind it stand in for it before the first word.

Nothing is switched after a word was handed out: the caller, who knows what is there, decides how to go on, by the
chain's rest, and declares it.
"""

import asyncio
import time
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing

import msgspec

from backend.care.care import Care
from backend.care.errors import NotAsked, another_may_help
from backend.care.member import Member
from backend.care.visit import Visit
from backend.providers.base import (
    Asking,
    CompletionRequest,
    Continuation,
    Delta,
    Passing,
    Provider,
    ProviderError,
    Remote,
    UpstreamModel,
)
from backend.providers.flight import returned

EXACT: tuple[Continuation, ...] = ("prefix", "continue_final_message")


class CarefulProvider:
    """`members` is the chain, never empty. `announces`: it tells by `Asking` whom it asks, and what comes before."""

    def __init__(self, members: Sequence[Member], care: Care) -> None:
        self._members = tuple(members)
        self._care = care
        self.announces = len(members) > 1 or members[0].limits is not None

    @property
    def name(self) -> str:
        """See `Provider.name`."""
        return self.adapter.name

    @property
    def adapter(self) -> Provider:
        """Who speaks to the first of the chain."""
        return self._members[0].provider

    async def stream(self, request: CompletionRequest) -> AsyncGenerator[list[Delta], None]:
        """See `Provider.stream`. Waits and switches before the first word are told as they happen."""
        members, care = self._members, self._care
        care.budget.called()
        trip = Trip(care, len(members))
        while True:
            member, pause = members[trip.at], None
            visit = Visit(member, care, patient=trip.last, ticket=request.ticket, number=trip.number)
            try:
                if visit.held_up:
                    async with aclosing(visit.wait()) as notices:
                        async for notice in notices:
                            yield [notice]
                trip.began(visit)
                if self.announces:
                    yield [Asking()]
                async with aclosing(member.provider.stream(_asked(request, member, first=trip.at == 0))) as reads:
                    async for some in reads:
                        if not visit.answered and not (type(some[0]) is Remote and len(some) == 1):
                            visit.answered = True
                            if visit.known:
                                await visit.tell_answered()
                        yield some
                return  # noqa: TRY300 - the pause below is for what failed
            except ProviderError as error:
                error.started = error.started or visit.answered
                if not error.started:
                    returned()
                await visit.failed(error)
                pause = trip.after(error)
            finally:
                visit.leave()
            if pause is not None:
                await asyncio.sleep(pause)
            else:
                yield [Passing(trip.code, members[trip.at].model)]

    async def models(self) -> list[UpstreamModel]:
        """See `Provider.models`."""
        return await self.adapter.models()

    async def cancel(self, remote: str) -> None:
        """See `Provider.cancel`."""
        await self.adapter.cancel(remote)

    async def close(self) -> None:
        """See `Provider.close`: the adapters belong to others."""
        return


class Trip:
    """How far one call has come along the chain: `at` which member, after how many failures of it."""

    def __init__(self, care: Care, length: int) -> None:
        self.at = 0
        self.code = ""
        self.number = 0
        self._care = care
        self._length = length
        self._failures = 0
        self._first: ProviderError | None = None
        self._begun: float | None = None

    @property
    def last(self) -> bool:
        """Nobody stands in for the present member."""
        return self.at == self._length - 1

    def began(self, visit: Visit) -> None:
        """An attempt is made; a later one at the same member stands in line where this one did."""
        self.number = visit.number
        if self._begun is None:
            self._begun = time.monotonic()

    def after(self, error: ProviderError) -> float | None:
        """Seconds until the same member is asked again; None: it is the next one's turn. Raises what nobody helps."""
        if error.started or not (another_may_help(error) or isinstance(error, NotAsked)):
            raise error
        self._failures += 1
        policy = self._care.policy.retry if self.last else self._care.policy.passing
        pause = policy.wait(self._failures, error, chance=self._care.chance())
        if pause is not None and self._in_time(pause) and self._care.budget.take():
            return pause
        if self.last or not self._in_time(0):
            raise self._told(error)
        self._first = self._first or error
        self.at, self.code, self.number, self._failures = self.at + 1, error.code, 0, 0
        return None

    def _in_time(self, pause: float) -> bool:
        return self._begun is None or time.monotonic() + pause - self._begun < self._care.policy.total

    def _told(self, error: ProviderError) -> ProviderError:
        """What the model that was asked for said, rather than the last one that stood in for it."""
        first = self._first
        if first is None:
            return error
        return ProviderError(
            f"{first.message} The models that stand in for it could not answer either.",
            code=first.code,
            status=first.status,
            temporary=first.temporary,
            retry_after=first.retry_after,
            sentence={
                "sentence": "stand_ins_failed",
                "params": {"reason": {"text": first.message, **(first.sentence or {})}},
            },
        )


def _asked(request: CompletionRequest, member: Member, *, first: bool) -> CompletionRequest:
    """The request as this member takes it. Whoever stands in goes on from the very text only where it surely can."""
    continuation, held = request.continuation, request.held
    if not first or (continuation == "background" and member.continuation != "background"):
        held = None
        continuation = member.continuation if member.continuation in EXACT else "ask"
    if (request.model, request.continuation, request.held) == (member.model, continuation, held):
        return request
    return msgspec.structs.replace(request, model=member.model, continuation=continuation, held=held)
