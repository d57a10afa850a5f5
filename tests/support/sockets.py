"""Clients of a node that runs in the test's own process, over a transport that a test fills and drains."""

import asyncio
import contextlib
import json
from collections import deque
from dataclasses import dataclass, field
from typing import Any

from realtime import Position
from tests.support.realtime import App


class FakeTransport:
    """The server's transport: what was written, and a high-water mark that a test sets."""

    def __init__(self) -> None:
        self.frames: asyncio.Queue[bytes] = asyncio.Queue()
        self.written = 0
        self.full = False
        self.aborted = False
        self.buffered = 0
        self._room = asyncio.Event()

    def write(self, data: bytes) -> bool:
        self.written += len(data)
        self.frames.put_nowait(data)
        return not self.full

    async def drained(self) -> None:
        while self.full:
            self._room.clear()
            await self._room.wait()

    def drain(self) -> None:
        self.full = False
        self._room.set()

    def abort(self) -> None:
        self.aborted = True

    def pause_reading(self) -> None:
        """Nothing to pause."""

    def resume_reading(self) -> None:
        """Nothing was paused."""


@dataclass
class Client:
    """A WebSocket client on a node's ASGI application.

    `lean`: the server offers its transport. `answers`: a close frame is answered, as a live client does.
    """

    app: App
    lean: bool = True
    answers: bool = True
    headers: list[tuple[bytes, bytes]] = field(default_factory=list)
    subprotocols: tuple[str, ...] = ("rivulet.v1",)
    closed: int | None = None
    accepted: str | None = None
    refused: bool = False
    seen: deque[dict[str, Any]] = field(default_factory=deque)

    def __post_init__(self) -> None:
        self.inbox: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.frames: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.transport = FakeTransport()
        self.task: asyncio.Future[None] | None = None
        self.over = asyncio.Event()
        self.opened = asyncio.Event()
        self.ids = 0

    async def __aenter__(self) -> "Client":
        scope = {
            "type": "websocket",
            "path": "/ws/v1/",
            "headers": [(b"host", b"rivulet"), *self.headers],
            "subprotocols": list(self.subprotocols),
            "extensions": {"rivulet.transport": self.transport} if self.lean else {},
        }
        self.inbox.put_nowait({"type": "websocket.connect"})
        self.task = asyncio.ensure_future(self.app.node.websocket(scope, self.inbox.get, self._send))
        await asyncio.wait_for(self.opened.wait(), 2)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.leave()

    async def _send(self, message: dict[str, Any]) -> None:
        if message["type"] == "websocket.accept":
            self.accepted = message.get("subprotocol")
            self.opened.set()
        elif message["type"] == "websocket.close":
            self.refused = not self.opened.is_set()
            self.closed = message.get("code", 1000)
            self.opened.set()
            self.over.set()
            if self.answers:
                self.inbox.put_nowait({"type": "websocket.disconnect", "code": self.closed})
        else:
            self.frames.put_nowait(json.loads(message["text"]))

    async def leave(self) -> None:
        self.inbox.put_nowait({"type": "websocket.disconnect", "code": 1000})
        if self.task is not None:
            await asyncio.wait_for(self.task, 5)

    def text(self, text: str) -> None:
        self.inbox.put_nowait({"type": "websocket.receive", "text": text})

    def put(self, **frame: Any) -> None:
        self.text(json.dumps(frame))

    def order(self, cmd: str, **fields: Any) -> int:
        self.ids += 1
        self.put(id=self.ids, cmd=cmd, **fields)
        return self.ids

    async def call(self, cmd: str, **fields: Any) -> dict[str, Any]:
        """A command's whole reply; events that come before it are kept for `next`."""
        id_ = self.order(cmd, **fields)
        return await self.reply(id_)

    async def reply(self, id_: int) -> dict[str, Any]:
        passed = []
        try:
            while True:
                frame = await self.next()
                if frame.get("id") == id_:
                    return frame
                passed.append(frame)
        finally:
            self.seen.extendleft(reversed(passed))

    async def connect(self, token: str = "ada") -> dict[str, Any]:
        return await self.call("connect", v=1, token=token)

    async def subscribe(self, topic: str, since: Position | None = None) -> dict[str, Any]:
        fields = {} if since is None else {"since": {"epoch": since.epoch, "offset": since.offset}}
        reply = await self.call("subscribe", topic=topic, **fields)
        return reply.get("result") or reply

    async def next(self, seconds: float = 2.0) -> dict[str, Any]:
        """The next frame."""
        if self.seen:
            return self.seen.popleft()
        if not self.lean:
            return await asyncio.wait_for(self.frames.get(), seconds)
        return unframe(await asyncio.wait_for(self.transport.frames.get(), seconds))

    async def nothing(self, seconds: float = 0.05) -> bool:
        """Whether no frame comes for a while."""
        with contextlib.suppress(TimeoutError):
            self.seen.append(await self.next(seconds))
        return not self.seen

    async def events(self, count: int) -> list[dict[str, Any]]:
        """The next frames that have a topic; a server's `delayed` beside them is not counted."""
        found: list[dict[str, Any]] = []
        while len(found) < count:
            if (frame := await self.next()).get("type") != "delayed":
                found.append(frame)
        return found

    async def until(self, type_: str) -> list[dict[str, Any]]:
        """Frames up to the first of this type."""
        frames = [await self.next()]
        while frames[-1].get("type") != type_:
            frames.append(await self.next())
        return frames

    async def close_code(self, seconds: float = 2.0) -> int | None:
        await asyncio.wait_for(self.over.wait(), seconds)
        return self.closed


def unframe(wire: bytes) -> dict[str, Any]:
    """The JSON of one WebSocket frame as the server writes it."""
    assert wire[0] == 0x81
    length, start = wire[1], 2
    if length == 126:
        length, start = int.from_bytes(wire[2:4], "big"), 4
    elif length == 127:
        length, start = int.from_bytes(wire[2:10], "big"), 10
    assert len(wire) == start + length
    found: dict[str, Any] = json.loads(wire[start:])
    return found
