"""The log writer: one for the process, self-clocked, pulling events from the running answers.

One batch is on its way at a time; what arrives meanwhile, from all sources, goes into the next. The first token waits
for nothing. When the reply is there everything after it is one chain of plain calls: `Source.committed`, then
`publish` (the hub, its cursors, their sockets). All events of a running answer stay in memory, so that a log that
lost its tail, or everything, is written again at the same offsets.
"""

import asyncio
import logging
import time
from collections.abc import Callable
from typing import Protocol

from realtime.hooks import Source
from realtime.log.base import Append, Appended, Batch, EventLog, LogAway, Verdict
from realtime.positions import Position
from realtime.settings import RealtimeSettings

logger = logging.getLogger(__name__)


class Publish(Protocol):
    """Where committed events go: topic, epoch, the offset of the first, the events."""

    def __call__(self, topic: str, epoch: str, first: int, events: list[bytes], /) -> None:
        """Deliver; must not block."""


class Refused(Exception):
    """The log takes nothing more of this source; `reason`: `fenced`, `sealed`, `conflict`, `broken`, `closed`."""

    def __init__(self, reason: str, end: int) -> None:
        self.reason = reason
        self.end = end
        super().__init__(reason)


class Held:
    """What the writer holds of one source: `events` are in the log, `pending` are on their way."""

    __slots__ = (
        "again",
        "base",
        "check",
        "confirmed",
        "confirming",
        "dirty",
        "events",
        "last",
        "pending",
        "refused",
        "served",
        "source",
        "waiters",
    )

    def __init__(self, source: Source, events: list[bytes]) -> None:
        self.source = source
        self.events = events
        self.pending: list[bytes] = []
        self.base = len(events)  # how much of it the log is known to hold
        self.dirty = False
        self.check = False
        self.again = False  # `pending` is sent again, and the source may have more
        self.last = False
        self.confirming = False
        self.confirmed = False  # by the database, since the last commit
        self.refused: Refused | None = None
        self.waiters: list[asyncio.Future[Position]] = []
        self.served: list[asyncio.Future[Position]] = []

    @property
    def end(self) -> Position:
        """Where the log ends, as far as it is confirmed."""
        return Position(self.source.epoch, len(self.events))


class LogWriter:
    """Sends one batch at a time; what arrives meanwhile, from all sources, goes into the next."""

    def __init__(
        self,
        log: EventLog,
        *,
        publish: Publish,
        settings: RealtimeSettings,
        counted: Callable[[int], None] | None = None,
    ) -> None:
        self._log = log
        self._publish = publish
        self._settings = settings
        self._counted = counted
        self._held: dict[int, Held] = {}
        self._topics: dict[str, Held] = {}
        self._dirty: list[Held] = []
        self._inflight: list[Held] | None = None
        self._sent_at = 0.0
        self._scheduled = False
        self._pause = settings.reconnect_first
        self._retry: asyncio.TimerHandle | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._away = False
        self.batches = 0
        self.written = 0

    # What the application calls

    def open(self, source: Source, events: list[bytes] | None = None) -> Held:
        """Take up a source: a new log, or after a takeover one that holds these `events` already."""
        held = Held(source, list(events or ()))
        self._held[id(source)] = held
        self._topics[source.topic] = held
        if self._away:
            source.degraded(self._away)
        return held

    def wake(self, source: Source) -> None:
        """There is something to `take`. Cheap; call it as often as you like. Opens a source that is new."""
        held = self._held.get(id(source))
        if held is None:
            held = self.open(source)
        if not held.dirty and held.refused is None:
            self._mark(held)

    async def drain(self, source: Source) -> Position:
        """Wait until all that the source has is in the log. Raises `Refused`; waits while the log is away."""
        held = self._held.get(id(source))
        if held is None:
            raise Refused("closed", 0)
        if held.refused is not None:
            raise held.refused
        future: asyncio.Future[Position] = asyncio.get_running_loop().create_future()
        held.waiters.append(future)
        self._mark(held)
        return await future

    def close(self, source: Source) -> None:
        """Forget a source (it ended, or was handed over): its events leave the memory."""
        held = self._held.pop(id(source), None)
        if held is None:
            return
        if self._topics.get(source.topic) is held:
            del self._topics[source.topic]
        _fail(held, Refused("closed", len(held.events)))

    @property
    def away(self) -> bool:
        """The log can't be reached for the moment: refuse new work as `unavailable`, keep the running."""
        return self._away

    # What the node calls

    def held(self, topic: str) -> Held | None:
        """What is in memory of a topic that this process writes. Its `events` are exactly the log's."""
        return self._topics.get(topic)

    def __len__(self) -> int:
        return len(self._held)

    def verify(self) -> None:
        """Compare every log with what is held, and write again what is missing; after a reconnect or a wipe."""
        for held in self._held.values():
            if held.refused is None and not (held.last and not held.pending):
                held.check = True
                self._mark(held)

    def tick(self) -> None:
        """Now and then: a batch without an answer for a while means that the log is away."""
        if self._inflight is not None and time.monotonic() - self._sent_at > self._settings.degraded_after:
            self._set_away(away=True)

    async def stop(self) -> None:
        """Drop what has not been sent, and end everything that waits."""
        if self._retry is not None:
            self._retry.cancel()
        for task in list(self._tasks):
            task.cancel()
        for held in list(self._held.values()):
            self.close(held.source)

    # The clock

    def _mark(self, held: Held) -> None:
        if not held.dirty:
            held.dirty = True
            self._dirty.append(held)
        if self._inflight is None and not self._scheduled and self._retry is None:
            self._scheduled = True
            asyncio.get_running_loop().call_soon(self._flush)

    def _flush(self) -> None:
        self._scheduled = False
        if self._inflight is not None:
            return
        todo, self._dirty = self._dirty, []
        batch: list[Held] = []
        appends: list[Append] = []
        room = self._settings.batch_bytes
        for held in todo:
            if room <= 0:
                self._dirty.append(held)
                continue
            held.dirty = False
            try:
                append = self._prepare(held)
            except Exception:
                logger.exception("A source can't be read: %s", held.source.topic)
                self._refuse(held, "broken", len(held.events))
                continue
            if append is not None:
                batch.append(held)
                appends.append(append)
                room -= sum(map(len, append.events))
        if appends:
            self._inflight = batch
            self._sent_at = time.monotonic()
            self._log.submit(appends, self._done)

    def _prepare(self, held: Held) -> Append | None:
        if held.confirming or held.refused is not None:
            return None
        source = held.source
        held.again = bool(held.pending)
        if not held.again:
            if not held.last:
                held.pending = source.take()
                held.last = source.finished
            held.served += held.waiters
            held.waiters.clear()
        events = held.pending
        if held.base < len(held.events):
            events = held.events[held.base :] + events
        elif not events and (held.last or not held.check):
            _serve(held)
            return None
        held.check = False
        return Append(source.topic, source.epoch, source.fence, held.base, events, source.owned_at, held.last)

    def _done(self, outcome: Batch | LogAway) -> None:
        batch, self._inflight = self._inflight or [], None
        if isinstance(outcome, LogAway):
            for held in batch:
                self._mark_later(held)
            self._set_away(away=True)
            self._try_later()
            return
        self.batches += 1
        if outcome.count is not None and self._counted is not None:
            self._counted(outcome.count)
        full = False
        for held, result in zip(batch, outcome.outcomes, strict=True):
            try:
                if result.verdict is Verdict.OK:
                    self._commit(held)
                elif result.verdict is Verdict.FULL:
                    full = True
                    self._mark_later(held)
                else:
                    self._trouble(held, result)
            except Exception:
                logger.exception("A source failed after its append to %s", held.source.topic)
        self._set_away(away=full)
        if full:
            self._try_later()
            return
        self._pause = self._settings.reconnect_first
        if self._dirty and not self._scheduled:
            self._scheduled = True
            asyncio.get_running_loop().call_soon(self._flush)

    def _commit(self, held: Held) -> None:
        events, source = held.pending, held.source
        first = len(held.events) + 1
        held.events += events
        held.base = len(held.events)
        held.pending = []
        held.confirmed = False
        if events:
            self.written += len(events)
            try:
                if id(source) in self._held:
                    source.committed(first, events)
            finally:
                self._publish(source.topic, source.epoch, first, events)
        if held.served:
            _serve(held)
        if (held.waiters or held.again) and not held.dirty:
            held.dirty = True
            self._dirty.append(held)

    # When things go wrong

    def _mark_later(self, held: Held) -> None:
        if not held.dirty and id(held.source) in self._held:
            held.dirty = held.check = True
            self._dirty.append(held)

    def _trouble(self, held: Held, result: Appended) -> None:
        if result.verdict is Verdict.SHORT:
            held.base = result.end
            self._mark_later(held)
        elif result.verdict is Verdict.MISSING:
            fresh = time.monotonic() - held.source.owned_at < self._settings.owner_window / 2
            if held.base > 0 and fresh:
                held.base = 0
                self._mark_later(held)
            else:
                held.base = 0
                self._spawn(self._confirm(held))
        else:
            self._refuse(held, result.verdict.value, result.end)

    async def _confirm(self, held: Held) -> None:
        """The log or its fence is gone: only who still owns the answer by the database may write it again."""
        held.confirming = True
        pause = self._settings.reconnect_first
        if held.confirmed:  # and missing all the same: do not ask without end
            await asyncio.sleep(self._settings.reconnect_max)
        while id(held.source) in self._held and held.refused is None:
            try:
                await self._log.counter()  # brings the idea of the log's clock up to date
                owns = await held.source.confirm()
            except Exception as error:  # noqa: BLE001 - whatever keeps the database from answering
                logger.warning("Can't confirm who owns %s yet: %s", held.source.topic, error)
                await asyncio.sleep(pause)
                pause = min(pause * 2, self._settings.reconnect_max)
                continue
            held.confirming = False
            held.confirmed = True
            if owns:
                held.check = True
                self._mark(held)
            else:
                self._refuse(held, Verdict.FENCED.value, 0)
            return

    def _refuse(self, held: Held, reason: str, end: int) -> None:
        source = held.source
        if held.refused is not None or id(source) not in self._held:
            return
        held.refused = Refused(reason, end)
        held.events, held.pending = [], []
        if self._topics.get(source.topic) is held:
            del self._topics[source.topic]
        _fail(held, held.refused)
        source.refused(reason, end)

    def _spawn(self, work: "asyncio._CoroutineLike[None]") -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _try_later(self) -> None:
        if self._retry is None:
            self._retry = asyncio.get_running_loop().call_later(self._pause, self.retry)
            self._pause = min(self._pause * 2, self._settings.reconnect_max)

    def retry(self) -> None:
        """Try again now what could not be sent; the log's connection calls this when it is back."""
        if self._retry is not None:
            self._retry.cancel()
            self._retry = None
        self._flush()

    def _set_away(self, *, away: bool) -> None:
        if away == self._away:
            return
        self._away = away
        logger.log(logging.WARNING if away else logging.INFO, "The event log is %s", "away" if away else "back")
        for held in list(self._held.values()):
            try:
                held.source.degraded(away)
            except Exception:
                logger.exception("A source failed on being told that the log is %s", "away" if away else "back")


def _serve(held: Held) -> None:
    served, held.served = held.served, []
    for future in served:
        if not future.done():
            future.set_result(held.end)


def _fail(held: Held, error: Refused) -> None:
    waiting = held.served + held.waiters
    held.served, held.waiters = [], []
    for future in waiting:
        if not future.done():
            future.set_exception(error)
