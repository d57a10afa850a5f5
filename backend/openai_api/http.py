"""What a streaming ASGI application needs beside `core.asgi`: a body with a cap, a stream, and who left."""

import asyncio
from collections.abc import Coroutine, Iterable
from typing import Any

from backend.core.asgi import Message, Receive, Send
from backend.core.errors import TooLarge

Headers = Iterable[tuple[bytes, bytes]]
JSON = "application/json"


class ClientLeft(Exception):
    """The connection is gone: there is nobody to answer."""


class Started:
    """A `send` that remembers whether an answer has begun; after that no other can be given."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self.begun = False

    async def __call__(self, message: Message) -> None:
        """Pass on."""
        self.begun = True
        await self._send(message)


async def read_body(receive: Receive, *, limit: int) -> bytes:
    """The whole body. Raises `TooLarge` past `limit` bytes and `ClientLeft`."""
    chunks: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientLeft
        chunk: bytes = message.get("body", b"")
        size += len(chunk)
        if size > limit:
            raise TooLarge(f"The body is larger than {limit // 1024} KiB.")
        chunks.append(chunk)
        if not message.get("more_body", False):
            return b"".join(chunks)


async def start_stream(send: Send, *, headers: Headers = ()) -> None:
    """The head of a stream of server-sent events that no proxy should hold back."""
    base = [
        (b"content-type", b"text/event-stream; charset=utf-8"),
        (b"cache-control", b"no-cache, no-transform"),
        (b"x-accel-buffering", b"no"),
    ]
    await send({"type": "http.response.start", "status": 200, "headers": [*base, *headers]})


async def write(send: Send, body: bytes, *, more: bool = True) -> None:
    """A piece of a stream; waits while the client's buffer is full."""
    await send({"type": "http.response.body", "body": body, "more_body": more})


async def until_left(receive: Receive, work: Coroutine[Any, Any, None]) -> None:
    """Run `work`, and cancel it when the client leaves. Raises what `work` raises, and `ClientLeft`."""
    task = asyncio.create_task(work)
    watch = asyncio.create_task(_left(receive))
    try:
        await asyncio.wait({task, watch}, return_when=asyncio.FIRST_COMPLETED)
        if not task.done():
            raise ClientLeft
        await task
    finally:
        for each in (task, watch):
            each.cancel()
        await asyncio.gather(task, watch, return_exceptions=True)


async def _left(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
