"""The network between a client and the site: a TCP relay that cuts, swallows and slows down what passes."""

import asyncio
import contextlib
import socket
import time
from typing import Self

CHUNK = 16 * 1024


class Proxy:
    """Relays to `target`. What it does to bytes from the site can be changed while they flow."""

    def __init__(self, target: int) -> None:
        self.target = target
        self.rate = 0.0
        """Bytes a second from the site to each client; 0: as they come."""
        self.swallow = False
        """Neither side hears of the other any more, and no connection ends."""
        self.cut_after: int | None = None
        """Bytes from the site after which the next connection is reset."""
        self.passed = 0
        self.cuts = 0
        self.left = False
        """Whether the site has ended a connection while neither side heard of the other."""
        self.last = b""
        """What went through of the piece that was cut."""
        self.accepted: list[float] = []
        """When clients connected, by `time.monotonic()`."""
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def url(self) -> str:
        """The socket's address, seen through it."""
        assert self._server is not None
        return f"ws://127.0.0.1:{self._server.sockets[0].getsockname()[1]}/ws/v1/"

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0, limit=CHUNK)
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._server is not None:
            self._server.close()
        self.reset()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def reset(self) -> None:
        """End all connections at once, both ways, without a word."""
        for writer in list(self._open):
            writer.transport.abort()

    async def _accept(self, near_in: asyncio.StreamReader, near_out: asyncio.StreamWriter) -> None:
        self.accepted.append(time.monotonic())
        try:
            far_in, far_out = await self._connect()
        except OSError:
            near_out.transport.abort()
            return
        self._open |= {near_out, far_out}
        for work in (self._up(near_in, far_out, near_out), self._down(far_in, near_out, far_out)):
            task = asyncio.create_task(work)
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """To the site; what a slow client has not read does not lie here in the kernel's buffers."""
        link = socket.socket()
        link.settimeout(0)
        if self.rate:
            link.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 * CHUNK)
            link.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, 1400)  # else the site's kernel takes megabytes
        try:
            await asyncio.get_running_loop().sock_connect(link, ("127.0.0.1", self.target))
            return await asyncio.open_connection(sock=link, limit=CHUNK)
        except BaseException:
            link.close()
            raise

    async def _up(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, other: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while data := await source.read(CHUNK):
                if not self.swallow:
                    sink.write(data)
                    await sink.drain()
        await self._end(sink, other)

    async def _down(
        self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, other: asyncio.StreamWriter
    ) -> None:
        with contextlib.suppress(OSError):
            while data := await source.read(CHUNK if not self.rate else max(1, int(self.rate / 10))):
                if self.swallow:
                    continue
                if self.cut_after is not None and self.cut_after < len(data):
                    self.last = data[: self.cut_after]
                    self.cuts += 1
                    sink.write(self.last)
                    await sink.drain()
                    self.cut_after = None
                    break
                if self.cut_after is not None:
                    self.cut_after -= len(data)
                sink.write(data)
                self.passed += len(data)
                await sink.drain()
                if self.rate:
                    await asyncio.sleep(len(data) / self.rate)
        self.left = self.left or self.swallow
        await self._end(sink, other)

    async def _end(self, *writers: asyncio.StreamWriter) -> None:
        while self.swallow:
            await asyncio.sleep(0.05)  # a dead line does not say that the other side has left
        for writer in writers:
            writer.transport.abort()
            self._open.discard(writer)
