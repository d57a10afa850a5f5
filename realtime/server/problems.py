"""Refusals that the server makes itself, before or instead of the application: RFC 9457, with the codes of realtime."""

import json
import logging
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from http import HTTPStatus

logger = logging.getLogger(__name__)

_CODES = {
    400: ("bad_request", False),
    403: ("forbidden", False),
    408: ("unavailable", True),
    413: ("too_large", False),
    417: ("bad_request", False),
    426: ("bad_request", False),
    431: ("too_large", False),
    500: ("internal", True),
    503: ("unavailable", True),
}

Headers = list[tuple[bytes, bytes]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """What is refused, and why. `detail` is a sentence for people; `method` and `path` are empty where none was read.

    `client` is the address of the socket's other end, None on a Unix socket.
    """

    status: int
    detail: str
    method: str = ""
    path: str = ""
    client: str | None = None
    request_id: str = field(default_factory=lambda: str(uuid.uuid4()))

    @property
    def code(self) -> str:
        """The stable code."""
        return _CODES[self.status][0]

    @property
    def temporary(self) -> bool:
        """Whether trying again can help."""
        return _CODES[self.status][1]


Render = Callable[[Refusal], tuple[str, bytes]]
"""A refusal as content type and body."""


def rfc9457(refusal: Refusal) -> tuple[str, bytes]:
    """A refusal as `application/problem+json`."""
    problem = {
        "type": f"urn:rivulet:error:{refusal.code}",
        "title": refusal.code.replace("_", " ").capitalize(),
        "status": refusal.status,
        "detail": refusal.detail,
        "code": refusal.code,
        "temporary": refusal.temporary,
        "request_id": refusal.request_id,
    }
    return "application/problem+json", json.dumps(problem).encode()


def log_refusal(refusal: Refusal) -> None:
    """One line in the standard library's log."""
    logger.info("Refused: %s", refusal)


def response(refusal: Refusal, render: Render) -> tuple[Headers, bytes]:
    """Headers and body of a refusal."""
    kind, body = render(refusal)
    headers = [
        (b"content-type", kind.encode()),
        (b"content-length", str(len(body)).encode()),
        (b"cache-control", b"no-store"),
        (b"x-request-id", refusal.request_id.encode()),
    ]
    if refusal.status == HTTPStatus.UPGRADE_REQUIRED:
        headers += [(b"upgrade", b"websocket"), (b"sec-websocket-version", b"13")]
    return headers, body


def raw_response(refusal: Refusal, render: Render) -> bytes:
    """The same as a whole last response of a connection, for requests that could not be read to their end."""
    headers, body = response(refusal, render)
    lines = [f"HTTP/1.1 {refusal.status} {HTTPStatus(refusal.status).phrase}".encode()]
    lines += [name + b": " + value for name, value in [*headers, (b"connection", b"close")]]
    if refusal.method == "HEAD":
        body = b""
    return b"\r\n".join([*lines, b"", body])
