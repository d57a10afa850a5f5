"""One topic as this process sees it: where it ends, its latest events ready to send, and the cursors that follow it.

A feed exists while somebody follows the topic here. `end` is the last offset that was handed to the live cursors;
`known` is the last one that is known to exist. Where they differ, one task reads what is missing.
"""

from collections import deque
from itertools import islice
from typing import TYPE_CHECKING

from realtime.hooks import TopicKind
from realtime.wire import event_frame, event_prefix

if TYPE_CHECKING:
    from realtime.cursor import Cursor


class Feed:
    """A followed topic. Only the hub makes, fills and drops feeds."""

    __slots__ = (
        "_most_bytes",
        "_most_events",
        "_terminal",
        "cursors",
        "end",
        "ended",
        "epoch",
        "filling",
        "kind",
        "known",
        "live",
        "lost",
        "prefix",
        "ready",
        "recent",
        "size",
        "topic",
    )  # fmt: skip

    def __init__(self, topic: str, kind: TopicKind, *, most_events: int, most_bytes: int) -> None:
        self.topic = topic
        self.kind = kind
        self.epoch = ""
        self.end = 0
        self.known = 0
        self.ended: int | None = None
        self.ready = False
        self.lost = False
        self.filling = False
        self.prefix = b""
        self.recent: deque[bytes] = deque()
        self.size = 0
        self.live: list[Cursor] = []
        self.cursors: set[Cursor] = set()
        self._most_events = most_events
        self._most_bytes = most_bytes
        self._terminal = tuple(b'{"type":"%b"' % name.encode() for name in sorted(kind.terminal))

    def begin(self, epoch: str, end: int) -> None:
        """Start at a place: at the first use, or with a new epoch."""
        self.epoch = epoch
        self.prefix = event_prefix(self.topic, epoch)
        self.end = end
        self.known = end
        self.ended = None
        self.lost = False
        self.recent.clear()
        self.size = 0
        self.ready = True

    @property
    def base(self) -> int:
        """The offset before the oldest of the recent events."""
        return self.end - len(self.recent)

    def extend(self, events: list[bytes]) -> None:
        """The next events, right behind `end`: keep them, and push them to the live cursors."""
        recent = self.recent
        offset = self.end
        for event in events:
            offset += 1
            wire = event_frame(self.prefix, offset, event)
            recent.append(wire)
            self.size += len(wire)
            self.end = offset
            if self._terminal and event.startswith(self._terminal):
                self.ended = offset
            lagging = False
            for cursor in self.live:
                if not cursor.push(wire, offset):
                    lagging = True
            if lagging:
                self.live = [cursor for cursor in self.live if cursor.live]
        while len(recent) > self._most_events or self.size > self._most_bytes:
            self.size -= len(recent.popleft())
        self.known = max(self.known, offset)

    def frames(self, after: int, most_events: int, most_bytes: int) -> list[bytes] | None:
        """Recent frames behind an offset, at least one where there is one; None: no longer here."""
        skip = after - self.base
        if skip < 0:
            return None
        taken: list[bytes] = []
        size = 0
        for wire in islice(self.recent, skip, skip + most_events):
            size += len(wire)
            if taken and size > most_bytes:
                break
            taken.append(wire)
        return taken

    def weight(self, after: int) -> int | None:
        """Bytes of the recent frames behind an offset; None: no longer here."""
        skip = after - self.base
        return None if skip < 0 else sum(map(len, islice(self.recent, skip, None)))
