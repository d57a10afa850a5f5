"""Ways out of a connection: the server's own transport where it offers one, else a small queue before ASGI's send."""

import asyncio
import contextlib
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from realtime.server.extension import EXTENSION
from realtime.session import Link
from realtime.wire import payload_of

logger = logging.getLogger(__name__)
Message = dict[str, Any]
Send = Callable[[Message], Awaitable[None]]

HIGH_WATER = 64 * 1024


class QueueLink:
    """For servers without the extension: bytes wait here for one task that awaits `send`."""

    def __init__(self, send: Send, wrap: Callable[[bytes], Message]) -> None:
        self._send = send
        self._wrap = wrap
        self._queue: deque[tuple[int, Message]] = deque()
        self._size = 0
        self._task: asyncio.Task[None] | None = None
        self._room = asyncio.Event()
        self._room.set()
        self.gone = False

    def write(self, data: bytes) -> bool:
        """Queue bytes; False: over the high-water mark."""
        self._put(len(data), self._wrap(data))
        if self._size > HIGH_WATER:
            self._room.clear()
            return False
        return True

    @property
    def buffered(self) -> int:
        """Bytes that the server has not taken yet."""
        return self._size

    def finish(self, message: Message) -> None:
        """Queue ASGI's own last message behind what waits."""
        self._put(0, message)

    async def drained(self) -> None:
        """Wait for room."""
        await self._room.wait()

    def abort(self) -> None:
        """ASGI has no way to cut a connection: drop what waits."""
        self.gone = True
        self._queue.clear()
        self._room.set()
        if self._task is not None:
            self._task.cancel()

    async def flushed(self) -> None:
        """Wait until all that was queued has been sent."""
        if self._task is not None:
            await asyncio.wait([self._task])

    def _put(self, size: int, message: Message) -> None:
        if self.gone:
            return
        self._queue.append((size, message))
        self._size += size
        if self._task is None or self._task.done():
            self._task = asyncio.get_running_loop().create_task(self._run())

    async def _run(self) -> None:
        with contextlib.suppress(asyncio.CancelledError):
            while self._queue:
                size, message = self._queue.popleft()
                try:
                    await self._send(message)
                except Exception as error:  # noqa: BLE001 - servers raise what they like when a client has left
                    logger.debug("A connection ended while it was written to: %r", error)
                    self.abort()
                    return
                self._size -= size
                if self._size <= HIGH_WATER // 2:
                    self._room.set()


def websocket_link(scope: Mapping[str, Any], send: Send) -> Link:
    """The link of an accepted WebSocket; it is written whole frames."""
    transport: Link | None = (scope.get("extensions") or {}).get(EXTENSION)
    return transport or QueueLink(send, _websocket_message)


def body_link(scope: Mapping[str, Any], send: Send) -> Link:
    """The link of a response that has started; it is written pieces of the body."""
    transport: Link | None = (scope.get("extensions") or {}).get(EXTENSION)
    return transport or QueueLink(send, lambda data: {"type": "http.response.body", "body": data, "more_body": True})


def _websocket_message(wire: bytes) -> Message:
    return {"type": "websocket.send", "text": payload_of(wire).decode("utf-8")}
