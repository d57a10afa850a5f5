"""The opening handshake of RFC 6455, server side, as pure functions over headers."""

import base64
import binascii
import hashlib
import re
from collections.abc import Callable, Sequence
from typing import Final

_MAGIC: Final = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
_KEY_BYTES: Final = 16
_TOKEN: Final = re.compile(rb"[-!#$%&'*+.^_`|~0-9a-zA-Z]+")

Values = Callable[[bytes], Sequence[bytes]]
"""All values of the header of that (lower-case) name."""


class Refused(Exception):
    """The request is no acceptable handshake; `status` is 400 or 426."""

    def __init__(self, status: int, detail: str) -> None:
        self.status = status
        self.detail = detail
        super().__init__(detail)


def wants_websocket(values: Values) -> bool:
    """Whether the request asks for a WebSocket at all."""
    return b"websocket" in _tokens(values(b"upgrade"))


def accept_key(*, method: bytes, version: bytes, values: Values) -> bytes:
    """The Sec-WebSocket-Accept of a valid opening handshake. Raises Refused."""
    if method != b"GET" or version != b"HTTP/1.1":
        raise Refused(400, "A WebSocket opens with GET over HTTP/1.1.")
    if b"upgrade" not in _tokens(values(b"connection")):
        raise Refused(400, "A WebSocket opens with the header Connection: Upgrade.")
    if list(values(b"sec-websocket-version")) != [b"13"]:
        raise Refused(426, "Only version 13 of the WebSocket protocol is spoken here.")
    keys = values(b"sec-websocket-key")
    try:
        valid = len(keys) == 1 and len(base64.b64decode(keys[0], validate=True)) == _KEY_BYTES
    except binascii.Error:
        valid = False
    if not valid:
        raise Refused(400, "A WebSocket opens with one Sec-WebSocket-Key of 16 bytes in base64.")
    return base64.b64encode(hashlib.sha1(keys[0] + _MAGIC, usedforsecurity=False).digest())


def subprotocols(values: Values) -> list[str]:
    """What the client offers, in its order. Raises Refused when it is no list of tokens."""
    offered = [part.strip() for value in values(b"sec-websocket-protocol") for part in value.split(b",")]
    if any(not _TOKEN.fullmatch(name) for name in offered):
        raise Refused(400, "Sec-WebSocket-Protocol is not a list of names.")
    return [name.decode("ascii") for name in offered]


def switching_protocols(*, accept: bytes, subprotocol: str | None, headers: Sequence[tuple[bytes, bytes]]) -> bytes:
    """The response that turns the connection into a WebSocket. Raises ValueError for headers with line breaks."""
    lines = [
        b"HTTP/1.1 101 Switching Protocols",
        b"Upgrade: websocket",
        b"Connection: Upgrade",
        b"Sec-WebSocket-Accept: " + accept,
    ]
    if subprotocol is not None:
        lines.append(b"Sec-WebSocket-Protocol: " + subprotocol.encode("ascii"))
    lines += [name + b": " + value for name, value in headers]
    if any(b"\r" in line or b"\n" in line for line in lines):
        raise ValueError("A header of websocket.accept has a line break.")
    return b"\r\n".join([*lines, b"", b""])


def _tokens(values: Sequence[bytes]) -> set[bytes]:
    return {part.strip().lower() for value in values for part in value.split(b",")}
