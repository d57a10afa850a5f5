"""One HTTP request as ASGI: Daphne's, with backpressure, lazy bodies and honest endings."""

import asyncio
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from daphne.http_protocol import WebRequest
from daphne.utils import INVALID_HEADER_VALUE_BYTES
from twisted.web import http

from realtime.server import handshake
from realtime.server.body import BodyTransport
from realtime.server.extension import EXTENSION, NAMED
from realtime.server.problems import Refusal, response
from realtime.server.settings import Access
from realtime.server.websocket import WebSocket

if TYPE_CHECKING:
    from realtime.server.server import Server
    from realtime.server.transport import Connection

BODY_CHUNK = 64 * 1024
_ASGI = {"version": "3.0", "spec_version": "2.3"}
_CONTROL = bytes(INVALID_HEADER_VALUE_BYTES | {*range(0x20), 0x7F} - {0x09})
_LOWER: dict[bytes, bytes] = {}
_LOWER_LIMIT = 256
for _status in HTTPStatus:
    http.RESPONSES.setdefault(_status.value, _status.phrase.encode())  # Twisted lacks some newer ones


class Request(WebRequest):
    """Twisted's request that runs an ASGI application, or a WebSocket's handshake."""

    server: "Server"
    channel: Any
    transport: "Connection"
    body_limit = 0
    task: asyncio.Future[Any] | None = None
    _websocket: WebSocket | None = None
    _body_size = 0
    _body_taken = False
    ended = False
    _began = 0.0
    named: dict[str, str] | None = None
    _gone: asyncio.Event | None = None

    # Twisted's callbacks while the request arrives

    def parseCookies(self) -> None:
        """Twisted's: the application parses its own."""

    def handleContentChunk(self, data: bytes) -> None:
        """Twisted's: a piece of the body."""
        if self._body_size + len(data) > self.body_limit:
            self.channel.refuse(413, f"The request's body may have at most {self.body_limit} bytes.")
        elif self.server.bodies + len(data) > self.server.settings.max_bodies:
            self.channel.refuse(503, "Too many uploads at once. Please try again.")
        else:
            self._body_size += len(data)
            self.server.bodies += len(data)
            super().handleContentChunk(data)

    def requestReceived(self, command: bytes, path: bytes, version: bytes) -> None:
        """Twisted's: the request is complete."""
        self.content.seek(0)
        self.method, self.uri, self.clientproto = command, path, version
        self.path, _, self.query_string = path.partition(b"?")
        self.process()

    def process(self) -> None:
        """Check it, and start the application."""
        self._began = self.request_start = self.server.loop.time()
        self.server.requests.add(self)
        try:
            scope = self._scope()
            values = self._values
            if not handshake.wants_websocket(values):
                scope["extensions"][EXTENSION] = BodyTransport(self)
                self.task = self.server.start(self, scope)
                return
            accept = handshake.accept_key(method=self.method, version=self.clientproto, values=values)
            offered = handshake.subprotocols(values)
        except handshake.Refused as refused:
            self.answer(refused.status, refused.detail)
        else:
            self._websocket = WebSocket(server=self.server, request=self, accept=accept)
            self._websocket.start(scope, offered)

    # ASGI

    async def receive(self) -> dict[str, Any]:
        """ASGI: the body piece by piece, then the disconnect, when it comes."""
        if not self._body_taken and not self.ended:
            chunk = self.content.read(BODY_CHUNK)
            self._body_taken = self.content.tell() >= self._body_size
            if self._body_taken:
                self._forget_body()
            return {"type": "http.request", "body": chunk, "more_body": not self._body_taken}
        if not self.ended:
            self._gone = self._gone or asyncio.Event()
            await self._gone.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: dict[str, Any]) -> None:
        """ASGI: waits while the client is behind. Ignored when the request is over."""
        if self.ended:
            return
        self.server.check_headers_type(message)
        self.handle_reply(message)
        transport = self.transport
        if transport.full and not self.ended:
            await transport.drained()

    def handle_reply(self, message: dict[str, Any]) -> None:
        """Write one message of the application; what belongs together leaves together."""
        body = message["type"] == "http.response.body"
        if body and self.startedWriting:
            if self.method == b"HEAD" or self.code in http.NO_BODY_CODES:
                message = {**message, "body": b""}
            elif self.chunked and message.get("more_body"):
                self._write_chunk(message.get("body", b""))
                return
        elif not body and self.server.draining and self.channel is not None:
            self.channel.persistent = 0
            self.responseHeaders.setRawHeaders(b"connection", [b"close"])
        with self.transport.corked():
            super().handle_reply(message)

    def answer(self, status: int, detail: str) -> None:
        """The server's own response, when the application has not begun one."""
        settings = self.server.settings
        refusal = Refusal(
            status=status,
            detail=detail,
            method=self.method.decode("latin-1"),
            path=self.path.decode("latin-1"),
            client=getattr(self.client, "host", None),
            **(self.named or {}),
        )
        settings.on_refusal(refusal)
        headers, body = response(refusal, settings.render)
        self.handle_reply({"type": "http.response.start", "status": status, "headers": headers})
        self.handle_reply({"type": "http.response.body", "body": body})

    def application_done(self, error: BaseException | None) -> None:  # noqa: ARG002
        """The application returned or failed; a response that it left unfinished is cut, never passed off as whole."""
        if self.ended:
            self.server.deadlines.clear(self)
        elif self._response_started:
            self.transport.abortConnection()
        else:
            self.answer(500, "Something went wrong on our side. Please try again.")

    def expired(self) -> None:
        """The application runs on although its client left long ago."""
        if self.task is not None:
            self.task.cancel()

    # Endings

    def finish(self) -> None:
        """Twisted's: the response is complete."""
        if not self.ended and not self._disconnected:
            self._end()
            http.Request.finish(self)

    def connectionLost(self, reason: Any) -> None:
        """Twisted's: the client left before the response was complete."""
        if not self.ended:
            self._end()
        http.Request.connectionLost(self, reason)
        if self._websocket is not None:
            self._websocket.lost()

    def hand_over(self) -> tuple["Connection", bytes]:
        """Give the transport, and what the client sent beyond the request, to the WebSocket that it asked for."""
        channel, transport = self.channel, self.transport
        rest = b"".join(channel._dataBuffer)
        channel.released()
        transport.unregisterProducer()
        channel.requests.clear()
        channel._dataBuffer.clear()
        channel.transport = None
        self._websocket = None
        self._end(log=False)
        self.content.close()
        self.channel = None
        return transport, rest

    def _end(self, *, log: bool = True) -> None:
        self.ended = True
        self._forget_body()
        self.server.requests.discard(self)
        self.transport.on_drain = None
        if self._gone is not None:
            self._gone.set()
        if self.task is not None and not self.task.done():
            self.server.deadlines.set(self, self.server.settings.application_close_timeout)
        if log and self._began and self.server.settings.access_log is not None:
            self.server.settings.access_log(
                Access(
                    kind="http" if self._websocket is None else "websocket",
                    method=self.method.decode("latin-1"),
                    path=self.path.decode("latin-1"),
                    status=self.code if self._response_started else 499,
                    client=getattr(self.client, "host", None),
                    seconds=self.server.loop.time() - self._began,
                    sent=self.sentLength,
                )
            )

    def _forget_body(self) -> None:
        self._body_taken = True
        self.server.bodies -= self._body_size
        self._body_size = 0

    def _write_chunk(self, body: bytes) -> None:
        if body:
            self.sentLength += len(body)
            self.transport.push(b"%x\r\n%b\r\n" % (len(body), body))

    # The scope

    def _values(self, name: bytes) -> list[bytes]:
        found: list[bytes] = self.requestHeaders.getRawHeaders(name, [])
        return found

    def _scope(self) -> dict[str, Any]:
        headers: list[tuple[bytes, bytes]] = []
        for name, values in self.requestHeaders.getAllRawHeaders():
            if b"_" in name:  # CVE-2015-0219
                continue
            lower = _lower(name)
            for value in values:
                if value.translate(None, _CONTROL) != value:
                    raise handshake.Refused(400, "A header has a control character.")
                headers.append((lower, value))
        if self.clientproto == b"HTTP/1.1" and len(self._values(b"host")) != 1:
            raise handshake.Refused(400, "A request has exactly one Host header.")
        if not self.path.startswith(b"/") and self.path != b"*":
            _, separator, rest = self.path.partition(b"://")
            if not separator:
                raise handshake.Refused(400, "The request's path does not begin with a slash.")
            self.path = b"/" + rest.partition(b"/")[2]
        try:
            path, method = unquote(self.path.decode("ascii")), self.method.decode("ascii")
            self.query_string.decode("ascii")
        except UnicodeDecodeError:
            raise handshake.Refused(400, "The request's path is not ASCII.") from None
        self.named = {}
        return {
            "type": "http",
            "extensions": {NAMED: self.named},
            "asgi": _ASGI,
            "http_version": self.clientproto.partition(b"/")[2].decode("ascii"),
            "method": method,
            "scheme": "http",
            "path": path,
            "raw_path": self.path,
            "root_path": "",
            "query_string": self.query_string,
            "headers": headers,
            "client": _address(self.client),
            "server": _address(self.host),
        }


def _lower(name: bytes) -> bytes:
    known = _LOWER.get(name)
    if known is None:
        known = name.lower()
        if len(_LOWER) < _LOWER_LIMIT:
            _LOWER[name] = known
    return known


def _address(address: Any) -> tuple[str, int] | None:
    return (address.host, address.port) if hasattr(address, "port") else None
