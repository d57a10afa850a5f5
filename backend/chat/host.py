"""The generation host: the answers that this process is writing, outside any connection's handler.

A socket that leaves changes nothing here. The host owns the leases of its answers, saves their checkpoints, hears who
asked for a stop, ends what a dead node left behind, and numbers the events of people's topics.
"""

import asyncio
import secrets
import time
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any, Protocol
from uuid import UUID

import structlog

from backend.accounts.principal import Principal
from backend.chat import checkpoint, finish, recover, retention, titles
from backend.chat.entries import Resolved
from backend.chat.fold import visible_text
from backend.chat.order import CANCELLED, Order, Resume
from backend.chat.run import Run
from backend.chat.source import AnswerSource
from backend.chat.tool_run import make_run
from backend.core import idempotency, outbox
from backend.core.errors import Unavailable
from backend.core.ids import new_id
from backend.core.tasks import supervise
from realtime import LogAway, Node, hints
from realtime.tasks import end

log = structlog.get_logger(__name__)

CANCEL_SIGNAL = "generation.cancel"
RELEASED_SIGNAL = "generation.released"


@dataclass(frozen=True, slots=True, kw_only=True)
class HostSettings:
    """Seconds. `checkpoint`: the least time between two of one answer; `tick`: between looks at which are due, so often
    that those of many answers do not all fall on one moment; `relay`: an event's longest wait for its number, and
    `relay_apart` the least time between two rounds; `beat`: between heartbeats.
    """

    lease: float = 15.0
    renew: float = 5.0
    tick: float = 0.25
    checkpoint: float = 1.0
    relay: float = 1.0
    relay_apart: float = 0.05
    sweep: float = 2.0
    beat: float = 1.0
    housekeeping: float = 3600.0
    stop: float = 8.0
    wall_clock: float = 3600.0
    titles: bool = True

    def scaled(self, factor: float) -> "HostSettings":
        """The same with every interval multiplied; the wall clock and housekeeping stay."""
        names = ("lease", "renew", "tick", "checkpoint", "relay", "sweep", "beat", "stop")
        return replace(self, **{name: getattr(self, name) * factor for name in names})


class Resolve(Protocol):
    """From a model's name, or None for the default, to a model that can be asked. Raises `ModelUnavailable`."""

    async def __call__(self, name: str | None = None, *, principal: Principal | None = None) -> Resolved:
        """A hidden model is there only for a `principal` who may see it."""


class GenerationHost:
    """Start it beside a started `Node`; services launch answers on it and find it by `current()`."""

    def __init__(
        self,
        *,
        node: Node,
        resolve: Resolve,
        settings: HostSettings | None = None,
        name: str = "",
    ) -> None:
        """`name` stays the same when the process is started again: what its predecessor wrote is its own at once."""
        self.id = f"{name}.{secrets.token_hex(8)}" if name else new_id().hex
        self.node = node
        self.resolve = resolve
        self.settings = settings or HostSettings()
        self.runs: dict[UUID, Run] = {}
        self.run_id = ""
        self._checkpoints: dict[UUID, checkpoint.Checkpoints] = {}
        self._tasks: list[asyncio.Task[None]] = []
        self._side: set[asyncio.Task[None]] = set()
        self._relay = asyncio.Event()
        self._sweep = asyncio.Event()
        self._sweeper = recover.Sweeper(
            node=node,
            owner=self.id,
            lease=self.settings.lease,
            resolve=resolve,
            launch=self._carry_on,
            aside=self._aside,
        )
        self._renewed = 0.0
        self._ticked = 0.0
        self._stopping = False

    async def start(self) -> None:
        """Start the supervised tasks, and be the host that services of this process find."""
        global _current
        with suppress(LogAway):
            self.run_id = await self.node.log.run_id()
        self.node.on(CANCEL_SIGNAL, self._on_cancel)
        self.node.on(RELEASED_SIGNAL, lambda _: self._sweep.set())
        self._tasks = [
            supervise("generations: heartbeat", self._beat_loop),
            supervise("generations: tick", self._tick_loop),
            supervise("generations: sweep", self._sweep_loop),
            supervise("outbox: relay", self._relay_loop),
            supervise("housekeeping", self._housekeeping_loop),
        ]
        _current = self

    async def stop(self) -> None:
        """Hand the running answers over where they stand, to whoever is there now or comes next, then end the tasks.

        Titles and the like have what is left of the time.
        """
        global _current
        self._stopping = True
        if _current is self:
            _current = None
        until = time.monotonic() + self.settings.stop
        runs = list(self.runs.values())
        for run in runs:
            run.stop("handover")
        await _settle([run.task for run in runs if run.task], until=until)
        with suppress(Unavailable):
            # Nothing is new in them, so a planned stop neither counts nor clears the claims after deaths.
            whole = [(run.order.generation, run.source, run.source.bytes) for run in runs if run.handed_over]
            for saved in checkpoint.batches(whole):
                await checkpoint.save(owner=self.id, run_id=checkpoint.ANY_STORE, checkpoints=saved)
            if await checkpoint.release(owner=self.id):
                hints.signal(RELEASED_SIGNAL, {})
        await _settle(self._side, until=until)
        with suppress(Unavailable):
            await outbox.relay()
        await end(*self._tasks, *self._side)

    def check(self) -> None:
        """Raise `Unavailable` where a new answer could not be written now."""
        if self._stopping or self.node.writer.away:
            raise Unavailable

    def launch(self, order: Order, resolved: Resolved, *, owned_at: float, resume: Resume | None = None) -> None:
        """Write an answer whose row is committed and leased to this host; `owned_at`: monotonic, before the commit.

        `resume`: an earlier attempt began it.
        """
        run = make_run(
            order,
            resolved=resolved,
            writer=self.node.writer,
            store=finish.store,
            confirm=self._confirm(order),
            aside=self._aside,
            wall_clock=self.settings.wall_clock,
            resume=resume,
        )
        run.source.owned_at = owned_at
        self.runs[order.generation] = run
        task = run.start()
        self._checkpoints[order.generation] = checkpoint.Checkpoints(at=time.monotonic(), bytes=run.source.bytes)
        task.add_done_callback(lambda task: self._ended(run, resolved, task))
        self._relay.set()

    def _carry_on(self, order: Order, resolved: Resolved, resume: Resume, owned_at: float) -> None:
        self.launch(order, resolved, owned_at=owned_at, resume=resume)

    def cancel(self, generation: UUID) -> None:
        """Stop an answer whose flag is committed: here at once, elsewhere by a hint and within a second."""
        run = self.runs.get(generation)
        if run is not None:
            run.stop(CANCELLED)
        else:
            hints.signal(CANCEL_SIGNAL, {"generation": str(generation)})

    def source(self, generation: UUID) -> AnswerSource | None:
        """The source of an answer that is written here."""
        run = self.runs.get(generation)
        return run.source if run else None

    def relay_soon(self) -> None:
        """There are events of people's topics to number."""
        self._relay.set()

    def _confirm(self, order: Order) -> Callable[[AnswerSource], Awaitable[bool]]:
        async def confirm(source: AnswerSource) -> bool:
            return await checkpoint.owned(owner=self.id, generation=order.generation, attempt=source.fence)

        return confirm

    def _on_cancel(self, data: dict[str, Any]) -> None:
        with suppress(KeyError, ValueError):
            run = self.runs.get(UUID(data["generation"]))
            if run is not None:
                run.stop(CANCELLED)

    def _ended(self, run: Run, resolved: Resolved, task: asyncio.Task[None]) -> None:
        order = run.order
        self.runs.pop(order.generation, None)
        self._checkpoints.pop(order.generation, None)
        self._relay.set()
        if not task.cancelled() and task.exception() is not None:
            log.error("an answer could not be ended", topic=order.topic, exc_info=task.exception())
        elif order.question and self.settings.titles and run.outcome and run.outcome.status == "done":
            answer = visible_text(run.source.answer.plain_parts())
            side = self._aside(titles.give(order=order, answer=answer, resolved=resolved))
            side.add_done_callback(lambda _: self._relay.set())

    def _aside(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        self._side.add(task)
        task.add_done_callback(self._side.discard)
        return task

    async def _tick_loop(self) -> None:
        while True:
            await asyncio.sleep(self.settings.tick)
            await self._tick()

    async def _tick(self) -> None:
        """Save checkpoints, hear cancels, renew leases."""
        if not self.runs:
            self._ticked = self._renewed = time.monotonic()
            return
        with suppress(LogAway):
            self.run_id = await self.node.log.run_id()
        now = time.monotonic()
        last, least = self._checkpoints, self.settings.checkpoint
        due = [
            (generation, run.source, last[generation].bytes)
            for generation, run in self.runs.items()
            if generation in last and last[generation].due(run.source, now, least)
        ]
        cancelled: set[UUID] = set()
        for saved in checkpoint.batches(due) if due else [[]]:
            cancelled |= await checkpoint.save(owner=self.id, run_id=self.run_id, checkpoints=saved)
            for entry in saved:
                if entry.generation in self._checkpoints:
                    self._checkpoints[entry.generation] = checkpoint.Checkpoints(entry.offset, now, entry.size)
        for generation in cancelled:
            self.cancel(generation)
        if now - self._renewed >= self.settings.renew:
            await self._renew()
        self._ticked = time.monotonic()

    async def _renew(self) -> None:
        runs = dict(self.runs)
        kept, asked = await checkpoint.renew(owner=self.id, seconds=self.settings.lease, generations=runs)
        self._renewed = asked
        for generation, run in runs.items():
            if generation in kept:
                run.source.owned_at = asked
            elif generation in self.runs:
                run.stop("lost")

    async def _beat_loop(self) -> None:
        """Apart from the tick, which waits for the database: a node whose database is away is alive."""
        while True:
            with suppress(LogAway):
                await self.node.log.beat(owner=self.id, seconds=5 * self.settings.beat)
            await asyncio.sleep(self.settings.beat)

    async def _sweep_loop(self) -> None:
        """At once when somebody released answers. Never while the database is slow to answer this node's own tick."""
        while True:
            fresh = not self._ticked or time.monotonic() - self._ticked < self.settings.renew
            if fresh and not self._stopping:
                with suppress(LogAway):
                    await self._sweeper.sweep(mine=self.runs.keys())
            with suppress(TimeoutError):
                async with asyncio.timeout(self.settings.sweep):
                    await self._sweep.wait()
            self._sweep.clear()

    async def _relay_loop(self) -> None:
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(self.settings.relay):
                    await self._relay.wait()
            self._relay.clear()
            while await outbox.relay() == outbox.RELAY_BATCH:
                pass
            await asyncio.sleep(self.settings.relay_apart)  # A burst of sends is numbered together.

    async def _housekeeping_loop(self) -> None:
        while True:
            await outbox.trim()
            await idempotency.trim()
            await retention.purge_deleted()
            await asyncio.sleep(self.settings.housekeeping)


async def _settle(tasks: Iterable[asyncio.Task[None]], *, until: float) -> None:
    """Let these end; what has not by then is ended."""
    if waiting := list(tasks):
        _, late = await asyncio.wait(waiting, timeout=max(0.0, until - time.monotonic()))
        await end(*late)


_current: GenerationHost | None = None


def current() -> GenerationHost:
    """The host of this process. Raises `Unavailable` where there is none: before the start and while stopping."""
    if _current is None:
        raise Unavailable
    return _current
