"""The site under test: its addresses and keys, sockets and requests to it, and answers that several checks look at."""

import asyncio
import json
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx

from rivulet_client.conformance.promise import Unseen, expect, short
from rivulet_client.conformance.wire import PATIENCE, Frame, Socket
from rivulet_client.connection import http_base, socket_url
from rivulet_client.sse import EventStream
from rivulet_client.wire import TERMINAL

SHORT = "Hello"
LONG = "Tell me in 900 words about streams."
FEWEST = 30
"""Events that an answer needs for what is looked at in its middle."""


@dataclass(slots=True)
class Told:
    """An answer as one socket saw it, from its first event to its last."""

    started: dict[str, Any]
    events: list[Frame]
    message: dict[str, Any]

    @property
    def topic(self) -> str:
        """Its topic."""
        return str(self.started["topic"])

    @property
    def epoch(self) -> str:
        """Its epoch."""
        return str(self.started["position"]["epoch"])

    @property
    def end(self) -> int:
        """The last offset."""
        return int(self.events[-1]["offset"])

    def since(self, offset: int) -> dict[str, Any]:
        """A position in it."""
        return {"epoch": self.epoch, "offset": offset}


@dataclass(slots=True)
class Site:
    """`url` as given; `other_key` is a second person's. `limits`: whether the server counts (`LIMITS=on`)."""

    url: str
    key: str
    other_key: str | None = None
    model: str | None = None
    prompt: str = LONG
    """What has a long answer: some hundred events, over some seconds."""
    limits: bool = True
    largest: int = 0
    """Bytes of the largest frame that came, on any socket."""
    _http: httpx.AsyncClient = field(init=False)
    _finished: "asyncio.Task[Told] | None" = None

    def __post_init__(self) -> None:
        self.url = http_base(self.url)
        self._http = self._client(self.key)

    async def close(self) -> None:
        """Close its connections."""
        if self._finished is not None:
            self._finished.cancel()
            await asyncio.gather(self._finished, return_exceptions=True)
        await self._http.aclose()

    # Requests

    def _client(self, key: str | None) -> httpx.AsyncClient:
        headers = {"authorization": f"Bearer {key}"} if key else {}
        return httpx.AsyncClient(base_url=self.url, headers=headers, timeout=40)

    async def request(self, method: str, path: str, *, key: str | None = "", **given: Any) -> httpx.Response:
        """A whole answer; `key` other than the first person's, or None for nobody. Waits when it asks too often."""
        while True:
            if key == "":
                reply = await self._http.request(method, path, **given)
            else:
                async with self._client(key) as http:
                    reply = await http.request(method, path, **given)
            if reply.status_code != httpx.codes.TOO_MANY_REQUESTS:
                return reply
            await asyncio.sleep(float(reply.headers["retry-after"]))

    async def api(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        """The parsed answer of `/api/v1`, which must be a success."""
        reply = await self.request(method, f"/api/v1/{path}", json=body, headers=headers)
        expect(reply.is_success, f"{method} {path}: {reply.status_code} {short(reply.text)}")
        return reply.json() if reply.content else None

    @asynccontextmanager
    async def sse(self, topic: str, query: str = "", **headers: str) -> AsyncIterator["Stream"]:
        """A stream of events; header names with underscores for hyphens."""
        named = {"accept": "text/event-stream"} | {name.replace("_", "-"): value for name, value in headers.items()}
        async with self._http.stream("GET", f"/api/v1/topics/{topic}/events{query}", headers=named) as reply:
            yield Stream(reply)

    async def poll(self, topic: str, query: str = "?wait=0", **headers: str) -> dict[str, Any]:
        """A long poll's answer."""
        named = {"accept": "application/json"} | {name.replace("_", "-"): value for name, value in headers.items()}
        reply = await self.request("GET", f"/api/v1/topics/{topic}/events{query}", headers=named)
        expect(reply.status_code == 200, f"{reply.status_code} {short(reply.text)}")
        found: dict[str, Any] = reply.json()
        return found

    def other(self) -> str:
        """The second person's key."""
        if self.other_key is None:
            raise Unseen("needs a second person's key: --other-key")
        return self.other_key

    # Sockets

    def raw(self, **given: Any) -> Socket:
        """A socket that has not said `connect`."""
        return Socket(socket_url(self.url), told=self._told, **given)

    @asynccontextmanager
    async def socket(self, *, key: str | None = None, pongs: bool = True) -> AsyncIterator[Socket]:
        """A connected socket."""
        async with self.raw(pongs=pongs) as socket:
            await socket.result("connect", v=1, token=key or self.key)
            yield socket

    def _told(self, size: int) -> None:
        self.largest = max(self.largest, size)

    # Answers

    def fields(self, content: str, **fields: Any) -> dict[str, Any]:
        """Of a send, with a key of its own."""
        return {
            "client_msg_id": str(uuid.uuid4()),
            "content": content,
            **({"model": self.model} if self.model else {}),
            **fields,
        }

    async def finished(self) -> Told:
        """One long answer that has ended, made once for all who look at it."""
        if self._finished is None:
            self._finished = asyncio.create_task(self._finish())
        return await asyncio.shield(self._finished)

    async def _finish(self) -> Told:
        async with self.socket() as socket:
            started = await socket.result("message.send", **self.fields(self.prompt))
            events = await socket.until(started["topic"], ended, within=120)
        told = Told(started, events, await self.stored(started["message"]))
        if len(events) < FEWEST:
            raise Unseen(f"this model's long answer has {len(events)} events; {FEWEST} are needed (--model, --prompt)")
        return told

    async def stored(self, message: str) -> dict[str, Any]:
        """A message, once it is not running any more."""
        async with asyncio.timeout(PATIENCE):
            while True:
                found: dict[str, Any] = await self.api("GET", f"messages/{message}")
                if found["status"] not in {"queued", "running"}:
                    return found
                await asyncio.sleep(0.05)


class Stream:
    """An SSE response as it comes."""

    def __init__(self, reply: httpx.Response) -> None:
        self.reply = reply
        self.raw = b""
        self.frames: list[Frame] = []
        self._parser = EventStream()
        self._pieces = reply.aiter_bytes()

    async def until(self, count: int | None = None) -> list[Frame]:
        """Its frames: so many, or all until the response ends."""
        async with asyncio.timeout(60):
            while count is None or len(self.frames) < count:
                try:
                    piece = await anext(self._pieces)
                except StopAsyncIteration:
                    break
                self.raw += piece
                self.frames += [json.loads(data) for data in self._parser.feed(piece)]
        return self.frames if count is None else self.frames[:count]


def ended(frame: Frame) -> bool:
    """Whether this is an answer's last frame."""
    return frame["type"] in TERMINAL or (frame["type"] == "snapshot" and frame["data"].get("status") in TERMINAL)


def text_of(events: list[Frame]) -> str:
    """The text that a reader of these frames has at the end, put together in the plainest way."""
    parts: list[dict[str, Any]] = []
    for event in events:
        data = event["data"]
        if event["type"] in {"snapshot", "reset"}:
            parts = [dict(part) for part in data["parts"]]
        elif event["type"] == "part.added":
            expect(data["part"] == len(parts), f"part {data['part']} where {len(parts)} was to come")
            parts.append({"kind": data["kind"], "text": ""})
        elif event["type"] == "part.delta":
            parts[data["part"]]["text"] += data["text"]
    return "".join(part["text"] for part in parts if part["kind"] == "text")


def in_a_row(events: list[Frame], *, first: int) -> None:
    """Offsets rise by one, in one epoch."""
    offsets = [event["offset"] for event in events]
    expect(offsets == list(range(first, first + len(offsets))), f"offsets {short(offsets)}, from {first} on")
    epochs = {event["epoch"] for event in events}
    expect(len(epochs) <= 1, f"epochs {epochs}")
