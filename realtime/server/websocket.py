"""One WebSocket: an ASGI handshake on an HTTP request, then the frame protocol on its transport."""

import asyncio
from collections.abc import Callable
from enum import Enum, auto
from typing import TYPE_CHECKING, Any

from realtime.server import frames
from realtime.server.extension import EXTENSION
from realtime.server.handshake import switching_protocols
from realtime.server.inbox import Inbox
from realtime.server.settings import Access

if TYPE_CHECKING:
    from realtime.server.request import Request
    from realtime.server.server import Server
    from realtime.server.transport import Connection

_EXTENSIONS = ("websocket.http.response",)
_APPLICATION, _INBOX = 1, 2
"""Who holds reading: the application by `pause_reading`, or a full inbox."""


class State(Enum):
    """CONNECTING until accepted; CLOSING from the first close frame, sent or received, until the transport is gone."""

    CONNECTING = auto()
    OPEN = auto()
    CLOSING = auto()
    CLOSED = auto()


class WebSocket:
    """The transport's protocol, the application's `receive` and `send`, and its `extension.Transport`."""

    __slots__ = (
        "_accept",
        "_began",
        "_code",
        "_failed",
        "_held",
        "_inbox",
        "_path",
        "_reader",
        "_request",
        "_transport",
        "server",
        "state",
        "task",
    )

    def __init__(self, *, server: "Server", request: "Request", accept: bytes) -> None:
        self.server = server
        self.state = State.CONNECTING
        self.task: asyncio.Future[Any] | None = None
        settings = server.settings
        self._inbox = Inbox(max_messages=settings.inbox_messages, max_bytes=settings.inbox_bytes)
        self._reader = frames.FrameReader(max_size=settings.max_frame, max_fragments=settings.max_fragments)
        self._request: Request | None = request
        self._accept = accept
        self._transport: Connection | None = None
        self._held = 0
        self._failed = False
        self._code = frames.ABNORMAL
        self._began = server.loop.time()
        self._path: str = ""

    def start(self, scope: dict[str, Any], subprotocols: list[str]) -> None:
        """Run the application, which accepts or refuses."""
        del scope["method"]
        scope["type"], scope["scheme"], scope["subprotocols"] = "websocket", "ws", subprotocols
        scope["extensions"] |= {name: {} for name in _EXTENSIONS} | {EXTENSION: self}
        self._path = scope["path"]
        self._inbox.put({"type": "websocket.connect"})
        self.server.websockets.add(self)
        self.server.deadlines.set(self, self.server.settings.accept_timeout)
        self.task = self.server.start(self, scope)

    # ASGI

    async def receive(self) -> dict[str, Any]:
        """ASGI: the next event. Reading goes on when there is room again."""
        event = await self._inbox.get()
        if self._held & _INBOX and self._inbox.low:
            self._hold(self._held & ~_INBOX)
        return event

    async def send(self, message: dict[str, Any]) -> None:
        """ASGI: waits while the client is behind. Ignored once closing has begun."""
        kind = message["type"]
        if kind == "websocket.send":
            if not self.write(_encode(message)):
                await self.drained()
        elif kind == "websocket.accept":
            self._open(message)
        elif kind == "websocket.close":
            self.close(message.get("code") or frames.NORMAL, message.get("reason") or "")
        elif kind.startswith("websocket.http.response."):
            if self.state is State.CONNECTING and self._request is not None:
                self.server.deadlines.clear(self)
                await self._request.send({**message, "type": kind.removeprefix("websocket.")})
                if self._request.finished:
                    self._end(frames.ABNORMAL)
        else:
            raise ValueError(f"A WebSocket can't send a message of type {kind}.")

    def application_done(self, error: BaseException | None) -> None:
        """The application returned or failed."""
        if self.state is State.CONNECTING and self._request is not None:
            self._request.application_done(error)
            self._end(frames.ABNORMAL)
        elif self.state is State.OPEN:
            self.close(frames.NORMAL if error is None else frames.INTERNAL_ERROR)
        elif self.state is State.CLOSED:
            self.server.deadlines.clear(self)

    # extension.Transport

    @property
    def on_drain(self) -> Callable[[], None] | None:
        """See `extension.Transport`."""
        return None if self._transport is None else self._transport.on_drain

    @on_drain.setter
    def on_drain(self, callback: Callable[[], None] | None) -> None:
        if self._transport is not None:
            self._transport.on_drain = callback

    @property
    def buffered(self) -> int:
        """See `extension.Transport`."""
        return 0 if self._transport is None else self._transport.buffered

    @property
    def closed(self) -> bool:
        """See `extension.Transport`."""
        return self.state is State.CLOSING or self.state is State.CLOSED

    def write(self, data: bytes) -> bool:
        """See `extension.Transport`."""
        if self.state is not State.OPEN:
            if self.state is State.CONNECTING:
                raise ValueError("The WebSocket is not accepted yet.")
            return True
        transport = self._transport
        assert transport is not None
        if transport.push(data):
            return True
        if transport.buffered - len(data) > self.server.settings.max_unsent:
            transport.abortConnection()
        return False

    async def drained(self) -> None:
        """See `extension.Transport`."""
        if self._transport is not None:
            await self._transport.drained()

    def abort(self) -> None:
        """See `extension.Transport`."""
        transport = self._transport if self._request is None else self._request.transport
        if transport is not None:
            transport.abortConnection()

    def pause_reading(self) -> None:
        """See `extension.Transport`."""
        self._hold(self._held | _APPLICATION)

    def resume_reading(self) -> None:
        """See `extension.Transport`."""
        self._hold(self._held & ~_APPLICATION)

    # Opening and closing

    def close(self, code: int, reason: str = "") -> None:
        """Begin the closing handshake; before the WebSocket is accepted, refuse it with 403."""
        if self.state is State.CONNECTING and self._request is not None:
            self._request.answer(403, reason or "The WebSocket was refused.")
            self._end(frames.ABNORMAL)
        elif self.state is State.OPEN:
            self._say_close(code, reason)

    def expired(self) -> None:
        """The present state has lasted too long."""
        if self.state is State.CONNECTING and self._request is not None:
            self._request.answer(503, "The application did not answer in time. Please try again.")
            self._end(frames.ABNORMAL)
        elif self.state is State.OPEN:
            self._fail(frames.POLICY_VIOLATION, "A message took too long to arrive.")
        elif self.state is State.CLOSING and self._transport is not None:
            self._transport.abortConnection()
        elif self.task is not None:
            self.task.cancel()

    def _open(self, message: dict[str, Any]) -> None:
        if self.state is State.CLOSED:
            return
        request = self._request
        if self.state is not State.CONNECTING or request is None:
            raise ValueError("The WebSocket is accepted already.")
        response = switching_protocols(
            accept=self._accept, subprotocol=message.get("subprotocol"), headers=list(message.get("headers") or ())
        )
        self.server.deadlines.clear(self)
        transport, rest = request.hand_over()
        self._request, self._accept = None, b""
        self._transport = transport
        transport.protocol = self
        transport.stall_timeout = self.server.settings.websocket_stall_timeout
        self.state = State.OPEN
        transport.push(response)
        if not self._held:
            transport.resumeProducing()
        if rest:
            self.dataReceived(rest)

    def _say_close(self, code: int, reason: str = "") -> None:
        if self._transport is not None:
            self.state = State.CLOSING
            self._code = code
            payload = b"" if code == frames.NO_STATUS else frames.close_payload(code, reason)
            self._transport.push(frames.encode(frames.CLOSE, payload))
            self.server.deadlines.set(self, self.server.settings.close_timeout)
            self._hold(0)

    def _fail(self, code: int, reason: str) -> None:
        """Say why and close our side; what still comes is ignored until the client closes too, or time is over."""
        if self.state is State.OPEN:
            self._say_close(code, reason)
        self._failed = True
        if self._transport is not None:
            self._transport.loseWriteConnection()

    def _end(self, code: int) -> None:
        if self.state is State.CLOSED:
            return
        self.state = State.CLOSED
        self._request, self._transport = None, None
        self.server.websockets.discard(self)
        self.server.deadlines.clear(self)
        self._inbox.put({"type": "websocket.disconnect", "code": code})
        if self.task is not None and not self.task.done():
            self.server.deadlines.set(self, self.server.settings.application_close_timeout)

    # The transport's protocol, by Twisted's names

    def dataReceived(self, data: bytes) -> None:
        """Twisted's: bytes from the client."""
        if not self._failed:
            self._reader.feed(data)
            self._pump()

    def connectionLost(self, reason: Any) -> None:  # noqa: ARG002
        """Twisted's: the transport is gone."""
        self.lost()

    def lost(self) -> None:
        """The connection is gone, before or after it was accepted."""
        if self.state is State.CLOSED:
            return
        accepted, transport = self._request is None, self._transport
        client = None if transport is None else transport.client[0]
        self._end(self._code)
        access_log = self.server.settings.access_log
        if accepted and access_log is not None:
            seconds = self.server.loop.time() - self._began
            access_log(
                Access(
                    kind="websocket", method="GET", path=self._path, status=self._code, client=client, seconds=seconds
                )
            )

    def _hold(self, held: int) -> None:
        before, self._held = self._held, held
        if self._transport is None or bool(before) == bool(held):
            return
        if held:
            self._transport.pauseProducing()
        else:
            self._transport.resumeProducing()
            self._pump()

    def _pump(self) -> None:
        """Take what was fed apart, as far as reading is not held."""
        if self._failed:
            return
        try:
            while not self._held and self.state in (State.OPEN, State.CLOSING):
                frame = self._reader.next()
                if frame is None:
                    break
                if self.state is State.OPEN and not self._reader.in_message:
                    self.server.deadlines.clear(self)
                self._take(*frame)
        except frames.FrameError as error:
            self._fail(error.code, error.reason)
            return
        if self.state is State.OPEN:
            self._watch()

    def _watch(self) -> None:
        deadlines = self.server.deadlines
        if self._held or not self._reader.partial:
            deadlines.clear(self)
        elif not deadlines.pending(self):
            deadlines.set(self, self.server.settings.message_timeout)

    def _take(self, opcode: int, payload: bytes) -> None:
        if opcode == frames.CLOSE:
            self._take_close(payload)
        elif self.state is not State.OPEN:
            return
        elif opcode == frames.PING:
            if self._transport is not None and not self._transport.full:
                self._transport.push(frames.encode(frames.PONG, payload))
        elif opcode in (frames.TEXT, frames.BINARY):
            self._deliver(opcode, payload)

    def _deliver(self, opcode: int, payload: bytes) -> None:
        event: dict[str, Any] = {"type": "websocket.receive"}
        if opcode == frames.TEXT:
            try:
                event["text"] = payload.decode()
            except UnicodeDecodeError:
                raise frames.FrameError(frames.INVALID_DATA, "A text message is not UTF-8.") from None
        else:
            event["bytes"] = payload
        self._inbox.put(event, len(payload))
        if self._inbox.full:
            self._hold(self._held | _INBOX)

    def _take_close(self, payload: bytes) -> None:
        code = frames.parse_close(payload)
        if self.state is State.OPEN:
            self._say_close(code)
        self._failed = True
        if self._transport is not None:
            self._transport.loseConnection()


def _encode(message: dict[str, Any]) -> bytes:
    text, data = message.get("text"), message.get("bytes")
    if text is not None and data is None:
        return frames.text_frame(text.encode())
    if data is not None and text is None:
        return frames.encode(frames.BINARY, data)
    raise ValueError("A websocket.send carries either text or bytes.")
