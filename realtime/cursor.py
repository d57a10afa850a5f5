"""A place in a topic for one connection: what was sent, what of it is acknowledged, and whether it is live.

A live cursor stands at its feed's end and gets each event by a plain call. One that can't take an event (the window
is full, the transport is full, the event is not the next) lags: the session reads the log for it when there is room.
"""

from collections import deque
from typing import TYPE_CHECKING

from realtime.feed import Feed
from realtime.positions import Position
from realtime.wire import payload_of

if TYPE_CHECKING:
    from realtime.session import Session


class AckAhead(Exception):
    """An acknowledgement of what was never sent."""


class Paging:
    """A snapshot on its way: `pages` is None while no copy is held, `next` the page to send."""

    __slots__ = ("next", "pages", "position")

    def __init__(self, position: Position, pages: list[bytes]) -> None:
        self.position = position
        self.pages: list[bytes] | None = pages
        self.next = 0


class Cursor:
    """A subscription of a socket. `offset` is the last that was sent, `acked` the last that was acknowledged."""

    __slots__ = (
        "acked",
        "ahead",
        "attached",
        "epoch",
        "feed",
        "live",
        "misses",
        "offset",
        "paging",
        "session",
        "sizes",
        "snap",
        "snap_offset",
        "stale",
    )

    def __init__(self, session: "Session", feed: Feed) -> None:
        self.session = session
        self.feed = feed
        self.epoch = feed.epoch
        self.offset = 0
        self.acked = 0
        self.live = False
        self.attached = False
        self.stale = False
        self.misses = 0
        self.paging: Paging | None = None
        self.ahead: list[bytes] | None = None
        self.sizes: deque[int] = deque()
        self.snap: deque[tuple[int, int, int]] = deque()  # page, frames, bytes
        self.snap_offset = 0

    @property
    def topic(self) -> str:
        """The topic's name."""
        return self.feed.topic

    def stand(self, position: Position) -> None:
        """Everything up to here is with the client."""
        self.epoch = position.epoch
        self.offset = self.acked = position.offset

    def lag(self) -> None:
        """Leave the live ones; the session catches up from the log."""
        self.live = False
        self.session.lag(self)

    def push(self, wire: bytes, offset: int) -> bool:
        """Send the event with this offset, unless it was; False: can't now, the cursor lags."""
        if offset != self.offset + 1:
            if offset <= self.offset:
                return True
            self.lag()
            return False
        session = self.session
        size = len(wire)
        if session.blocked or not session.takes(size):
            if size > session.frame_limit:
                self.stale = True
            self.lag()
            return False
        session.events += 1
        session.bytes += size
        self.sizes.append(size)
        self.offset = offset
        if not session.write(wire):
            session.block()
        return True

    # Snapshots

    def begin(self, paging: Paging) -> None:
        """A snapshot replaces what the client had; what is not acknowledged yet is so with the snapshot."""
        self.paging = paging
        self.epoch = paging.position.epoch
        self.snap_offset = paging.position.offset
        frames = len(self.sizes) + sum(entry[1] for entry in self.snap)
        size = sum(self.sizes) + sum(entry[2] for entry in self.snap)
        self.sizes.clear()
        self.snap.clear()
        if frames:
            self.snap.append((-1, frames, size))

    def charge(self, page: int, size: int) -> None:
        """A page of the snapshot (or the whole, in a reply) was sent and counts until it is acknowledged."""
        self.snap.append((page, 1, size))
        self.session.events += 1
        self.session.bytes += size

    def push_page(self, wire: bytes, page: int) -> bool:
        """Send one page; False: no room for it now."""
        session = self.session
        if session.blocked or not session.takes(len(wire)):
            return False
        self.charge(page, len(wire))
        if not session.write(wire):
            session.block()
        return True

    def applied(self, position: Position) -> None:
        """The snapshot's last page was sent: events follow from here."""
        self.paging = None
        self.stale = False
        self.stand(position)

    # Acknowledgements

    def ack(self, offset: int, page: int | None) -> bool:
        """All up to here was applied. True: this advanced. Raises `AckAhead`."""
        sent = max(self.offset, self.snap_offset) if self.paging else self.offset
        if offset > sent:
            raise AckAhead(self.topic)
        session = self.session
        frames = size = 0
        if self.snap and offset >= self.snap_offset:
            upto = page if page is not None and offset == self.snap_offset else None
            if upto is not None and upto > self.snap[-1][0]:
                raise AckAhead(self.topic)
            while self.snap and (upto is None or self.snap[0][0] <= upto):
                entry = self.snap.popleft()
                frames += entry[1]
                size += entry[2]
        sizes = self.sizes
        while self.acked < offset and sizes:
            size += sizes.popleft()
            frames += 1
            self.acked += 1
        session.events -= frames
        session.bytes -= size
        return frames > 0

    def release(self) -> None:
        """Nothing of this cursor counts any more."""
        self.session.events -= len(self.sizes) + sum(entry[1] for entry in self.snap)
        self.session.bytes -= sum(self.sizes) + sum(entry[2] for entry in self.snap)
        self.sizes.clear()
        self.snap.clear()


class StreamCursor(Cursor):
    """The one subscription of an SSE response: no window but the transport's buffer, and an end."""

    __slots__ = ()

    def push(self, wire: bytes, offset: int) -> bool:
        """Send the event with this offset as SSE."""
        if offset != self.offset + 1:
            if offset <= self.offset:
                return True
            self.lag()
            return False
        session = self.session
        if session.blocked or len(wire) > session.frame_limit:
            self.stale = len(wire) > session.frame_limit
            self.lag()
            return False
        self.offset = offset
        line = b"id: %b:%d\ndata: %b\n\n" % (self.epoch.encode("ascii"), offset, payload_of(wire))
        if not session.write(line):
            session.block()
        if self.feed.ended is not None and offset >= self.feed.ended:
            session.end()
        return True

    def push_page(self, wire: bytes, page: int) -> bool:
        """Send one page; only the last carries the id, so that a cut before it starts again."""
        session = self.session
        if session.blocked:
            return False
        paging = self.paging
        line = b"data: %b\n\n" % payload_of(wire)
        if paging is not None and paging.pages is not None and page == len(paging.pages) - 1:
            line = b"id: %b\n%b" % (str(paging.position).encode("ascii"), line)
        if not session.write(line):
            session.block()
        return True

    def applied(self, position: Position) -> None:
        """The snapshot was sent; one that is already the end ends the response."""
        super().applied(position)
        if self.feed.ended is not None and position.offset >= self.feed.ended:
            self.session.end()
