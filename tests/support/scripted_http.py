"""A server on a raw socket that says exactly the bytes of its script, cut where the script says."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

ABORT: Final = "abort"
"""Reset the connection."""

HANG: Final = "hang"
"""Say nothing more, and keep the connection."""

Step = bytes | float | str
Reply = Sequence[Step]


@dataclass
class Request:
    """What a client sent."""

    line: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Scripted:
    """The server: its address, what it was asked, and how many clients left before the end of a reply."""

    port: int = 0
    requests: list[Request] = field(default_factory=list)
    left: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


@contextlib.asynccontextmanager
async def scripted(*replies: Reply) -> AsyncIterator[Scripted]:
    """Answer the n-th request with the n-th reply; the last one serves all that follow. Steps: bytes are sent in one
    write, a number is a pause in seconds, `ABORT` and `HANG` end the script; else the connection closes after it.
    """
    server = Scripted()
    handlers: set[asyncio.Task[None]] = set()

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        handlers.add(task)
        try:
            server.requests.append(await _read(reader))
            await _say(replies[min(len(server.requests), len(replies)) - 1], reader, writer, server)
        except (ConnectionError, asyncio.IncompleteReadError):
            server.left.set()
        finally:
            writer.close()
            handlers.discard(task)

    listener = await asyncio.start_server(handle, "127.0.0.1", 0)
    server.port = listener.sockets[0].getsockname()[1]
    try:
        yield server
    finally:
        listener.close()
        for task in list(handlers):
            task.cancel()
        await asyncio.gather(*handlers, return_exceptions=True)


async def _read(reader: asyncio.StreamReader) -> Request:
    line, *rest = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (row.partition(":") for row in rest) if value}
    return Request(line, headers, await reader.readexactly(int(headers.get("content-length", 0))))


async def _say(reply: Reply, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, server: Scripted) -> None:
    for step in reply:
        if step == ABORT:
            writer.transport.abort()
            return
        if step == HANG:
            await reader.read()
            server.left.set()
            return
        if isinstance(step, bytes):
            writer.write(step)
            await writer.drain()
        elif isinstance(step, float):
            await asyncio.sleep(step)


SSE_HEAD: Final = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n"
CHUNKED_HEAD: Final = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"


def status(code: int, body: Any = b"", *headers: str, kind: str = "application/json") -> list[bytes]:
    """A whole response."""
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    lines = [f"HTTP/1.1 {code} Scripted", f"Content-Type: {kind}", f"Content-Length: {len(data)}", *headers]
    return ["\r\n".join([*lines, "Connection: close"]).encode() + b"\r\n\r\n" + data]


def event(body: Any) -> bytes:
    """One event."""
    return b"data: " + (body if isinstance(body, bytes) else json.dumps(body).encode()) + b"\n\n"


def text(content: str) -> bytes:
    """A chunk of OpenAI's with text."""
    return event({"choices": [{"index": 0, "delta": {"content": content}, "finish_reason": None}]})


def finish(reason: str = "stop") -> bytes:
    """A chunk of OpenAI's that ends the answer, and the end of the stream."""
    return event({"choices": [{"index": 0, "delta": {}, "finish_reason": reason}]}) + b"data: [DONE]\n\n"


def http_chunk(data: bytes) -> bytes:
    """A piece of a chunked body."""
    return b"%x\r\n%s\r\n" % (len(data), data)
