"""One attempt at one model: the way to it, and what is told to all nodes about how it went."""

import asyncio
import time
from collections.abc import AsyncGenerator
from contextlib import aclosing

from backend.care.care import Care
from backend.care.errors import NotAsked, speaks_against
from backend.care.line import Line, Place
from backend.care.member import Limits, Member
from backend.care.trouble import View
from backend.care.troubles import left_alone
from backend.core.tasks import aside
from backend.providers.base import Delta, Waiting
from backend.providers.errors import ProviderError

CROWD = 0.25
"""Up to which part longer a pause is, so that those who wait for its end do not all come at once."""

BUSY_FOR = 1.0
"""Seconds after which it is worth trying again where a line was too long."""


class Visit:
    """`held_up`: there is something to wait for or to ask first. `patient`: nobody else can be asked instead.

    `answered`: a word came. `known`: something was known against the model when it was asked. `number`: the place in
    line under which it came.
    """

    __slots__ = ("_care", "_limits", "_line", "_member", "_patient", "_place", "_ticket", "_token", "answered", "known",
                 "number")  # fmt: skip

    def __init__(self, member: Member, care: Care, *, patient: bool, ticket: str, number: int) -> None:
        self._member = member
        self._care = care
        self._limits = member.limits
        self._patient = patient
        self._ticket = ticket
        self._line: Line | None = None
        self._place: Place | None = None
        self._token = ""
        self.number = number
        self.answered = False
        self.known = member.key in care.troubles.known

    @property
    def held_up(self) -> bool:
        """Whether `wait` has anything to do."""
        return self.known or self._limits is not None

    async def wait(self) -> AsyncGenerator[Delta, None]:
        """Until the model may be asked, by this call; tells the place in line. Raises `NotAsked`."""
        rested = 0.0
        while True:
            self._look()
            rested += await self._rest(rested)
            if self._limits is not None and self._place is None:
                async with aclosing(self._stand(self._limits)) as notices:
                    async for notice in notices:
                        yield notice
            self.known = self._member.key in self._care.troubles.known
            if not self.known:
                return
            view, self._token = await self._care.troubles.admit(self._member.key)
            if view.verdict in ("free", "probe"):
                return
            if view.verdict == "open" or not self._may_rest(rested + view.wait_ms / 1000):
                raise self._refused(view)
            self.leave()

    async def tell_answered(self) -> None:
        """The first word has come."""
        await self._care.troubles.answered(self._member.key, self._token)
        self._token = ""

    async def failed(self, error: ProviderError) -> None:
        """Tell the nodes, where it says something about the model."""
        troubles, key, token = self._care.troubles, self._member.key, self._token
        if isinstance(error, NotAsked):
            return
        if speaks_against(error):
            self._token = ""
            await troubles.failed(key, token, error)
        elif error.code == "rate_limited" and not error.started:
            await troubles.rested(key, error)
        elif not self.answered and (self.known or token):
            await self.tell_answered()  # it refused the request, and is well

    def leave(self) -> None:
        """Give up the place; a probe that came to nothing may be another's."""
        if self._place is not None and self._line is not None:
            self.number = self._place.number
            self._line.leave(self._place)
            self._place = None
        if self._token:
            aside(self._care.troubles.dropped(self._member.key, self._token))
            self._token = ""

    def _look(self) -> None:
        """Raise for a model that is left alone now."""
        known = self._care.troubles.peek(self._member.key)
        if known is not None and known.view.opened and known.open > 0:
            raise self._refused(known.view, known.open)

    async def _rest(self, rested: float) -> float:
        """Leave it in peace for as long as it asked for. Raises `NotAsked` where that is too long to wait."""
        known = self._care.troubles.peek(self._member.key)
        if known is None or known.rest <= 0:
            return 0.0
        pause = known.rest
        if not self._may_rest(rested + pause):
            raise self._refused(known.view, pause)
        await asyncio.sleep(pause * (1 + CROWD * self._care.chance()))
        return pause

    def _may_rest(self, seconds: float) -> bool:
        policy = self._care.policy.retry if self._patient else self._care.policy.passing
        return seconds <= policy.patience

    async def _stand(self, limits: Limits) -> AsyncGenerator[Delta, None]:
        line = self._line = self._care.line(limits.line)
        if line.full:
            raise self._crowded(line)
        until = time.monotonic() + limits.patience
        place = self._place = line.enter(
            model=self._member.key,
            limit=limits.most,
            model_limit=limits.most_of_model,
            name=self._ticket,
            number=self.number,
        )
        shown = 0
        while not place.served:
            left = until - time.monotonic()
            if left <= 0:
                raise self._crowded(line)
            if place.place not in (0, shown):
                shown = place.place
                yield Waiting(shown)
                continue
            await place.changed(min(left, self._care.policy.look))
            self._look()
        self.number = place.number

    def _crowded(self, line: Line) -> NotAsked:
        waiting = max(1, line.total)
        said = (
            f"{self._member.provider.name} is busy: {waiting} {'call waits' if waiting == 1 else 'calls wait'} for it."
        )
        return NotAsked(f"{said} Please try again in a moment.", code="rate_limited", retry_after=BUSY_FOR)

    def _refused(self, view: View, seconds: float | None = None) -> NotAsked:
        error = left_alone(self._member.label, view)
        if seconds is not None:
            error.retry_after = seconds
        return error
