"""One clock for all waiting connections: no timer per connection, one sweep for all."""

import asyncio
from typing import Protocol


class Expirable(Protocol):
    """Something that waits for a client."""

    def expired(self) -> None:
        """Its time is over. Called once; it may set another deadline."""


class Deadlines:
    """Times by which things must have happened, looked at every `interval` seconds: late by that much at most."""

    def __init__(self, *, loop: asyncio.AbstractEventLoop, interval: float) -> None:
        self._loop = loop
        self._interval = interval
        self._due: dict[Expirable, float] = {}
        self._timer: asyncio.TimerHandle | None = None

    def __len__(self) -> int:
        return len(self._due)

    def set(self, target: Expirable, seconds: float) -> None:
        """`target.expired()` is called after `seconds`, unless set again or cleared."""
        self._due[target] = self._loop.time() + seconds
        if self._timer is None:
            self._timer = self._loop.call_later(self._interval, self._sweep)

    def clear(self, target: Expirable) -> None:
        """It happened in time."""
        self._due.pop(target, None)

    def pending(self, target: Expirable) -> bool:
        """Whether `target` has a deadline."""
        return target in self._due

    def _sweep(self) -> None:
        now = self._loop.time()
        self._timer = self._loop.call_later(self._interval, self._sweep) if self._due else None
        for target in [target for target, due in self._due.items() if due <= now]:
            del self._due[target]
            target.expired()
