"""Raw WebSockets: frames as they come, nothing mended, nothing sent by itself but pongs."""

import asyncio
import contextlib
import json
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any, Self

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from rivulet_client.conformance.promise import Broken, expect, short

Frame = dict[str, Any]
PATIENCE = 20.0


class Socket:
    """One socket. Frames are kept in the order of their arrival; `take` looks at them."""

    def __init__(
        self,
        url: str,
        *,
        subprotocols: Sequence[str] = ("rivulet.v1",),
        headers: dict[str, str] | None = None,
        pongs: bool = True,
        told: Callable[[int], None] | None = None,
    ) -> None:
        self.url = url
        self.frames: list[Frame] = []
        self.sizes: list[int] = []
        self.subprotocol: str | None = None
        self.pongs = pongs
        self._subprotocols = [Subprotocol(name) for name in subprotocols]
        self._headers = headers or {}
        self._told = told
        self._fresh: deque[Frame] = deque()
        self._something = asyncio.Event()
        self._over = False
        self._id = 0
        self._socket: ClientConnection | None = None
        self._reader: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._socket = await connect(
            self.url,
            subprotocols=self._subprotocols or None,
            additional_headers=self._headers,
            compression=None,
            ping_interval=None,
            max_size=None,
            close_timeout=1,
        )
        self.subprotocol = self._socket.subprotocol
        self._reader = asyncio.create_task(self._read(self._socket))
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._socket is not None:
            self._socket.transport.abort()
            await self._socket.wait_closed()
        if self._reader is not None:
            await asyncio.gather(self._reader, return_exceptions=True)

    @property
    def live(self) -> ClientConnection:
        """The connection itself."""
        assert self._socket is not None
        return self._socket

    async def text(self, raw: str | bytes) -> None:
        """Send a text frame, whatever it holds."""
        with contextlib.suppress(ConnectionClosed):
            await self.live.send(raw.encode() if isinstance(raw, str) else raw, text=True)

    async def put(self, **frame: Any) -> None:
        """Send a frame."""
        await self.text(json.dumps(frame))

    async def order(self, cmd: str, **fields: Any) -> int:
        """Send a command under the next id."""
        self._id += 1
        await self.put(id=self._id, cmd=cmd, **fields)
        return self._id

    async def call(self, cmd: str, **fields: Any) -> Frame:
        """A command's whole reply."""
        return await self.reply(await self.order(cmd, **fields))

    async def result(self, cmd: str, **fields: Any) -> Frame:
        """A command's result. Raises `Broken` when it is refused; waits when it asks too often."""
        reply = await self.call(cmd, **fields)
        while reply.get("error", {}).get("code") == "rate_limited":
            await asyncio.sleep(reply["error"]["retry_after_ms"] / 1000)
            reply = await self.call(cmd, **fields)
        expect("result" in reply, f"{cmd} was answered {short(reply)}")
        found: Frame = reply["result"]
        return found

    async def refused(self, code: str, cmd: str, **fields: Any) -> Frame:
        """A command's error, which must have this code and the protocol's shape."""
        return checked(await self.call(cmd, **fields), code)

    async def reply(self, number: int, *, within: float = PATIENCE) -> Frame:
        """The reply under this id. Other frames stay for `take`."""
        return await self.take(lambda frame: frame.get("id") == number, within=within)

    async def take(self, wanted: Callable[[Frame], bool], *, within: float = PATIENCE) -> Frame:
        """The first frame not taken yet that is wanted; those before it stay."""
        async with asyncio.timeout(within):
            while True:
                for frame in self._fresh:
                    if wanted(frame):
                        self._fresh.remove(frame)
                        return frame
                if self._over:
                    raise Broken(f"the socket was closed with {self.live.close_code}")
                self._something.clear()
                await self._something.wait()

    async def until(self, topic: str, wanted: Callable[[Frame], bool], *, within: float = PATIENCE) -> list[Frame]:
        """Frames of a topic in their order, up to the first that is wanted."""
        found: list[Frame] = []
        while not found or not wanted(found[-1]):
            found.append(await self.take(lambda frame: frame.get("topic") == topic, within=within))
        return found

    async def quiet(self, topic: str, seconds: float = 0.4) -> None:
        """Raise `Broken` when a frame of this topic comes within so long."""
        with contextlib.suppress(TimeoutError):
            frame = await self.take(lambda frame: frame.get("topic") == topic, within=seconds)
            raise Broken(f"unexpected: {short(frame)}")

    async def closed(self, within: float = PATIENCE) -> int | None:
        """The close code, once the server has closed."""
        async with asyncio.timeout(within):
            await self.live.wait_closed()
        return self.live.close_code

    async def alive(self) -> None:
        """Raise unless the socket still answers."""
        self._id += 1000
        checked(await self.call("conformance.nothing"), "bad_request")

    async def _read(self, socket: ClientConnection) -> None:
        try:
            while True:
                raw = await socket.recv(decode=False)
                if self._told is not None:
                    self._told(len(raw))
                self.sizes.append(len(raw))
                frame = json.loads(raw)
                self.frames.append(frame)
                self._fresh.append(frame)
                self._something.set()
                if frame.get("type") == "ping" and self.pongs:
                    await self.put(cmd="pong")
        except ConnectionClosed:
            pass
        finally:
            self._over = True
            self._something.set()


def checked(reply: Frame, code: str) -> Frame:
    """The error of a reply, which must have this code and the protocol's shape."""
    error: Frame = reply.get("error") or {}
    expect(error.get("code") == code, f"{short(reply)} instead of {code}")
    expect(isinstance(error.get("message"), str) and error["message"], f"no sentence: {short(reply)}")
    expect(isinstance(error.get("temporary"), bool), f"no `temporary`: {short(reply)}")
    return error
