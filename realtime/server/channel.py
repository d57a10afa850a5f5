"""HTTP/1.1 on one connection: Twisted's parser with limits on size, count and time, and refusals that arrive."""

from enum import Enum, auto
from typing import Any

from daphne.http_protocol import HTTPFactory
from twisted.web.http import HTTPChannel

from realtime.server.problems import Refusal, raw_response
from realtime.server.request import Request

LINGER = 3.0
"""Seconds for which a refused client may go on sending, so that it reads the refusal instead of a reset."""

MAX_SHOWN = 512
"""Characters of a method or path that a refusal repeats."""


class Phase(Enum):
    """What the connection waits for."""

    IDLE = auto()
    HEAD = auto()
    BODY = auto()
    BUSY = auto()
    LINGER = auto()


class Channel(HTTPChannel):
    """One HTTP connection, until it ends or a WebSocket takes its transport."""

    requestFactory = Request
    timeOut = None
    length: int | None

    def __init__(self, factory: "Factory") -> None:
        super().__init__()
        self.factory = factory
        self.server = factory.server
        self.settings = self.server.settings
        self.MAX_LENGTH = self.totalHeadersSize = self.settings.max_header_bytes
        self.maxHeaders = self.settings.max_headers
        self.phase = Phase.HEAD
        self._body_began = 0.0
        self._body_bytes = 0

    def connectionMade(self) -> None:
        """Twisted's: accepted."""
        super().connectionMade()
        self.server.channels.add(self)
        self.server.deadlines.set(self, self.settings.header_timeout)

    def connectionLost(self, reason: Any) -> None:
        """Twisted's: lost or closed."""
        self.released()
        super().connectionLost(reason)

    def released(self) -> None:
        """The connection is no longer this channel's."""
        self.server.channels.discard(self)
        self.server.deadlines.clear(self)

    def dataReceived(self, data: bytes) -> None:
        """Twisted's: bytes from the client."""
        if self.phase is Phase.LINGER:
            return
        if self.phase is Phase.IDLE:
            self.phase = Phase.HEAD
            self.server.deadlines.set(self, self.settings.header_timeout)
        elif self.phase is Phase.BODY:
            self._body_bytes += len(data)
            due = self._body_began + self.settings.body_timeout + self._body_bytes / self.settings.body_min_rate
            self.server.deadlines.set(self, due - self.server.loop.time())
        super().dataReceived(data)

    def lineReceived(self, line: bytes) -> None:
        """Twisted's: a line of the head."""
        if self.phase is Phase.LINGER:
            return
        if line[:1] in (b" ", b"\t"):
            self.refuse(400, "A header is continued on the next line.")
        elif self._receivedHeaderSize + len(line) > self.totalHeadersSize or (
            line and self._receivedHeaderCount >= self.maxHeaders
        ):
            self.lineLengthExceeded(line)
        else:
            super().lineReceived(line)

    def lineLengthExceeded(self, line: bytes) -> None:  # noqa: ARG002
        """Twisted's: the head is too long."""
        self.refuse(431, "The request's headers are too large.")

    def rawDataReceived(self, data: bytes) -> None:
        """Twisted's: a piece of the body, or of the next request."""
        if self.phase is not Phase.LINGER:
            super().rawDataReceived(data)

    def allHeadersReceived(self) -> None:
        """Twisted's: the head is complete; `length` is that of the body, None when it is chunked."""
        limit = self.settings.body_limit(self._path.partition(b"?")[0].decode("latin-1"))
        if self.length is not None and self.length > limit:
            self.refuse(413, f"The request's body may have at most {limit} bytes.")
        elif self.server.bodies + (self.length or 0) > self.settings.max_bodies:
            self.refuse(503, "Too many uploads at once. Please try again.")
        elif any(value.lower() != b"100-continue" for value in self._expected()):
            self.refuse(417, "The only expectation that is met here is 100-continue.")
        else:
            if self.length != 0:
                self.phase = Phase.BODY
                self._body_began, self._body_bytes = self.server.loop.time(), 0
                self.server.deadlines.set(self, self.settings.body_timeout)
            self.requests[-1].body_limit = limit
            super().allHeadersReceived()

    def allContentReceived(self) -> None:
        """Twisted's: the request is complete."""
        if self.phase is not Phase.LINGER:
            self.phase = Phase.BUSY
            self.server.deadlines.clear(self)
            super().allContentReceived()

    def requestDone(self, request: Any) -> None:
        """Twisted's: the response is written; the next request may be here already."""
        if self.server.draining:
            self.persistent = 0
        self.phase = Phase.IDLE
        self.server.deadlines.set(self, self.settings.keep_alive_timeout if self.persistent else LINGER)
        super().requestDone(request)

    def refuse(self, status: int, detail: str) -> None:
        """Answer a request that will not be read to its end, close our side, and ignore the rest for a while."""
        if self.phase is Phase.LINGER:
            return
        self.phase = Phase.LINGER
        self.persistent = 0
        self.length = None
        peer = self.transport.getPeer()
        refusal = Refusal(
            status=status,
            detail=detail,
            method=getattr(self, "_command", b"").decode("latin-1")[:MAX_SHOWN],
            path=getattr(self, "_path", b"").partition(b"?")[0].decode("latin-1")[:MAX_SHOWN],
            client=getattr(peer, "host", None),
        )
        self.settings.on_refusal(refusal)
        self.transport.write(raw_response(refusal, self.settings.render))
        self._networkProducer.unregisterProducer()
        self.transport.loseWriteConnection()
        self.server.deadlines.set(self, LINGER)

    def close_if_idle(self) -> None:
        """At shutdown: nothing is under way here."""
        if self.phase is Phase.IDLE or (self.phase is Phase.HEAD and not self.requests):
            self.loseConnection()

    def expired(self) -> None:
        """The time for the present phase is over."""
        if self.phase is Phase.LINGER or self.transport.disconnecting:
            self.transport.abortConnection()
        elif self.phase is Phase.IDLE or not (self.requests or self._buffer):
            self.server.deadlines.set(self, LINGER)
            self.loseConnection()
        else:
            self.refuse(408, "The request took too long to arrive.")

    def _expected(self) -> list[bytes]:
        found: list[bytes] = self.requests[-1].requestHeaders.getRawHeaders(b"expect", [])
        return found

    def _respondToBadRequestAndDisconnect(self) -> None:
        self.refuse(400, "The request is not valid HTTP.")


class Factory(HTTPFactory):
    """Makes the channels, without Twisted's access log and HTTP/2 negotiation."""

    def buildProtocol(self, addr: Any) -> Channel:  # noqa: ARG002
        """Twisted's: one per connection."""
        return Channel(self)

    def log(self, request: Any) -> None:
        """Twisted's combined log is not kept."""

    def startFactory(self) -> None:
        """Twisted's log clock is not needed."""

    def stopFactory(self) -> None:
        """Twisted's log clock is not needed."""
