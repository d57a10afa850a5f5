"""Refusals that the server makes itself, before or instead of the application: RFC 9457, with the codes of realtime."""

import json
from http import HTTPStatus

_CODES = {
    400: ("bad_request", False),
    403: ("forbidden", False),
    408: ("unavailable", True),
    413: ("too_large", False),
    426: ("bad_request", False),
    431: ("too_large", False),
    500: ("internal", True),
    503: ("unavailable", True),
}

Headers = list[tuple[bytes, bytes]]


def problem(status: int, detail: str) -> tuple[Headers, bytes]:
    """Headers and body of a refusal with `status`; `detail` is a sentence for people."""
    code, temporary = _CODES[status]
    body = json.dumps(
        {
            "type": "about:blank",
            "title": HTTPStatus(status).phrase,
            "status": status,
            "detail": detail,
            "code": code,
            "temporary": temporary,
        }
    ).encode()
    headers = [
        (b"content-type", b"application/problem+json"),
        (b"content-length", str(len(body)).encode()),
        (b"cache-control", b"no-store"),
    ]
    if status == HTTPStatus.UPGRADE_REQUIRED:
        headers += [(b"upgrade", b"websocket"), (b"sec-websocket-version", b"13")]
    return headers, body


def raw_problem(status: int, detail: str) -> bytes:
    """The same as a whole last response of a connection, for requests that could not be read to their end."""
    headers, body = problem(status, detail)
    lines = [f"HTTP/1.1 {status} {HTTPStatus(status).phrase}".encode()]
    lines += [name + b": " + value for name, value in [*headers, (b"connection", b"close")]]
    return b"\r\n".join([*lines, b"", body])
