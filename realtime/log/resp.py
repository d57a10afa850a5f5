"""One raw connection to Redis: commands out as bytes, replies in by callback, without a task or future per call.

`RespClient` keeps a `RespConnection` up: it connects, greets (AUTH, SELECT, the caller's own commands), and starts
again with a growing pause whenever the connection is lost or does not answer in time.
"""

import asyncio
import contextlib
import logging
import ssl
import time
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import hiredis

from realtime.log.base import LogAway

logger = logging.getLogger(__name__)
Reply = Any
Callback = Callable[[Reply], None]


@dataclass(frozen=True, slots=True)
class Address:
    """Where a Redis listens: a unix socket's `path`, or `host` and `port`."""

    path: str | None
    host: str
    port: int
    tls: bool
    username: str | None
    password: str | None
    db: int


def parse_url(url: str) -> Address:
    """Read `redis://`, `rediss://` or `unix://` with optional user, password and database."""
    parts = urlsplit(url)
    if parts.scheme not in {"redis", "rediss", "unix"}:
        raise ValueError(f"A Redis URL begins with redis://, rediss:// or unix://, not {parts.scheme or 'nothing'}.")
    query = parse_qs(parts.query)
    is_path = parts.scheme == "unix"
    db = query.get("db", ["" if is_path else parts.path.lstrip("/")])[0]
    return Address(
        path=unquote(parts.path) if is_path else None,
        host=parts.hostname or "127.0.0.1",
        port=parts.port or 6379,
        tls=parts.scheme == "rediss",
        username=unquote(parts.username) if parts.username else query.get("username", [None])[0],
        password=unquote(parts.password) if parts.password else query.get("password", [None])[0],
        db=int(db or 0),
    )


class RespConnection(asyncio.Protocol):
    """A connected socket. Replies come in the order of the commands; `on_push` takes published messages."""

    def __init__(self, *, lost: Callable[[], None], on_push: Callback | None = None) -> None:
        self._reader = hiredis.Reader(notEnoughData=_MORE)
        self._waiting: deque[tuple[float, Callback]] = deque()
        self._lost = lost
        self._on_push = on_push
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Asyncio's callback."""
        self._transport = transport  # type: ignore[assignment]  # streams give a full transport

    def send(self, command: tuple[str | bytes | int, ...], callback: Callback) -> None:
        """Write one command; `callback` gets the reply, an error object, or `LogAway` if the connection ends first."""
        if self._transport is None or self._transport.is_closing():
            callback(LogAway("not connected to Redis"))
            return
        self._waiting.append((time.monotonic(), callback))
        self._transport.write(hiredis.pack_command(command))  # type: ignore[arg-type]  # the stub means any length

    async def call(self, *command: str | bytes | int) -> Reply:
        """`send`, awaited. Raises `LogAway`, or the error that Redis answered with."""
        future: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()
        self.send(command, lambda reply: None if future.done() else future.set_result(reply))
        reply = await future
        if isinstance(reply, Exception):
            raise reply
        return reply

    def data_received(self, data: bytes) -> None:
        """Asyncio's callback: hand out every whole reply."""
        reader, waiting, on_push = self._reader, self._waiting, self._on_push
        reader.feed(data)
        while (reply := reader.gets()) is not _MORE:
            if on_push is not None and type(reply) is list and reply[0] == b"message":
                on_push(reply)
            elif waiting:
                waiting.popleft()[1](reply)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's signature
        """Asyncio's callback: nothing more will be answered."""
        self._transport = None
        waiting, self._waiting = self._waiting, deque()
        for _, callback in waiting:
            callback(LogAway("the connection to Redis was lost"))
        self._lost()

    def oldest(self) -> float | None:
        """When the longest unanswered command was sent, by `time.monotonic()`."""
        return self._waiting[0][0] if self._waiting else None

    def abort(self) -> None:
        """Cut the connection; what waits is answered with `LogAway`."""
        if self._transport is not None:
            self._transport.abort()


_MORE = object()


class RespClient:
    """Keeps one connection up for as long as it runs. `probe`: a command that shows now and then that it lives."""

    def __init__(
        self,
        url: str,
        *,
        greet: Callable[[RespConnection], Awaitable[None]] | None = None,
        on_push: Callback | None = None,
        timeout: float = 5.0,
        pauses: tuple[float, float] = (0.05, 1.0),
        probe: tuple[str, ...] = (),
    ) -> None:
        self._probe = probe
        self.address = parse_url(url)
        self.connection: RespConnection | None = None
        self._greet = greet
        self._on_push = on_push
        self._timeout = timeout
        self._first_pause, self._longest_pause = pauses
        self._up = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to connect; returns at once."""
        if self._task is None:
            self._task = asyncio.create_task(self._keep(), name="redis-connection")

    async def stop(self) -> None:
        """Close the connection and stop trying."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
            self._task = None

    async def connected(self, timeout: float) -> RespConnection:  # noqa: ASYNC109
        """The live connection, waiting for it up to `timeout` seconds. Raises `LogAway`."""
        if self.connection is None:
            try:
                await asyncio.wait_for(self._up.wait(), timeout)
            except TimeoutError:
                raise LogAway("Redis can't be reached") from None
        if self.connection is None:
            raise LogAway("Redis can't be reached")
        return self.connection

    async def call(self, *command: str | bytes | int) -> Reply:
        """One command over the live connection, waiting for it. Raises `LogAway` or Redis's error."""
        return await (await self.connected(self._timeout)).call(*command)

    async def _keep(self) -> None:
        pause = self._first_pause
        while True:
            started = time.monotonic()
            try:
                await self._session()
            except (OSError, LogAway, hiredis.HiredisError, TimeoutError) as error:
                logger.warning("Redis: %s; trying again in %.2f s", str(error) or type(error).__name__, pause)
            if time.monotonic() - started > self._longest_pause:
                pause = self._first_pause
            await asyncio.sleep(pause)
            pause = min(pause * 2, self._longest_pause)

    async def _session(self) -> None:
        """Connect, greet, and watch until the connection ends."""
        gone = asyncio.Event()
        async with asyncio.timeout(self._timeout):
            connection = await self._connect(gone.set)
        try:
            async with asyncio.timeout(self._timeout):
                await self._login(connection)
                if self._greet is not None:
                    await self._greet(connection)
            self.connection = connection
            self._up.set()
            while not gone.is_set():
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(gone.wait(), self._timeout / 4)
                if self._probe and connection.oldest() is None:
                    connection.send(self._probe, lambda _: None)
                oldest = connection.oldest()
                if oldest is not None and time.monotonic() - oldest > self._timeout:
                    raise TimeoutError("no answer in time")
            raise LogAway("the connection was closed")
        finally:
            self._up.clear()
            self.connection = None
            connection.abort()

    async def _connect(self, lost: Callable[[], None]) -> RespConnection:
        loop, address = asyncio.get_running_loop(), self.address

        def protocol() -> RespConnection:
            return RespConnection(lost=lost, on_push=self._on_push)

        if address.path is not None:
            return (await loop.create_unix_connection(protocol, address.path))[1]
        tls = ssl.create_default_context() if address.tls else None
        return (await loop.create_connection(protocol, address.host, address.port, ssl=tls))[1]

    async def _login(self, connection: RespConnection) -> None:
        address = self.address
        if address.password:
            await connection.call("AUTH", *([address.username] if address.username else []), address.password)
        if address.db:
            await connection.call("SELECT", address.db)
