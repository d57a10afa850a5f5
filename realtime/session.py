"""One connection's subscriptions, whatever the transport: the window, the live pushes, and the catching up.

At most `window_events` events or `window_bytes` bytes, all topics and snapshots together, are sent and not
acknowledged. Past that, or while the transport is full, cursors lag: no log is read for them and no copy is held.
One task, the pump, runs while a cursor lags and there is room; it reads small pieces in turn.
"""

import asyncio
import logging
import time
from collections.abc import Callable
from typing import Protocol

from realtime.cursor import Cursor, Paging
from realtime.errors import AppError, NotFound
from realtime.feed import Feed
from realtime.hub import Hub
from realtime.pages import snapshot_pages
from realtime.settings import RealtimeSettings

logger = logging.getLogger(__name__)

_PIECE_EVENTS = 64
_PIECE_BYTES = 64 * 1024
_MISSES = 10
_PAUSE = 0.2
_MOST_FAILURES = 600


class Link(Protocol):
    """The way out of a connection."""

    def write(self, data: bytes) -> bool:
        """Send; False: full, wait for `drained`."""

    async def drained(self) -> None:
        """Return when there is room again, or when the connection is gone."""

    def abort(self) -> None:
        """Cut the connection."""

    @property
    def buffered(self) -> int:
        """Bytes that the network has not taken yet."""


class Session:
    """The subscriptions of one connection. `events` and `bytes` are what is sent and not acknowledged.

    `on_gone` is told of a topic that is no more, `on_end` of a stream's terminal event.
    """

    cursor_class: type[Cursor] = Cursor

    def __init__(
        self,
        *,
        hub: Hub,
        link: Link,
        settings: RealtimeSettings,
        on_gone: Callable[[str, AppError], None],
        on_end: Callable[[], None] | None = None,
    ) -> None:
        self.hub = hub
        self.link = link
        self.settings = settings
        self.write = link.write
        self.user: str | None = None
        self.cursors: dict[str, Cursor] = {}
        self.events = 0
        self.bytes = 0
        self.frame_limit = settings.server_frame
        self.blocked = False
        self.blocked_since: float | None = None
        self.full_since: float | None = None
        self.closed = False
        self._max_events = settings.window_events
        self._max_bytes = settings.window_bytes
        self._on_gone = on_gone
        self._on_end = on_end
        self._buffered = 0
        self._failures = 0
        self._lagging: dict[Cursor, None] = {}
        self._pump: asyncio.Task[None] | None = None

    # The window

    def takes(self, size: int) -> bool:
        """Whether a frame of this size may be sent now; if not, the window counts as full from now on."""
        if size > self.frame_limit:
            return False
        if self.events < self._max_events and (self.bytes + size <= self._max_bytes or self.events == 0):
            return True
        if self.full_since is None:
            self.full_since = time.monotonic()
        return False

    def ack(self, topic: str, epoch: str, offset: int, page: int | None) -> None:
        """A client's acknowledgement; what is old or of another epoch is ignored. Raises `AckAhead`."""
        cursor = self.cursors.get(topic)
        if cursor is None or epoch != cursor.epoch:
            return
        if cursor.ack(offset, page) and self.full_since is not None:
            paging = [lagging.paging for lagging in self._lagging if lagging.paging is not None]
            dropped = paging and all(one.pages is None for one in paging) and len(paging) == len(self._lagging)
            self.full_since = time.monotonic()
            if not dropped or self.bytes <= self._max_bytes // 2:
                self.full_since = None
                self.wake()

    def stalled(self, now: float) -> bool:
        """Whether nothing got through for too long, for want of acknowledgements or of a reader."""
        if self.blocked:
            before, self._buffered = self._buffered, self.link.buffered
            if self._buffered < before:
                self.blocked_since = now
        since = min(self.full_since or now, self.blocked_since or now)
        return now - since > self.settings.stall_timeout

    @property
    def awaits(self) -> bool:
        """Whether it follows something that is being written."""
        return any(cursor.feed.kind.terminal and cursor.feed.ended is None for cursor in self.cursors.values())

    @property
    def resting(self) -> bool:
        """Whether the pong time-out rests: the client has more than enough to read."""
        return self.full_since is not None or self.blocked

    def block(self) -> None:
        """The transport is full: nothing more until it has drained."""
        if not self.blocked:
            self.blocked = True
            self.blocked_since = time.monotonic()
            self.wake()

    def whisper(self, wire: bytes) -> None:
        """Send an event without offset, unless there is no room for it now."""
        if not self.resting and not self.write(wire):
            self.block()

    # Subscriptions

    def attach(self, cursor: Cursor) -> None:
        """Begin to deliver from the cursor's position; replaces an earlier cursor on the topic."""
        self.detach(cursor.topic)
        if self.closed:
            return
        self.cursors[cursor.topic] = cursor
        cursor.attached = True
        cursor.stale = cursor.stale or cursor.epoch != cursor.feed.epoch
        self.hub.attach(cursor)
        if not cursor.stale and cursor.paging is None and cursor.offset >= cursor.feed.end:
            cursor.live = True
            cursor.feed.live.append(cursor)
        else:
            self.lag(cursor)

    def detach(self, topic: str) -> bool:
        """Stop delivering a topic; False: it was not subscribed."""
        cursor = self.cursors.pop(topic, None)
        if cursor is None:
            return False
        self._leave(cursor)
        if self.full_since is not None and not self.closed:
            self.full_since = None
            self.wake()
        return True

    def close(self) -> None:
        """Forget everything; the connection is gone or going."""
        self.closed = True
        for cursor in self.cursors.values():
            self._leave(cursor)
        self.cursors.clear()
        if self._pump is not None:
            self._pump.cancel()

    def end(self) -> None:
        """The stream's terminal event was sent."""
        if self._on_end is not None:
            self._on_end()

    def _leave(self, cursor: Cursor) -> None:
        cursor.attached = False
        cursor.live = False
        cursor.release()
        self._lagging.pop(cursor, None)
        self.hub.detach(cursor)

    # Catching up

    def lag(self, cursor: Cursor) -> None:
        """Remember that a cursor has to catch up."""
        self._lagging[cursor] = None
        self.wake()

    def wake(self) -> None:
        """Start the pump where there is something to do for it."""
        if self._pump is None and not self.closed and (self.blocked or (self._lagging and self.full_since is None)):
            self._pump = asyncio.get_running_loop().create_task(self._run())
            self._pump.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._pump = None
        if not task.cancelled() and (error := task.exception()) is not None:
            logger.error("A session's catching up failed", exc_info=error)
            self.link.abort()
        self.wake()

    async def _run(self) -> None:
        while not self.closed:
            if self.blocked:
                await self.link.drained()
                self.blocked = False
                self.blocked_since = None
            elif self._lagging and self.full_since is None:
                cursor = next(iter(self._lagging))
                del self._lagging[cursor]
                try:
                    more = await self._advance(cursor)
                except NotFound as error:  # the topic went away under its subscriber
                    self._on_gone(cursor.topic, error)
                    continue
                except Exception as error:
                    # the log or the database is away; what is a defect ends with the connection
                    self._failures += 1
                    if self._failures > _MOST_FAILURES:
                        raise
                    logger.info("Can't catch up on %s yet: %r", cursor.topic, error)
                    await asyncio.sleep(_PAUSE)
                    more = True
                else:
                    self._failures = 0
                if more and cursor.attached:
                    self._lagging[cursor] = None
            else:
                return

    async def _advance(self, cursor: Cursor) -> bool:
        """Send the next piece to one cursor. False: it is live now, or gone."""
        feed = cursor.feed
        if cursor.stale or cursor.paging is not None:
            return await self._snapshot(cursor)
        if cursor.offset >= feed.end:
            if cursor.attached and not cursor.live:
                cursor.live = True
                feed.live.append(cursor)
            return False
        wires, cursor.ahead = cursor.ahead, None
        if wires is None:
            wires = await self._read(cursor, feed)
        if cursor.epoch != feed.epoch:
            cursor.stale = True
            return cursor.attached
        for wire in wires:
            if not cursor.push(wire, cursor.offset + 1):
                break
        return True

    async def _read(self, cursor: Cursor, feed: Feed) -> list[bytes]:
        room = max(1, min(_PIECE_EVENTS, self._max_events - self.events))
        size = max(1, min(_PIECE_BYTES, self._max_bytes - self.bytes))
        wires = await self.hub.read(feed, cursor.offset, most_events=room, most_bytes=size)
        if wires:
            cursor.misses = 0
            return wires
        cursor.misses += 1
        if feed.lost or cursor.misses > _MISSES:
            cursor.misses = 0
            cursor.stale = True
        else:  # lost in Redis; its owner is about to write it again
            await asyncio.sleep(_PAUSE)
        return []

    async def _snapshot(self, cursor: Cursor) -> bool:
        """Send what fits of a snapshot that nobody asked for, or that did not fit its reply."""
        feed, paging = cursor.feed, cursor.paging
        if paging is None or paging.pages is None:
            snapshot = await self.hub.snapshot(feed)
            if not cursor.attached:
                return False
            pages = snapshot_pages(feed.topic, snapshot.position, snapshot.data, limit=self.frame_limit)
            if paging is None or paging.position != snapshot.position:
                paging = Paging(snapshot.position, pages)
                cursor.begin(paging)
            else:
                paging.pages = pages
        pages = paging.pages or []
        while paging.next < len(pages):
            if not cursor.push_page(pages[paging.next], paging.next):
                if sum(map(len, pages)) > self.settings.snapshot_hold:
                    paging.pages = None
                return True
            paging.next += 1
        cursor.applied(paging.position)
        return cursor.attached
