"""The line before one provider: at most so many calls at a time, over all nodes, in the order in which they came.

Each process works its calls off in one task, which asks the shared line for their turns: at once when one comes or
leaves, when another process tells that a place is free, and by the clock otherwise. Who is served holds a lease, so
that a dead process frees its places by itself; who waits is forgotten after a few seconds without a look, but keeps the
number under which it came.
"""

import asyncio
import math
import time
from collections.abc import Iterable
from typing import Any

import structlog

from backend.care.policy import MOST_WAITING, LineTiming
from backend.care.shared import Away, Script, Shared
from backend.care.turns import Turn, turns
from backend.core.ids import new_id
from realtime import hints

log = structlog.get_logger(__name__)

SCRIPT = Script("line.lua")
FREED_SIGNAL = "care.freed"
FIRST_OF_EACH = 8
"""Calls of a model whose turn is asked for whenever something changes; all are asked for when places are told."""


class Place:
    """One call's place in line. `served`: it is its turn; else `place` counts from 1 (0: not known yet)."""

    __slots__ = ("_changed", "limit", "model", "name", "number", "place", "served", "ticket")

    def __init__(self, *, model: str, limit: int, name: str, number: int) -> None:
        self.ticket = new_id().hex
        self.model = model
        self.limit = limit
        self.name = name
        self.number = number
        self.place = 0
        self.served = False
        self._changed = asyncio.Event()

    def move(self, turn: Turn, number: int) -> None:
        """Take in what was decided."""
        self.number = number or self.number
        if (turn.served, turn.place) != (self.served, self.place):
            self.served, self.place = turn.served, turn.place
            self._changed.set()

    async def changed(self, seconds: float) -> None:
        """Wait until the place is another one, or so long."""
        try:
            async with asyncio.timeout(seconds):
                await self._changed.wait()
        except TimeoutError:
            return
        self._changed.clear()


class Line:
    """The calls of this process in the line called `name`. `total`: how many waited when that was last heard."""

    def __init__(self, name: str, *, shared: Shared, timing: LineTiming) -> None:
        self.name = name
        self.limit = 0
        self.total = 0
        self._shared = shared
        self._timing = timing
        self._waiting: dict[str, Place] = {}
        self._serving: dict[str, Place] = {}
        self._left: list[Place] = []
        self._wake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._renewed = self._told = 0.0

    @property
    def full(self) -> bool:
        """So many wait here that no more are taken in."""
        return len(self._waiting) >= MOST_WAITING

    @property
    def busy(self) -> bool:
        """Whether anybody is here."""
        return bool(self._waiting or self._serving or self._left)

    def enter(self, *, model: str, limit: int, model_limit: int, name: str = "", number: int = 0) -> Place:
        """Stand in line, at the end, or under the `number` of a former place; `name` brings it back on another node."""
        self.limit = limit
        place = Place(model=model, limit=model_limit, name=name, number=number)
        self._waiting[place.ticket] = place
        self.wake()
        return place

    def leave(self, place: Place) -> None:
        """Give up a place in line, or the turn."""
        there = self._waiting.pop(place.ticket, None) or self._serving.pop(place.ticket, None)
        if there is not None:
            self._left.append(place)
            self.wake()

    def wake(self) -> None:
        """Something changed."""
        self._wake.set()
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._work(), name=f"line of {self.name}")

    async def close(self) -> None:
        """Let go of everything."""
        self._left += [*self._waiting.values(), *self._serving.values()]
        self._waiting.clear()
        self._serving.clear()
        await self._let_go()
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])

    async def _work(self) -> None:
        while self.busy:
            self._wake.clear()
            try:
                await self._round()
            except Exception:
                log.exception("care.line_failed", line=self.name)
                await asyncio.sleep(self._timing.tick)
            try:
                async with asyncio.timeout(self._pause()):
                    await self._wake.wait()
            except TimeoutError:
                continue

    def _pause(self) -> float:
        """Until the next look, when nobody wakes it."""
        if self._waiting:
            return self._timing.tick
        return max(self._timing.tick, self._renewed + self._timing.renew - time.monotonic()) if self._serving else 0.0

    async def _round(self) -> None:
        await self._let_go()
        if self._serving and time.monotonic() - self._renewed >= self._timing.renew:
            await self._renew()
        if self._waiting:
            await self._take()

    async def _take(self) -> None:
        now = time.monotonic()
        everybody = now - self._told >= self._timing.places
        asked = list(self._waiting.values()) if everybody else _first(self._waiting.values())
        if everybody:
            self._told = now
        if not self._serving:
            self._renewed = now
        given = [value for one in asked for value in (one.model, one.limit, one.ticket, one.number, one.name)]
        try:
            *found, self.total = await self._run("take", given)
        except Away:
            self._by_itself()
            return
        for index, place in enumerate(asked):
            served, number, waits = found[3 * index : 3 * index + 3]
            self._move(place, Turn(served=bool(int(served)), place=int(waits)), int(number))
        if not everybody and all(place.served for place in asked):
            self._wake.set()

    def _by_itself(self) -> None:
        """While nobody knows of the others this process serves as many as the limits say."""
        running: dict[str, int] = {}
        for place in self._serving.values():
            running[place.model] = running.get(place.model, 0) + 1
        waiting = sorted(self._waiting.values(), key=_number)
        decided = turns(
            [(place.ticket, place.model) for place in waiting],
            running=running,
            limit=self.limit,
            limits={place.model: place.limit for place in waiting},
        )
        for place in waiting:
            self._move(place, decided[place.ticket], 0)
        self.total = len(self._waiting)
        self._renewed = 0.0

    def _move(self, place: Place, turn: Turn, number: int) -> None:
        if place.ticket not in self._waiting:
            return  # it left meanwhile, and what it was given is let go of with it
        place.move(turn, number)
        if place.served:
            self._serving[place.ticket] = self._waiting.pop(place.ticket)

    async def _let_go(self) -> None:
        left, self._left = self._left, []
        if not left:
            return
        try:
            self.total = int(await self._run("leave", [value for one in left for value in (one.model, one.ticket)]))
        except Away:
            return  # the leases end by themselves
        if self.total > len(self._waiting):
            hints.signal(FREED_SIGNAL, {"line": self.name})

    async def _renew(self) -> None:
        held = [value for one in self._serving.values() for value in (one.model, one.ticket)]
        try:
            await self._run("renew", held)
        except Away:
            return
        self._renewed = time.monotonic()

    async def _run(self, what: str, values: list[Any]) -> Any:
        timing = self._timing
        times = [int(seconds * 1000) for seconds in (timing.lease, timing.alive, timing.kept)]
        return await self._shared.run(SCRIPT, [f"care:line:{self.name}"], [what, *times, self.limit, *values])


def _number(place: Place) -> float:
    """Who has none yet comes last."""
    return place.number or math.inf


def _first(places: Iterable[Place]) -> list[Place]:
    found: list[Place] = []
    counts: dict[str, int] = {}
    for place in sorted(places, key=_number):
        counts[place.model] = counts.get(place.model, 0) + 1
        if counts[place.model] <= FIRST_OF_EACH:
            found.append(place)
    return found
