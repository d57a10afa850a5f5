"""A topic that is followed: where it stands, and what of it waits for its reader.

Here lies the promise: each event is applied once and in order, whatever is cut, repeated or delivered twice.
"""

import asyncio
from collections import deque
from typing import Any, Literal, Protocol, Self

from rivulet_client.errors import TEMPORARY, RivuletError
from rivulet_client.pages import Pages
from rivulet_client.wire import TERMINAL, Event, Frame, Position

MOST_EVENTS = 1024
MOST_BYTES = 1024 * 1024

Outcome = Literal["applied", "dropped", "gap"]


class Carrier(Protocol):
    """What brings a topic's events: a socket, or HTTP."""

    def leave(self, subscription: "Subscription") -> None:
        """Bring no more of it."""


class Owner(Protocol):
    """Who sees to it that a topic is carried, through all breaks."""

    def carry(self, subscription: "Subscription") -> None:
        """Bring its events from where it stands."""

    def forget(self, subscription: "Subscription") -> None:
        """It is over, or left."""


class Subscription:
    """Events of one topic: `async for event in subscription`. Made by `Client.follow`.

    A reader that falls far behind costs no memory: past 1024 events or 1 MiB the topic is left, and joined again
    from the last event that was kept once the reader has caught up.
    """

    def __init__(self, topic: str, since: Position | None, *, owner: "Owner") -> None:
        self.topic = topic
        self.position = since
        """Behind the last event that the reader took: what to store with whatever was made of it."""
        self.received = since
        """Behind the last event that arrived."""
        self.recovered: bool | None = None
        """Whether the last (re)subscription missed nothing."""
        self.carrier: Carrier | None = None
        self.mending = False
        """Something is missing: it is being joined again."""
        self.mended: Position | None = None
        """Where it stood when something was missing the last time."""
        self.parked = False
        self.closed = False
        self.over = False
        """Nothing follows: the terminal event is here."""
        self.pages = Pages()
        self._owner = owner
        self._waiting: deque[tuple[Event, int]] = deque()
        self._bytes = 0
        self._error: RivuletError | None = None
        self._something = asyncio.Event()

    # For whoever carries it

    def take(self, frame: Frame, carrier: Carrier, size: int) -> Outcome:
        """Apply one frame of this topic."""
        if self.closed or self.over or self.parked:
            return "dropped"
        if frame.type == "unsubscribed":
            if carrier is not self.carrier:
                return "dropped"
            if frame.code in TEMPORARY:
                return "gap"
            self.fail(RivuletError(frame.code or "not_found", frame.message))
            return "applied"
        position, data = frame.position, frame.data if isinstance(frame.data, dict) else {}
        if position is None:
            self._put(Event(self.topic, str(frame.type), data, None), size)
            return "applied"
        if frame.type == "snapshot":
            return self._snapshot(frame, position, carrier, size)
        if self.received is None:
            return "dropped"
        if position.epoch == self.received.epoch and position.offset <= self.received.offset:
            return "dropped"
        if position != (self.received.epoch, self.received.offset + 1):
            return "gap"
        self.mending = False
        self.received = position
        kind = str(frame.type)
        self._put(Event(self.topic, kind, data, position), size)
        if kind in TERMINAL and self._ends:
            self._finish()
        return "applied"

    def finish(self) -> None:
        """The carrier knows that nothing follows."""
        self._finish()

    def fail(self, error: RivuletError) -> None:
        """It ends with an error, which the reader meets behind what has arrived."""
        if not self.over:
            self._error = error
            self._finish()

    def _snapshot(self, frame: Frame, position: Position, carrier: Carrier, size: int) -> Outcome:
        if carrier is not self.carrier and self.received is not None and position.epoch == self.received.epoch:
            return "dropped"  # an older carrier's: late news
        data = self.pages.add(position, frame.data, page=frame.page, more=frame.more)
        if data is None:
            return "applied"
        self.mending = False
        self.received = position
        self._waiting.clear()
        self._bytes = 0
        self._put(Event(self.topic, "snapshot", data, position), size)
        if self._ends and data.get("status") in TERMINAL:
            self._finish()
        return "applied"

    @property
    def _ends(self) -> bool:
        return self.topic.startswith("generation.")

    def _put(self, event: Event, size: int) -> None:
        self._waiting.append((event, size))
        self._bytes += size
        self._something.set()
        if self.carrier is not None and (len(self._waiting) > MOST_EVENTS or self._bytes > MOST_BYTES):
            self.parked = event.type not in TERMINAL
            if self.parked:
                self._leave()

    def _finish(self) -> None:
        self.over = True
        self._owner.forget(self)
        self._leave()
        self._something.set()

    def _leave(self) -> None:
        carrier, self.carrier = self.carrier, None
        if carrier is not None:
            carrier.leave(self)

    # For the reader

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Event:
        """The next event. Raises `RivuletError` when access has ended, or the server said not to come back."""
        while not self._waiting:
            if self.parked and not self.closed:
                self.parked = False
                self._owner.carry(self)
            if self._error is not None:
                raise self._error
            if self.closed or self.over:
                raise StopAsyncIteration
            self._something.clear()
            await self._something.wait()
        event, size = self._waiting.popleft()
        self._bytes -= size
        if event.position is not None:
            self.position = event.position
        return event

    def save(self) -> dict[str, Any]:
        """JSON: where the reader stands. Store it in one write with what was made of the events."""
        return {"topic": self.topic, "position": self.position.as_dict() if self.position else None}

    def close(self) -> None:
        """Leave the topic; what has arrived can still be read."""
        self.closed = True
        self._owner.forget(self)
        self._leave()
        self._something.set()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        self.close()
