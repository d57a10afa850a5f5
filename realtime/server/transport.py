"""Connections that write at once when nothing is queued, know how much waits, and tell when it has drained.

Twisted queues each write, registers the socket with epoll, writes when the loop comes round and unregisters it again.
Here the bytes go to the socket directly while Twisted's buffer is empty, and into that buffer otherwise: the order is
always the order of the calls, for HTTP, frames and close alike.
"""

import asyncio
import contextlib
import os
import socket
from collections.abc import Callable, Iterator
from typing import Any

from twisted.internet import tcp, unix

from realtime.server.deadlines import Deadlines
from realtime.server.settings import ServerSettings


class Connection(tcp.Server):
    """An accepted connection. Its port carries the settings and deadlines."""

    server: "TcpPort | UnixPort"
    stall_timeout: float | None = None
    on_drain: Callable[[], None] | None = None
    full = False
    """Above high water, and not down at low water since."""
    _corked: list[bytes] | None = None
    _waiters: list[asyncio.Future[None]] | None = None

    @property
    def buffered(self) -> int:
        """Bytes that the client has not made room for yet."""
        return len(self.dataBuffer) - self.offset + self._tempDataLen

    def write(self, data: bytes) -> None:
        """Send in order. Never blocks and never raises for a lost connection, which is reported to the protocol."""
        self.push(data)

    def writeSequence(self, iovec: Any) -> None:
        """Send several pieces as one."""
        self.push(b"".join(iovec))

    def push(self, data: bytes) -> bool:
        """As `write`; False when the buffer is full, and the caller should await `drained()`."""
        if self._corked is not None:
            self._corked.append(data)
            return not self.full
        if self._tempDataLen or self.dataBuffer:
            return self._queue(data)
        if not self.connected or self._writeDisconnected or self._aborting:
            return True
        try:
            sent = self.socket.send(data)
        except OSError:  # would block, or lost: doWrite will tell
            sent = 0
        return sent == len(data) or self._queue(data[sent:])

    @contextlib.contextmanager
    def corked(self) -> Iterator[None]:
        """Hold what is written, to send it as one. May be nested."""
        if self._corked is not None:
            yield
            return
        held = self._corked = []
        try:
            yield
        finally:
            self._corked = None
            if held:
                self.push(b"".join(held))

    async def drained(self) -> None:
        """Wait until a full buffer is down at low water, or the connection is lost."""
        while self.full and self.connected:
            waiter = asyncio.get_running_loop().create_future()
            if self._waiters is None:
                self._waiters = []
            self._waiters.append(waiter)
            await waiter

    def doWrite(self) -> Any:
        """Twisted's: the socket has room."""
        before = self.buffered
        result = super().doWrite()
        after = self.buffered
        if not after:
            self.server.deadlines.clear(self)
        elif after < before:
            self._watch()
        if self.full and after <= self.server.settings.low_water:
            self._release()
        return result

    def connectionLost(self, reason: Any) -> None:
        """Twisted's: it is over, from whichever side."""
        self.server.deadlines.clear(self)
        super().connectionLost(reason)
        self._tempDataBuffer.clear()
        self._tempDataLen, self.dataBuffer, self.offset = 0, b"", 0
        self._release()
        self.on_drain = None

    def expired(self) -> None:
        """The client took nothing for too long."""
        self.abortConnection()

    def _queue(self, data: bytes) -> bool:
        super().write(data)
        if self.connected and not self.server.deadlines.pending(self):
            self._watch()
        if self.buffered > self.server.settings.high_water:
            self.full = True
        return not self.full

    def _watch(self) -> None:
        self.server.deadlines.set(self, self.stall_timeout or self.server.settings.stall_timeout)

    def _release(self) -> None:
        self.full = False
        waiters, self._waiters = self._waiters, None
        for waiter in waiters or ():
            if not waiter.done():
                waiter.set_result(None)
        if self.on_drain is not None:
            self.on_drain()


class UnixConnection(Connection, unix.Server):
    """The same over a Unix socket."""


class TcpPort(tcp.Port):
    """A listening TCP socket."""

    transport = Connection
    settings: ServerSettings
    deadlines: Deadlines


class UnixPort(unix.Port):
    """A listening Unix socket."""

    transport = UnixConnection
    settings: ServerSettings
    deadlines: Deadlines


def open_port(
    factory: Any,
    *,
    reactor: Any,
    settings: ServerSettings,
    host: str = "127.0.0.1",
    port: int = 0,
    fd: int | None = None,
    path: str | None = None,
) -> TcpPort | UnixPort:
    """Listen on the inherited socket `fd`, else the Unix socket `path`, else `host:port` (0: any free one).

    Raises twisted.internet.error.CannotListenError when the address is taken or not ours.
    """
    opened: TcpPort | UnixPort
    if fd is not None:
        os.set_blocking(fd, False)
        with socket.socket(fileno=os.dup(fd)) as inherited:
            family = inherited.family
        if family == socket.AF_UNIX:
            opened = UnixPort._fromListeningDescriptor(reactor, fd, factory)
        else:
            opened = TcpPort._fromListeningDescriptor(reactor, fd, family, factory)
    elif path is not None:
        opened = UnixPort(path.encode(), factory, backlog=settings.backlog, reactor=reactor)
    else:
        opened = TcpPort(port, factory, backlog=settings.backlog, interface=host, reactor=reactor)
    opened.settings = settings
    return opened
