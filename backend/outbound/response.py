"""What a call outside gives back: a stream with a watchdog on it, or a small body."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from typing import Any

import aiohttp
import msgspec

from backend.outbound.errors import BodyTooLarge, ConnectionLost, OutboundError, Stage, TimedOut


class Timeouts(msgspec.Struct, frozen=True, kw_only=True):
    """Limits in seconds: for a connection (name, TCP, TLS), from the request to the first byte of the body, and
    between two reads while somebody waits for bytes.
    """

    connect: float = 10.0
    first_byte: float = 120.0
    silence: float = 60.0


class Answer(msgspec.Struct, frozen=True):
    """A whole small response."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        """The body as JSON. Raises `msgspec.DecodeError`."""
        return msgspec.json.decode(self.body)


class StreamResponse:
    """A response whose body is read as it comes.

    One timer per stream, which looks at most once per limit, watches for silence: a read costs no timer. Time that
    the reader spends elsewhere does not count as the server's silence.
    """

    def __init__(self, response: aiohttp.ClientResponse, *, host: str, started: float, timeouts: Timeouts) -> None:
        self.status = response.status
        self.headers: Mapping[str, str] = response.headers
        self._response = response
        self._content = response.content
        self._host = host
        self._silence = timeouts.silence
        self._stage: Stage = "first_byte"
        self._loop = asyncio.get_running_loop()
        self._time = self._loop.time
        self._waiting_since: float | None = None
        self._failure: OutboundError | None = None
        self._broken: OutboundError | None = None
        self._deadline: float | None = started + timeouts.first_byte
        self._timer = self._loop.call_at(self._deadline, self._look)
        protocol = response.connection.protocol if response.connection is not None else None
        closed = protocol.closed if protocol is not None else None
        if closed is not None:
            closed.add_done_callback(self._disconnected)

    async def read(self) -> bytes:
        """The bytes that are there, at least one; `b""` at the end. Raises `TimedOut` or `ConnectionLost`.

        What came before a break is handed out before the break is told.
        """
        if self._broken is not None:
            raise self._broken
        self._waiting_since = self._time()
        try:
            data = await self._content.readany()
        except (aiohttp.ClientError, OSError, OutboundError) as error:
            self._broken = self._failure or ConnectionLost(f"the connection to {self._host} broke.")
            self._content.set_exception(None)  # type: ignore[arg-type]
            if data := self._content.read_nowait():
                return data
            raise self._broken from error
        self._waiting_since = None
        if self._deadline is not None:
            self._deadline = None
            self._stage = "silence"
            self._timer.cancel()
            self._timer = self._loop.call_later(self._silence, self._look)
        return data

    async def chunks(self) -> AsyncIterator[bytes]:
        """The body, one item per network read."""
        while data := await self.read():
            yield data

    async def body(self, *, limit: int) -> bytes:
        """The whole body. Raises `BodyTooLarge` past `limit` bytes."""
        parts: list[bytes] = []
        size = 0
        while data := await self.read():
            size += len(data)
            if size > limit:
                raise BodyTooLarge(f"{self._host} sent more than {limit:,} bytes.")
            parts.append(data)
        return b"".join(parts)

    async def head(self, *, limit: int) -> bytes:
        """The first bytes of the body, as far as they come: what an error says. Never raises `OutboundError`."""
        parts = bytearray()
        try:
            while len(parts) < limit and (data := await self.read()):
                parts += data
        except OutboundError:
            pass
        return bytes(parts[:limit])

    async def drain(self, *, limit: int, seconds: float) -> None:
        """Read what is left, if it is little and comes soon, so that the connection can be used again."""
        try:
            async with asyncio.timeout(seconds):
                while limit > 0 and (data := await self.read()):
                    limit -= len(data)
        except (TimeoutError, OutboundError):
            pass

    def close(self) -> None:
        """End the watch. A response that was not read to its end loses its connection, so the server stops."""
        self._timer.cancel()
        if self._content.at_eof() and self._broken is None:
            self._response.release()
        else:
            self._response.close()

    def _disconnected(self, closed: asyncio.Future[None]) -> None:
        """A body that breaks HTTP leaves aiohttp's stream without an end: it is given one here."""
        closed.exception()
        if not self._content.is_eof() and self._content.exception() is None:
            self._content.set_exception(ConnectionLost(f"the connection to {self._host} broke."))

    def _look(self) -> None:
        now = self._time()
        due = self._deadline
        if due is None:
            since = self._waiting_since
            due = (now if since is None else since) + self._silence
        if due > now:
            self._timer = self._loop.call_at(due, self._look)
            return
        what = "sent nothing" if self._stage == "first_byte" else f"fell silent for {self._silence:g} s"
        self._failure = TimedOut(f"{self._host} {what}.", stage=self._stage)
        self._content.set_exception(self._failure)
        self._response.close()
