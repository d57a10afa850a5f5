"""Every limit and time-out of the server, in one place. Sizes are bytes, times are seconds."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields

from realtime.server.problems import Refusal, Render, log_refusal, rfc9457

KIB = 1024
MIB = 1024 * KIB


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """One finished HTTP request or closed WebSocket, for the access log.

    `status` is the HTTP status, or for an accepted WebSocket its close code. `client` is the address of the socket's
    other end (`None` on a Unix socket), never what a header claims. `sent` counts body bytes of HTTP only.
    """

    kind: str
    method: str
    path: str
    status: int
    client: str | None
    seconds: float
    sent: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerSettings:
    """Limits of one server process; the defaults suit a node behind nginx."""

    high_water: int = 64 * KIB
    """`send()` waits while more than this is unsent in the process."""
    low_water: int = 16 * KIB
    """Waiting senders go on when no more than this is unsent."""
    max_unsent: int = 1 * MIB
    """A WebSocket whose application writes on regardless is cut here."""
    stall_timeout: float = 60
    """An HTTP client that takes none of the bytes that wait for it is cut after this."""
    websocket_stall_timeout: float = 75
    """The same for WebSockets: a backstop behind the application's own flow control."""

    inbox_messages: int = 64
    """Messages the application has not received yet, before the server stops reading."""
    inbox_bytes: int = 256 * KIB
    max_frame: int = 1 * MIB
    """Larger frames and messages close with 1009."""
    max_fragments: int = 1024
    """A message in more pieces closes with 1009."""
    message_timeout: float = 60
    """From the first byte of a message to its last; past it, 1008."""
    accept_timeout: float = 15
    """The application answers a handshake within this, or the client gets 503."""
    close_timeout: float = 5
    """The closing handshake takes no longer."""

    header_timeout: float = 10
    """From the first byte of a request (or the connection) to the end of its headers."""
    max_headers: int = 100
    max_header_bytes: int = 32 * KIB
    """Request line and all headers; more is 431."""
    body_timeout: float = 30
    """For the body, on top of its bytes at `body_min_rate`."""
    body_min_rate: int = 4 * KIB
    max_body: int = 16 * MIB
    """Larger request bodies are 413. A body is complete, in memory or a file, before the application runs."""
    max_body_by_path: Mapping[str, int] = field(default_factory=dict)
    """Other caps by path prefix; the longest prefix counts."""
    max_bodies: int = 512 * MIB
    """All bodies of the process together; more is 503."""
    keep_alive_timeout: float = 75
    """An idle HTTP connection is closed after this (longer than the proxy's)."""

    application_close_timeout: float = 10
    """An application that runs on after its client left is cancelled."""
    startup_timeout: float = 60
    shutdown_timeout: float = 25
    """From SIGTERM to exit, at most."""
    goaway_code: int = 4001
    """Closes the WebSockets that the application left open at shutdown."""
    backlog: int = 2048

    access_log: Callable[[Access], None] | None = None
    render: Render = rfc9457
    """How the server's own refusals look."""
    on_refusal: Callable[[Refusal], None] = log_refusal
    """Told of each of the server's own refusals: no application sees them."""

    def __post_init__(self) -> None:
        for each in fields(self):
            value = getattr(self, each.name)
            if isinstance(value, (int, float)) and value <= 0:
                raise ValueError(f"The server's setting {each.name} must be positive, not {value}.")
        if self.low_water > self.high_water:
            raise ValueError("The server's setting low_water must not exceed high_water.")

    def body_limit(self, path: str) -> int:
        """The largest request body, in bytes, that `path` takes."""
        prefixes = [prefix for prefix in self.max_body_by_path if path.startswith(prefix)]
        return self.max_body_by_path[max(prefixes, key=len)] if prefixes else self.max_body
