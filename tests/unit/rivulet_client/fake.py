"""A tiny server of the protocol on loopback: one log a topic, whose every move a test decides."""

import asyncio
import json
from collections.abc import Callable
from http import HTTPStatus
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.datastructures import Headers
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response
from websockets.typing import Subprotocol

from rivulet_client import Client, Timing

TOPIC = "generation.01a20000-0000-7000-8000-000000000001"
EPOCH = "e1"
QUICK = {"base": 0.01, "cap": 0.02, "connect": 2.0, "request": 2.0, "socket_again": 0.15, "sse_silence": 0.3}


def answer(words: int) -> list[dict[str, Any]]:
    """The events of an answer of so many words."""
    deltas = [{"type": "part.delta", "data": {"part": 0, "text": f"w{number} "}} for number in range(words)]
    return [
        {"type": "created", "data": {"model": "m"}},
        {"type": "part.added", "data": {"part": 0, "kind": "text"}},
        *deltas,
        {"type": "done", "data": {"finish_reason": "stop"}},
    ]


def text(words: int) -> str:
    """What `answer` says."""
    return "".join(f"w{number} " for number in range(words))


class Fake:
    """`events` is the log of `TOPIC`; a test adds to it with `say`. What a client sent is in `got`."""

    def __init__(self) -> None:
        self.events: list[dict[str, Any]] = []
        self.epoch = EPOCH
        self.got: list[dict[str, Any]] = []
        self.sockets: list[ServerConnection] = []
        self.http: list[tuple[str, dict[str, str]]] = []
        self.blocked = False
        """No handshake gets through."""
        self.sse_held = False
        self.ping = 25.0
        self.expires_in: float | None = None
        self.on_connect: Callable[[dict[str, Any]], int | None] = lambda frame: None
        """A close code to refuse it with."""
        self.on_frame: Callable[[dict[str, Any]], list[dict[str, Any]]] = lambda frame: [frame]
        """What is sent instead of an event's frame."""
        self.replay: Callable[[int], bool] = lambda offset: True
        self.pages: list[dict[str, Any]] | None = None
        self._at: dict[ServerConnection, int] = {}
        self._server: Server | None = None

    async def __aenter__(self) -> Self:
        self._server = await serve(
            self._serve, "127.0.0.1", 0, subprotocols=[Subprotocol("rivulet.v1")], process_request=self._http,
            ping_interval=None, compression=None,
        )  # fmt: skip
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()
        await self._server.wait_closed()

    @property
    def url(self) -> str:
        assert self._server is not None
        return f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    def client(self, *, token: Any = "rvk_test", **given: Any) -> Client:
        timing = Timing(**{**QUICK, **given.pop("timing", {})})
        return Client(self.url, token=token, timing=timing, trust_env=False, **given)

    async def say(self, *events: dict[str, Any]) -> None:
        """Append to the log, and deliver."""
        self.events += events
        for socket in list(self._at):
            await self._deliver(socket)

    def cut(self) -> None:
        """End all sockets without a word."""
        for socket in self.sockets:
            socket.transport.abort()

    async def close(self, code: int) -> None:
        """Close all sockets with a code."""
        await asyncio.gather(*(socket.close(code) for socket in self.sockets))

    def asked(self, cmd: str) -> list[dict[str, Any]]:
        """The commands of this name that came."""
        return [frame for frame in self.got if frame["cmd"] == cmd]

    async def until(self, check: Callable[[], Any]) -> None:
        """Wait for a condition."""
        async with asyncio.timeout(5):
            while not check():  # noqa: ASYNC110 - the conditions are tests' own
                await asyncio.sleep(0.005)

    def frame(self, offset: int) -> dict[str, Any]:
        return {"topic": TOPIC, "epoch": self.epoch, "offset": offset, **self.events[offset - 1]}

    def state(self) -> dict[str, Any]:
        words = "".join(event["data"].get("text", "") for event in self.events if event["type"] == "part.delta")
        status = "done" if any(event["type"] == "done" for event in self.events) else "running"
        return {"status": status, "parts": [{"kind": "text", "text": words}], "usage": None, "model": "m", "attempt": 1}

    async def _serve(self, socket: ServerConnection) -> None:
        self.sockets.append(socket)
        try:
            async for raw in socket:
                frame = json.loads(raw)
                self.got.append(frame)
                await self._answer(socket, frame)
        except ConnectionClosed:
            pass
        finally:
            self._at.pop(socket, None)
            self.sockets.remove(socket)

    async def _answer(self, socket: ServerConnection, frame: dict[str, Any]) -> None:
        cmd = frame["cmd"]
        if cmd == "connect":
            code = self.on_connect(frame)
            if code is not None:
                error = {"code": "unauthenticated", "message": "no", "temporary": False}
                await self._put(socket, {"id": frame["id"], "error": error})
                await socket.close(code)
                return
            welcome = {"client": "c", "user": "u", "ping": self.ping, "pong_timeout": 8, "max_frame": 1 << 20}
            more = {} if self.expires_in is None else {"expires_in": self.expires_in}
            await self._put(socket, {"id": frame["id"], "result": {**welcome, **more}})
        elif cmd == "subscribe":
            await self._subscribe(socket, frame)
        elif cmd == "unsubscribe":
            self._at.pop(socket, None)
            await self._put(socket, {"id": frame["id"], "result": {}})
        elif "id" in frame:
            await self._put(socket, {"id": frame["id"], "result": {"expires_in": self.expires_in}})

    async def _subscribe(self, socket: ServerConnection, frame: dict[str, Any]) -> None:
        since = frame.get("since")
        if (
            since
            and since["epoch"] == self.epoch
            and since["offset"] <= len(self.events)
            and self.replay(since["offset"])
        ):
            result: dict[str, Any] = {"topic": TOPIC, "recovered": True, "position": since}
            self._at[socket] = since["offset"]
            await self._put(socket, {"id": frame["id"], "result": result})
        else:
            position = {"epoch": self.epoch, "offset": len(self.events)}
            result = {"topic": TOPIC, "recovered": False, "position": position}
            self._at[socket] = len(self.events)
            if self.pages is None:
                result["snapshot"] = self.state()
            await self._put(socket, {"id": frame["id"], "result": result})
            for number, page in enumerate(self.pages or []):
                more = {"more": True} if number < len(self.pages or []) - 1 else {}
                await self._put(
                    socket, {"topic": TOPIC, **position, "type": "snapshot", "data": page, "page": number, **more}
                )
        await self._deliver(socket)

    async def _deliver(self, socket: ServerConnection) -> None:
        while self._at.get(socket, len(self.events)) < len(self.events):
            self._at[socket] += 1
            for frame in self.on_frame(self.frame(self._at[socket])):
                await self._put(socket, frame)

    async def _put(self, socket: ServerConnection, frame: dict[str, Any]) -> None:
        try:
            await socket.send(json.dumps(frame))
        except ConnectionClosed:
            self._at.pop(socket, None)

    async def _http(self, _connection: ServerConnection, request: Request) -> Response | None:
        parts = urlsplit(request.path)
        headers = {name.lower(): value for name, value in request.headers.raw_items()}
        if parts.path == "/ws/v1/":
            return _response(503, b"", "text/plain") if self.blocked else None
        self.http.append((request.path, headers))
        if parts.path == "/health/live":
            return _response(200, b"{}", "application/json")
        epoch, _colon, offset = headers.get("last-event-id", "").rpartition(":")
        at = int(offset) if epoch == self.epoch else 0
        if "wait" in parse_qs(parts.query):
            return _response(200, self._poll(at), "application/json")
        if self.sse_held:
            await asyncio.sleep(1)
        for _ in range(50):
            if len(self.events) <= at:
                await asyncio.sleep(0.005)
        told = [
            f"id: {self.epoch}:{number}\ndata: {json.dumps(self.frame(number))}\n\n"
            for number in range(at + 1, min(at + 4, len(self.events) + 1))
        ]
        return _response(200, "".join(["retry: 1000\n\n", *told]).encode(), "text/event-stream")

    def _poll(self, at: int) -> bytes:
        events = [self.frame(number) for number in range(at + 1, min(at + 4, len(self.events) + 1))]
        ended = bool(events) and events[-1]["type"] == "done"
        position = {"epoch": self.epoch, "offset": at + len(events)}
        return json.dumps({"position": position, "recovered": True, "events": events, "ended": ended}).encode()


def _response(status: int, body: bytes, kind: str) -> Response:
    headers = Headers({"Content-Type": kind, "Content-Length": str(len(body)), "Connection": "close"})
    return Response(status, HTTPStatus(status).phrase, headers, body)
