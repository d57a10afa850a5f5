"""A server that speaks OpenAI's Responses API in this process: it writes on by itself, keeps, tells again, cancels.

`script` is asked for the steps of each response that is made: text, `reasoning(…)`, `tool(…)`, an `asyncio.Event` to
wait for, or a dictionary, which is the terminal event.
"""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.support.scripted_http import Request

Step = str | asyncio.Event | list[dict[str, Any]] | dict[str, Any]
USAGE = {
    "input_tokens": 12,
    "input_tokens_details": {"cached_tokens": 4},
    "output_tokens": 34,
    "output_tokens_details": {"reasoning_tokens": 5},
    "total_tokens": 46,
}
SSE = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n"


def reasoning(text: str, *, part: int = 0) -> list[dict[str, Any]]:
    """A piece of a summary."""
    return [{"type": "response.reasoning_summary_text.delta", "output_index": 0, "summary_index": part, "delta": text}]


def tool(place: int, call: str, name: str, *pieces: str) -> list[dict[str, Any]]:
    """A function call."""
    item = {"type": "function_call", "id": f"fc_{call}", "call_id": call, "name": name, "arguments": ""}
    deltas = [
        {"type": "response.function_call_arguments.delta", "output_index": place, "delta": piece} for piece in pieces
    ]
    whole = {**item, "arguments": "".join(pieces)}
    return [
        {"type": "response.output_item.added", "output_index": place, "item": item},
        *deltas,
        {"type": "response.function_call_arguments.done", "output_index": place, "arguments": whole["arguments"]},
        {"type": "response.output_item.done", "output_index": place, "item": whole},
    ]


def incomplete(reason: str) -> dict[str, Any]:
    """The terminal event of an answer that was cut short."""
    return {"type": "response.incomplete", "status": "incomplete", "incomplete_details": {"reason": reason}}


def failed(code: str, message: str) -> dict[str, Any]:
    """The terminal event of an answer that failed."""
    return {"type": "response.failed", "status": "failed", "error": {"code": code, "message": message}}


@dataclass
class Kept:
    """One response: what was asked, and its events so far."""

    id: str
    body: dict[str, Any]
    events: list[dict[str, Any]] = field(default_factory=list)
    over: bool = False
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    writer: asyncio.Task[None] | None = None

    def add(self, event: dict[str, Any]) -> None:
        """One more event, with its number."""
        self.events.append({**event, "sequence_number": len(self.events)})
        self.changed.set()
        self.changed = asyncio.Event()

    def end(self, status: str, **fields: Any) -> None:
        """The terminal event."""
        self.over = True
        response = {"id": self.id, "object": "response", "status": status, "usage": USAGE, **fields}
        self.add({"type": f"response.{status}", "response": response})


@dataclass
class ResponsesServer:
    """`cuts`: how many events each of the next streams sends before its connection is reset."""

    script: Callable[[dict[str, Any]], list[Step]] = lambda body: ["Hello"]
    port: int = 0
    kept: dict[str, Kept] = field(default_factory=dict)
    requests: list[Request] = field(default_factory=list)
    cancelled: list[str] = field(default_factory=list)
    cuts: list[int] = field(default_factory=list)
    refusals: list[tuple[int, str]] = field(default_factory=list)
    streams: int = 0
    gate: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"

    @property
    def lines(self) -> list[str]:
        """Method and path of each request."""
        return [request.line.rpartition(" ")[0] for request in self.requests]

    def create(self, body: dict[str, Any]) -> Kept:
        """Begin to write."""
        made = Kept(f"resp_{len(self.kept) + 1}", body)
        self.kept[made.id] = made
        made.add({"type": "response.created", "response": {"id": made.id, "status": "queued"}})
        made.add({"type": "response.in_progress", "response": {"id": made.id, "status": "in_progress"}})
        made.writer = asyncio.create_task(self._write(made))
        return made

    async def _write(self, made: Kept) -> None:
        for step in self.script(made.body):
            if isinstance(step, asyncio.Event):
                await step.wait()
            elif isinstance(step, str):
                for piece in step.splitlines(keepends=True):
                    made.add({"type": "response.output_text.delta", "output_index": 1, "delta": piece})
            elif isinstance(step, list):
                for event in step:
                    made.add(event)
            else:
                made.end(**{name: value for name, value in step.items() if name != "type"})
                return
        made.end("completed")

    async def answer(self, request: Request, writer: asyncio.StreamWriter) -> None:
        """One request."""
        method, target, _ = request.line.split(" ")
        parts = urlsplit(target)
        names = parts.path.removeprefix("/v1/").split("/")
        if self.refusals:
            self._plain(writer, *self.refusals.pop(0))
        elif (method, names) == ("GET", ["models"]):
            self._plain(writer, 200, json.dumps({"object": "list", "data": [{"id": "mock", "object": "model"}]}))
        elif (method, names) == ("POST", ["responses"]):
            await self._stream(writer, self.create(request.json), after=-1)
        elif names[-1] == "cancel" and names[1] in self.kept:
            self.cancel(names[1])
            self._plain(writer, 200, json.dumps({"id": names[1], "status": "cancelled"}))
        elif method == "GET" and names[1] in self.kept:
            query = parse_qs(parts.query)
            assert query["stream"] == ["true"]
            await self._stream(writer, self.kept[names[1]], after=int(query.get("starting_after", ["-1"])[0]))
        else:
            self._plain(writer, 404, json.dumps({"error": {"message": f"Response {target} not found."}}))

    def cancel(self, name: str) -> None:
        """End it."""
        self.cancelled.append(name)
        found = self.kept[name]
        if found.writer is not None:
            found.writer.cancel()
        if not found.over:
            found.end("cancelled")

    async def _stream(self, writer: asyncio.StreamWriter, kept: Kept, *, after: int) -> None:
        writer.write(SSE)
        self.streams += 1
        left = self.cuts.pop(0) if self.cuts else 1 << 30
        sent = after + 1
        while True:
            changed = kept.changed
            while sent < len(kept.events):
                if left == 0:
                    await writer.drain()
                    writer.transport.abort()
                    return
                event = kept.events[sent]
                writer.write(f"event: {event['type']}\ndata: {json.dumps(event)}\n\n".encode())
                sent, left = sent + 1, left - 1
            await writer.drain()
            if kept.over:
                return
            await changed.wait()

    @staticmethod
    def _plain(writer: asyncio.StreamWriter, status: int, body: str) -> None:
        head = f"HTTP/1.1 {status} Scripted\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n"
        writer.write(f"{head}Connection: close\r\n\r\n{body}".encode())


@contextlib.asynccontextmanager
async def responses() -> AsyncIterator[ResponsesServer]:
    """The server, listening."""
    server = ResponsesServer()
    handlers: set[asyncio.Task[None]] = set()

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        handlers.add(task)
        try:
            line, *rest = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
            pairs = (row.partition(":") for row in rest if row)
            headers = {name.lower(): value.strip() for name, _, value in pairs}
            request = Request(line, headers, await reader.readexactly(int(headers.get("content-length", 0))))
            server.requests.append(request)
            await server.answer(request, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()
            handlers.discard(task)

    listener = await asyncio.start_server(handle, "127.0.0.1", 0)
    server.port = listener.sockets[0].getsockname()[1]
    try:
        yield server
    finally:
        listener.close()
        tasks = [*handlers, *(kept.writer for kept in server.kept.values() if kept.writer is not None)]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
