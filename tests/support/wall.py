"""Between clients and a site: a proxy that knows no WebSockets, holds streams back, loses a reply, or alters it."""

import asyncio
import contextlib
from typing import Self

CHUNK = 64 * 1024


class Wall:
    """A TCP relay to `target`. What it does can be changed while bytes flow."""

    def __init__(self, target: int) -> None:
        self.target = target
        self.no_sockets = False
        self.hold_streams = False
        self.cut_at: bytes | None = None
        """Cut the connection whose answer holds this, and do not pass it on; once."""
        self.altered: dict[bytes, bytes] = {}
        """What comes from the site instead of what, of the same length."""
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def url(self) -> str:
        """The site's address, seen through it."""
        assert self._server is not None
        return f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0, limit=CHUNK)
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()
        self.reset()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def reset(self) -> None:
        """End all connections without a word."""
        for writer in list(self._open):
            writer.transport.abort()

    async def _accept(self, near_in: asyncio.StreamReader, near_out: asyncio.StreamWriter) -> None:
        far_in, far_out = await asyncio.open_connection("127.0.0.1", self.target, limit=CHUNK)
        self._open |= {near_out, far_out}
        held = asyncio.Event()
        for work in (self._up(near_in, far_out, near_out, held), self._down(far_in, near_out, far_out, held)):
            task = asyncio.create_task(work)
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _up(
        self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, back: asyncio.StreamWriter, held: asyncio.Event
    ) -> None:
        with contextlib.suppress(OSError):
            while data := await source.read(CHUNK):
                if self.no_sockets and data.startswith(b"GET /ws/v1/"):
                    back.write(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
                    await back.drain()
                    break
                if self.hold_streams and b"text/event-stream" in data:
                    held.set()
                sink.write(data)
                await sink.drain()
        self._end(sink, back)

    async def _down(
        self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, back: asyncio.StreamWriter, held: asyncio.Event
    ) -> None:
        with contextlib.suppress(OSError):
            while data := await source.read(CHUNK):
                if self.cut_at is not None and self.cut_at in data:
                    self.cut_at = None
                    break
                for wanted, instead in self.altered.items():
                    data = data.replace(wanted, instead)
                if not held.is_set():
                    sink.write(data)
                    await sink.drain()
        self._end(sink, back)

    def _end(self, *writers: asyncio.StreamWriter) -> None:
        for writer in writers:
            writer.transport.abort()
            self._open.discard(writer)
