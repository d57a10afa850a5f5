"""A device of a person over a real socket: sends, follows an answer, and comes back with its position like the page."""

import asyncio
import contextlib
import itertools
import json
import time
from dataclasses import dataclass, field
from typing import Any, Self

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake
from websockets.typing import Subprotocol

TERMINAL = frozenset({"done", "incomplete", "error", "cancelled"})
AGAIN_AFTER = 0.1  # seconds


class Device:
    """One socket. Frames that answer no call are in `frames`."""

    def __init__(self, url: str, token: str) -> None:
        self.address = url.replace("http", "ws", 1) + "/ws/v1/"
        self.token = token
        self.frames: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._ids = itertools.count(1)
        self._waiting: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._socket: ClientConnection | None = None
        self._reader: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._socket = await connect(
            self.address, subprotocols=[Subprotocol("rivulet.v1")], ping_interval=None, max_size=None, proxy=None
        )
        self._reader = asyncio.create_task(self._read(self._socket))
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._socket is not None:
            self._socket.transport.abort()
            await self._socket.wait_closed()
        if self._reader is not None:
            await asyncio.gather(self._reader, return_exceptions=True)

    async def open(self) -> dict[str, Any]:
        """`connect`: its reply. Raises `ConnectionClosed`."""
        return await self.call("connect", v=1, token=self.token)

    async def call(self, cmd: str, **fields: Any) -> dict[str, Any]:
        """A command's reply. Raises `ConnectionClosed`."""
        assert self._socket is not None
        id_ = next(self._ids)
        self._waiting[id_] = asyncio.get_running_loop().create_future()
        await self.put(id=id_, cmd=cmd, **fields)
        return await asyncio.wait_for(self._waiting[id_], 30)

    async def put(self, **frame: Any) -> None:
        """Send a frame."""
        assert self._socket is not None
        await self._socket.send(json.dumps(frame))

    async def closed(self, within: float = 30.0) -> int | None:
        """The close code, once the server has closed."""
        assert self._socket is not None
        await asyncio.wait_for(self._socket.wait_closed(), within)
        return self._socket.close_code

    async def _read(self, socket: ClientConnection) -> None:
        try:
            async for raw in socket:
                frame = json.loads(raw)
                if frame.get("type") == "ping":
                    await self.put(cmd="pong")
                elif "id" in frame and frame["id"] in self._waiting:
                    self._waiting.pop(frame["id"]).set_result(frame)
                else:
                    self.frames.put_nowait(frame)
        except ConnectionClosed:
            pass
        finally:
            gone = ConnectionClosed(None, None)
            for future in self._waiting.values():
                if not future.done():
                    future.set_exception(gone)
                    future.exception()
            self.frames.put_nowait({"type": "closed"})


@dataclass
class Follower:
    """An answer as one device shows it, over as many sockets as it takes. `position` is the last that was applied."""

    url: str
    token: str
    topic: str
    position: dict[str, Any] | None = None
    text: str = ""
    ended: dict[str, Any] | None = None
    sockets: int = 0
    longest: str = ""
    """The longest text that was ever shown: what comes back may not be less."""
    connected_at: float = 0.0
    heard: asyncio.Event = field(default_factory=asyncio.Event)

    async def follow(self) -> None:
        """Until the answer's end, coming back whenever the socket is lost."""
        while self.ended is None:
            with contextlib.suppress(OSError, ConnectionClosed, InvalidHandshake, TimeoutError, EOFError):
                async with Device(self.url, self.token) as device:
                    await self._on(device)
            await asyncio.sleep(AGAIN_AFTER)

    async def shows(self, length: int, within: float = 30.0) -> None:
        """Wait for so many characters."""
        async with asyncio.timeout(within):
            while len(self.text) < length:
                self.heard.clear()
                await self.heard.wait()

    async def _on(self, device: Device) -> None:
        reply = await device.open()
        assert "result" in reply, reply
        self.sockets += 1
        since = {"since": self.position} if self.position else {}
        reply = await device.call("subscribe", topic=self.topic, **since)
        if reply.get("error", {}).get("temporary"):
            return
        result = reply["result"]
        self.connected_at = time.monotonic()
        if not result["recovered"] and "snapshot" in result:
            self._snapshot(result["position"], result["snapshot"])
        while self.ended is None:
            frame = await device.frames.get()
            if frame["type"] in {"closed", "unsubscribed"}:
                return
            if frame.get("topic") == self.topic:
                self._apply(frame)
                if frame["offset"] % 16 == 0 or self.ended:
                    await device.put(cmd="ack", topic=self.topic, epoch=frame["epoch"], offset=frame["offset"])

    def _snapshot(self, position: dict[str, Any], data: dict[str, Any]) -> None:
        self.position = position
        self.text = "".join(part["text"] for part in data["parts"] if part["kind"] == "text")
        if data["status"] in TERMINAL:
            self.ended = {"type": data["status"], "data": {}}
        self._changed()

    def _apply(self, frame: dict[str, Any]) -> None:
        epoch, offset = frame["epoch"], frame["offset"]
        if frame["type"] == "snapshot":
            assert not frame.get("more"), "longer than these tests need"
            self._snapshot({"epoch": epoch, "offset": offset}, frame["data"])
            return
        assert self.position is None or (epoch, offset) == (self.position["epoch"], self.position["offset"] + 1), frame
        self.position = {"epoch": epoch, "offset": offset}
        if frame["type"] == "part.delta":
            self.text += frame["data"]["text"]
        elif frame["type"] == "reset":
            self.text = "".join(part["text"] for part in frame["data"]["parts"] if part["kind"] == "text")
        if frame["type"] in TERMINAL:
            self.ended = frame
        self._changed()

    def _changed(self) -> None:
        if len(self.text) > len(self.longest):
            self.longest = self.text
        self.heard.set()
