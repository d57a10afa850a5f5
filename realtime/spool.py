"""A long response whose client may stop reading: it waits on disk, and goes out a piece at a time."""

import asyncio
import contextlib
import tempfile
from typing import IO

from realtime.request import Headers, Send, answer

HELD = 128 * 1024
"""Bytes that may wait in memory: about as many as the transport holds anyway."""
PIECE = 64 * 1024


class Spool:
    """One response's body. Give it the only reference."""

    def __init__(self, body: bytes) -> None:
        self._body = body
        self._size = len(body)

    async def answer(self, send: Send, status: int, headers: Headers) -> None:
        """Send all of it, as fast as the client takes it."""
        file = await asyncio.to_thread(self._to_disk) if self._size > HELD else None
        if file is None:
            await answer(send, status, self._body, headers)
            return
        self._body = b""
        with file:
            sized: Headers = [*headers, (b"content-length", b"%d" % self._size)]
            await send({"type": "http.response.start", "status": status, "headers": sized})
            left = self._size
            while left > 0:
                piece = await asyncio.to_thread(file.read, PIECE)
                left -= len(piece)
                await send({"type": "http.response.body", "body": piece, "more_body": left > 0})

    def _to_disk(self) -> IO[bytes] | None:
        """A file without a name; None: there is no room for one, so it stays in memory."""
        with contextlib.suppress(OSError):
            file = tempfile.TemporaryFile()  # noqa: SIM115 - closed by the caller
            try:
                file.write(self._body)
                file.seek(0)
            except OSError:
                file.close()
                raise
            return file
        return None
