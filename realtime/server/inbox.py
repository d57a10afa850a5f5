"""What a client sent and the application did not receive yet, bounded so that reading can stop in time."""

import asyncio
from typing import Any


class Inbox:
    """A queue for one receiver. It never refuses: `full` says when to stop reading, `low` when to go on."""

    __slots__ = ("_bytes", "_items", "_max_bytes", "_max_messages", "_waiter")

    def __init__(self, *, max_messages: int, max_bytes: int) -> None:
        self._max_messages = max_messages
        self._max_bytes = max_bytes
        self._items: list[tuple[dict[str, Any], int]] = []
        self._bytes = 0
        self._waiter: asyncio.Future[None] | None = None

    @property
    def full(self) -> bool:
        """Whether what waits is at the limit in number or bytes."""
        return len(self._items) >= self._max_messages or self._bytes >= self._max_bytes

    @property
    def low(self) -> bool:
        """Whether at most half of the limit waits."""
        return len(self._items) <= self._max_messages // 2 and self._bytes <= self._max_bytes // 2

    def put(self, event: dict[str, Any], size: int = 0) -> None:
        """Add an ASGI event whose payload has `size` bytes."""
        self._items.append((event, size))
        self._bytes += size
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    async def get(self) -> dict[str, Any]:
        """The oldest event, when there is one. Cancelling loses nothing."""
        while not self._items:
            self._waiter = asyncio.get_running_loop().create_future()
            try:
                await self._waiter
            finally:
                self._waiter = None
        event, size = self._items.pop(0)
        self._bytes -= size
        return event
