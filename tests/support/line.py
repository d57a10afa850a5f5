"""The network between a browser and the product: a TCP relay that can be cut and mended."""

import asyncio
import contextlib
import threading
from collections.abc import Coroutine
from typing import Any, Self

from tests.support.product import free_port


class Line:
    """Listens on a port of its own and passes all on to `target`; while it is cut, nothing gets through."""

    def __init__(self, target: int) -> None:
        self.target = target
        self.port = free_port()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.StreamWriter] = set()
        self._relays: set[asyncio.Task[Any]] = set()

    @property
    def url(self) -> str:
        """The product, seen through it."""
        return f"http://127.0.0.1:{self.port}"

    def cut(self) -> None:
        """Reset all connections and refuse new ones."""
        self._run(self._cut())

    def mend(self) -> None:
        """Let everything through again."""
        self._run(self._listen())

    def _run(self, work: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result(10)

    async def _listen(self) -> None:
        self._server = await asyncio.start_server(self._relay, "127.0.0.1", self.port)

    async def _cut(self) -> None:
        if self._server is not None:
            self._server.close()
        await asyncio.sleep(0)  # who came in this very moment is among the relays then
        for writer in self._open:
            writer.transport.abort()
        while self._relays:
            await asyncio.wait(self._relays)

    async def _relay(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._relays.add(task)
        self._open.add(writer)
        far, pumps = None, list[asyncio.Task[None]]()
        try:
            far_reader, far = await asyncio.open_connection("127.0.0.1", self.target)
            pumps += [asyncio.create_task(_pump(reader, far)), asyncio.create_task(_pump(far_reader, writer))]
            await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
        except OSError:
            pass
        finally:
            self._open.discard(writer)
            for end in (writer, far):
                if end is not None:
                    end.close()
            await asyncio.gather(*pumps, return_exceptions=True)
            for end in (writer, far):
                if end is not None:
                    with contextlib.suppress(OSError):
                        await end.wait_closed()
            self._relays.discard(task)

    def __enter__(self) -> Self:
        self._thread.start()
        self.mend()
        return self

    def __exit__(self, *_: object) -> None:
        self.cut()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)
        self._loop.close()


async def _pump(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while data := await source.read(65_536):
            sink.write(data)
            await sink.drain()
