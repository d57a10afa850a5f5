"""The topics that this process follows: it takes what was appended, here or elsewhere, and hands it to the cursors.

What this process wrote comes by a plain call (`accept`); what others wrote comes as hints, which may be lost, doubled
or late: an event that does not fit is read from the log (or from the application's rows) instead.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable, Mapping
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from realtime.errors import AppError, NotFound
from realtime.feed import Feed
from realtime.hooks import Slice, Snapshot, TopicKind, TopicState
from realtime.log.base import EventLog, LogAway
from realtime.positions import kind_of
from realtime.settings import RealtimeSettings
from realtime.tasks import end
from realtime.wire import event_frame
from realtime.writer import Held

if TYPE_CHECKING:
    from realtime.cursor import Cursor

logger = logging.getLogger(__name__)

_FILL_EVENTS = 256
_FILL_BYTES = 256 * 1024
_TRIES = 20


class Hub:
    """All feeds of the process. `doubt` is called where topics should be checked again soon."""

    def __init__(
        self,
        *,
        log: EventLog,
        kinds: Mapping[str, TopicKind],
        settings: RealtimeSettings,
        held: Callable[[str], Held | None],
    ) -> None:
        self.feeds: dict[str, Feed] = {}
        self.on_attach: Callable[[Cursor], None] | None = None
        self.on_detach: Callable[[Cursor], None] | None = None
        self.doubt: Callable[[], None] = lambda: None
        self._log = log
        self._kinds = kinds
        self._settings = settings
        self._held = held
        self._pins: dict[str, int] = {}
        self._opening: dict[str, asyncio.Task[None]] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    # What was appended

    def accept(self, topic: str, epoch: str, first: int, events: list[bytes], end: int = 0) -> None:
        """These events exist now, the first at this offset; `end` where there are more than are given."""
        feed = self.feeds.get(topic)
        if feed is None:
            return
        end = max(end, first + len(events) - 1)
        if not feed.ready:
            feed.known = max(feed.known, end)
            return
        if epoch != feed.epoch:
            self.spawn(self.renew(feed))
            return
        skip = feed.end + 1 - first
        if skip == 0:
            feed.extend(events)
        elif 0 < skip < len(events):
            feed.extend(events[skip:])
        if end > feed.end:
            feed.known = max(feed.known, end)
            self._fill_soon(feed)

    def whisper(self, topic: str, wire: bytes) -> None:
        """Send an event without offset to whoever has room for it right now."""
        feed = self.feeds.get(topic)
        if feed is not None:
            for cursor in list(feed.cursors):
                cursor.session.whisper(wire)

    # Who follows

    @asynccontextmanager
    async def following(self, topic: str) -> AsyncIterator[Feed]:
        """The topic's feed, ready, kept at least until the block ends. Raises `NotFound`, `LogAway`."""
        feed = self.feeds.get(topic)
        if feed is None:
            kind = self._kinds.get(kind_of(topic) or "")
            if kind is None:
                raise NotFound
            settings = self._settings
            feed = Feed(topic, kind, most_events=settings.recent_events, most_bytes=settings.recent_bytes)
            self.feeds[topic] = feed
        self._pins[topic] = self._pins.get(topic, 0) + 1
        try:
            if not feed.ready:
                await self._ready(feed)
            yield feed
        finally:
            self._pins[topic] -= 1
            if not self._pins[topic]:
                del self._pins[topic]
            self._drop(feed)

    def attach(self, cursor: "Cursor") -> None:
        """A cursor follows its feed."""
        cursor.feed.cursors.add(cursor)
        if self.on_attach is not None:
            self.on_attach(cursor)

    def detach(self, cursor: "Cursor") -> None:
        """A cursor follows no more; the last one's feed goes."""
        feed = cursor.feed
        feed.cursors.discard(cursor)
        if cursor in feed.live:
            feed.live.remove(cursor)
        if self.on_detach is not None:
            self.on_detach(cursor)
        self._drop(feed)

    def _drop(self, feed: Feed) -> None:
        if not feed.cursors and feed.topic not in self._pins and self.feeds.get(feed.topic) is feed:
            del self.feeds[feed.topic]

    # Reading

    async def read(self, feed: Feed, after: int, *, most_events: int, most_bytes: int) -> list[bytes]:
        """Frames behind an offset: recent ones, else from the log. Empty: not there (any more, or yet)."""
        recent = feed.frames(after, most_events, most_bytes)
        if recent:
            return recent
        found = await self.events(feed, after, most_events=most_events, most_bytes=most_bytes)
        return [event_frame(feed.prefix, after + number, event) for number, event in enumerate(found.events, 1)]

    async def events(self, feed: Feed, after: int, *, most_events: int, most_bytes: int) -> Slice:
        """Events behind an offset, from memory where this process writes the log."""
        held = self._held(feed.topic)
        if held is not None and held.source.epoch == feed.epoch:
            return _from_memory(held, after, most_events, most_bytes)
        reader = self._log.read if feed.kind.logged else feed.kind.read
        if feed.lost:
            return Slice(after, [], feed.end, kept=False)
        return await reader(
            topic=feed.topic, epoch=feed.epoch, after=after, max_events=most_events, max_bytes=most_bytes
        )

    async def snapshot(self, feed: Feed) -> Snapshot:
        """The topic's state at one position; notices a new epoch, and events that were not heard of."""
        snapshot = await feed.kind.snapshot(topic=feed.topic)
        if snapshot.position.epoch != feed.epoch:
            await self.renew(feed)
        if snapshot.position.epoch == feed.epoch and snapshot.position.offset > feed.end:
            feed.known = max(feed.known, snapshot.position.offset)
            self._fill_soon(feed)
        return snapshot

    # Keeping right

    async def check(self, feeds: Iterable[Feed]) -> None:
        """Compare where these feeds end with where their topics end, and read what is missing."""
        kinds: dict[str, list[Feed]] = {}
        for feed in feeds:
            if feed.ready and self._held(feed.topic) is None and not feed.lost:
                kinds.setdefault(feed.kind.name, []).append(feed)
        for some in kinds.values():
            kind = some[0].kind
            states = await kind.states([feed.topic for feed in some])
            ends: Mapping[tuple[str, str], int] = {}
            if kind.logged:
                ends = await self._log.ends([(topic, state.epoch) for topic, state in states.items()])
            for feed in some:
                state = states.get(feed.topic)
                if state is None:
                    continue
                if state.epoch != feed.epoch:
                    await self.renew(feed)
                    continue
                end = await self._sealed(feed.topic, state, ends.get((feed.topic, state.epoch), 0), kind)
                if end > feed.end:
                    feed.known = max(feed.known, end)
                    self._fill_soon(feed)

    async def renew(self, feed: Feed) -> None:
        """The topic may have a new epoch: then everybody gets a snapshot."""
        epoch = feed.epoch
        state = await feed.kind.state(topic=feed.topic)
        if state.epoch == feed.epoch or feed.epoch != epoch:
            return
        known, feed.known, feed.ready = feed.known, 0, False
        try:
            await self._begin(feed, state)
        except BaseException:
            feed.known, feed.ready = known, True
            self.doubt()
            raise
        feed.live = []
        for cursor in list(feed.cursors):
            cursor.stale = True
            cursor.paging = None
            cursor.ahead = None
            cursor.lag()

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        """Run something beside; what it raises is logged."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._spawned)

    def _spawned(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            logger.warning("A topic could not be read: %s", error, exc_info=not isinstance(error, LogAway | AppError))

    async def stop(self) -> None:
        """End what runs beside."""
        await end(*self._tasks)

    async def _ready(self, feed: Feed) -> None:
        """Open a feed once, however many ask for it at the same time."""
        if self._open_held(feed):
            return
        task = self._opening.get(feed.topic)
        if task is None:
            task = asyncio.get_running_loop().create_task(self._open(feed))
            self._opening[feed.topic] = task
            task.add_done_callback(lambda done: self._opened(feed.topic, done))
        await asyncio.shield(task)

    def _opened(self, topic: str, task: asyncio.Task[None]) -> None:
        self._opening.pop(topic, None)
        if not task.cancelled():
            task.exception()  # whoever waits has it too

    def _open_held(self, feed: Feed) -> bool:
        held = self._held(feed.topic)
        if held is None:
            return feed.ready
        feed.begin(held.source.epoch, len(held.events))
        if held.last and not held.pending:
            feed.ended = feed.end
        return True

    async def _open(self, feed: Feed) -> None:
        state = await feed.kind.state(topic=feed.topic)
        if not self._open_held(feed):
            await self._begin(feed, state)

    async def _begin(self, feed: Feed, state: TopicState) -> None:
        """Set a feed that is not ready to where its topic stands; hints meanwhile only raise `known`."""
        end, lost = state.end or 0, False
        if feed.kind.logged:
            ends = await self._log.ends([(feed.topic, state.epoch)])
            end = await self._sealed(feed.topic, state, ends.get((feed.topic, state.epoch), 0), feed.kind)
            lost = state.ended is not None and end < state.ended.offset
        if feed.ready or self._open_held(feed):
            return
        heard = feed.known
        feed.begin(state.epoch, state.ended.offset if lost and state.ended else end)
        feed.lost = lost
        feed.ended = state.ended.offset if state.ended else None
        if heard > feed.end and not lost:
            feed.known = heard
            self._fill_soon(feed)

    async def _sealed(self, topic: str, state: TopicState, end: int, kind: TopicKind) -> int:
        """The end of the topic, after the terminal event was appended where only that was missing."""
        if not kind.logged:
            return state.end or 0
        if state.ended is not None and end and end == state.ended.offset - 1:
            await self._log.seal(topic=topic, epoch=state.epoch, offset=state.ended.offset, event=state.ended.event)
            return state.ended.offset
        return end

    def _fill_soon(self, feed: Feed) -> None:
        if not feed.filling:
            feed.filling = True
            self.spawn(self._fill(feed))

    async def _fill(self, feed: Feed) -> None:
        """Read what is known to exist and was not handed out."""
        epoch, tries = feed.epoch, 0
        try:
            while feed.end < feed.known and feed.epoch == epoch and self.feeds.get(feed.topic) is feed:
                if await self._filled(feed, epoch):
                    tries = 0
                    continue
                tries += 1
                if tries > _TRIES:  # nothing came of the hint; the next one, or the look, starts again
                    feed.known = feed.end
                    self.doubt()
                    return
                await asyncio.sleep(0.05 * tries)
        finally:
            feed.filling = False

    async def _filled(self, feed: Feed, epoch: str) -> bool:
        """Read the next events and hand them out; False: there were none, or what keeps them is away."""
        try:
            found = await self.events(feed, feed.end, most_events=_FILL_EVENTS, most_bytes=_FILL_BYTES)
        except Exception as error:  # noqa: BLE001 - whatever a database that is away raises
            logger.warning("%s could not be read: %r", feed.topic, error)
            return False
        if feed.epoch == epoch and found.events:
            self.accept(feed.topic, epoch, found.after + 1, found.events)
        return bool(found.events)


def _from_memory(held: Held, after: int, most_events: int, most_bytes: int) -> Slice:
    taken: list[bytes] = []
    size = 0
    for event in held.events[after : after + most_events]:
        size += len(event)
        if taken and size > most_bytes:
            break
        taken.append(event)
    return Slice(after, taken, len(held.events), kept=after <= len(held.events))
