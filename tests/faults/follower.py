"""A client as the protocol wants it: follows a topic over WebSocket, comes back with its position, checks what it sees.

It never asks for what it had: `text` is what a reader would have on the screen, `problems` what no reader may see.
"""

import asyncio
import contextlib
import json
import random
from typing import Any, Self

from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake
from websockets.typing import Subprotocol

PROTOCOLS = [Subprotocol("rivulet.v1")]
TERMINAL = {"done", "incomplete", "error", "cancelled"}
ACK_EVENTS = 32


class Follower:
    """Follows `topic`. `urls` are tried in turn, one for each connection: any node will do."""

    def __init__(self, urls: list[str], *, token: str, topic: str, chance: random.Random) -> None:
        self.urls = urls
        self.token = token
        self.topic = topic
        self.epoch = ""
        self.offset = 0
        self.parts: list[dict[str, Any]] = []
        self.status = ""
        self.terminal: list[str] = []
        self.epochs: list[str] = []
        self.closes: list[int | None] = []
        self.connections = 0
        self.silence = 40.0
        """Seconds without a frame after which a connection is given up, as the protocol asks of clients."""
        self.recovered: list[bool] = []
        self.problems: list[str] = []
        self.ended = asyncio.Event()
        self._chance = chance
        self._task: asyncio.Task[None] | None = None
        self._socket: Any = None

    @property
    def text(self) -> str:
        """The text parts put together."""
        return "".join(part["text"] for part in self.parts if part["kind"] == "text")

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._follow())
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def until(self, text: str, *, within: float = 30) -> None:
        """Wait until this is on the screen."""
        async with asyncio.timeout(within):
            while text not in self.text:
                await asyncio.sleep(0.01)

    async def until_longer(self, size: int, *, within: float = 30) -> None:
        """Wait until more than `size` characters are on the screen, or it has ended."""
        async with asyncio.timeout(within):
            while len(self.text) <= size and not self.ended.is_set():
                await asyncio.sleep(0.01)

    def drop(self) -> None:
        """Lose the connection without a word."""
        if self._socket is not None:
            self._socket.transport.abort()

    async def _follow(self) -> None:
        tries = 0
        while not self.ended.is_set():
            url = self.urls[len(self.closes) % len(self.urls)]
            code: int | None = None
            try:
                async with connect(
                    url, subprotocols=PROTOCOLS, ping_interval=None, open_timeout=5, close_timeout=1
                ) as socket:
                    self._socket = socket
                    self.connections += 1
                    tries = 0
                    await self._talk(socket)
            except ConnectionClosed as closed:
                code = closed.rcvd.code if closed.rcvd else 1006
            except (OSError, TimeoutError, InvalidHandshake):
                tries += 1
            self._socket = None
            self.closes.append(code)
            if not self.ended.is_set():
                await asyncio.sleep(self._chance.uniform(0, min(2.0, 0.1 * 2**tries)))

    async def _talk(self, socket: Any) -> None:
        await socket.send(json.dumps({"id": 1, "cmd": "connect", "v": 1, "token": self.token}))
        since = {"since": {"epoch": self.epoch, "offset": self.offset}} if self.epoch else {}
        await socket.send(json.dumps({"id": 2, "cmd": "subscribe", "topic": self.topic, **since}))
        unacknowledged = 0
        while True:
            async with asyncio.timeout(self.silence):
                raw = await socket.recv()
            frame = json.loads(raw)
            if frame.get("type") == "ping":
                await socket.send('{"cmd":"pong"}')
            elif frame.get("type") == "goaway":
                return
            elif "id" in frame:
                self._reply(frame)
            elif frame.get("topic") == self.topic:
                self._take(frame)
                unacknowledged += 1
                if unacknowledged >= ACK_EVENTS:
                    unacknowledged = 0
                    ack = {"cmd": "ack", "topic": self.topic, "epoch": self.epoch, "offset": self.offset}
                    await socket.send(json.dumps(ack))
            if self.ended.is_set():
                with contextlib.suppress(ConnectionClosed):
                    await socket.close()
                return

    def _reply(self, frame: dict[str, Any]) -> None:
        if "error" in frame:
            if not frame["error"]["temporary"]:
                self.problems.append(f"refused: {frame['error']}")
            raise OSError(frame["error"]["code"])
        if frame["id"] != 2:
            return
        result = frame["result"]
        self.recovered.append(result["recovered"])
        if result.get("snapshot") is not None:
            position = result["position"]
            self._show(position["epoch"], position["offset"], result["snapshot"])
        elif result["recovered"] and result["position"]["epoch"] != self.epoch:
            self.problems.append("recovered under another epoch")

    def _show(self, epoch: str, offset: int, data: dict[str, Any]) -> None:
        if epoch != self.epoch:
            self.epochs.append(epoch)
        self.epoch, self.offset = epoch, offset
        self.parts = [{"kind": part["kind"], "text": part["text"]} for part in data["parts"]]
        self.status = data["status"]
        if self.status in TERMINAL:
            self.ended.set()

    def _take(self, frame: dict[str, Any]) -> None:
        kind = frame.get("type")
        if kind == "snapshot":
            if frame.get("more") or frame.get("page"):
                self._page(frame)
            else:
                self._show(frame["epoch"], frame["offset"], frame["data"])
            return
        if "offset" not in frame:
            return
        if frame["epoch"] != self.epoch:
            self.problems.append(f"an event of epoch {frame['epoch']} without its snapshot")
            return
        if frame["offset"] <= self.offset:
            return  # twice: dropped by offset
        if frame["offset"] != self.offset + 1:
            self.problems.append(f"a hole: {self.offset} to {frame['offset']}")
        self.offset = frame["offset"]
        self._apply(str(kind), frame["data"])

    def _page(self, frame: dict[str, Any]) -> None:
        if frame.get("page", 0) == 0:
            self._slices: dict[int, dict[str, Any]] = {}
        for piece in frame["data"].get("parts", []):
            part = self._slices.setdefault(piece["part"], {"kind": piece["kind"], "text": ""})
            if piece["start"] != len(part["text"]):
                self.problems.append("a page whose slices do not fit")
            part["text"] += piece["text"]
        if not frame.get("more"):
            parts = [self._slices[number] for number in sorted(self._slices)]
            self._show(frame["epoch"], frame["offset"], {**frame["data"], "parts": parts})

    def _apply(self, kind: str, data: dict[str, Any]) -> None:
        if self.terminal:
            self.problems.append(f"{kind} after {self.terminal[-1]}")
        if kind == "part.added":
            if data["part"] != len(self.parts):
                self.problems.append(f"part {data['part']} where {len(self.parts)} was to come")
            self.parts.append({"kind": data["kind"], "text": ""})
        elif kind == "part.delta":
            self.parts[data["part"]]["text"] += data["text"]
        elif kind == "reset":
            self.parts = [{"kind": part["kind"], "text": part["text"]} for part in data["parts"]]
        elif kind in TERMINAL:
            self.terminal.append(kind)
            self.status = kind
            self.ended.set()
