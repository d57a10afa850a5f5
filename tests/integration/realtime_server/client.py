"""A raw HTTP and WebSocket client: what no well-behaved library would send."""

import asyncio
import base64
import contextlib
import os
import socket
import struct
from dataclasses import dataclass
from typing import ClassVar


def masked(opcode: int, payload: bytes = b"", *, final: bool = True, length: int | None = None) -> bytes:
    """A client's frame; `length` may lie."""
    length = len(payload) if length is None else length
    first = opcode | (0x80 if final else 0)
    if length < 126:
        head = struct.pack("!BB", first, 0x80 | length)
    elif length < 65536:
        head = struct.pack("!BBH", first, 0x80 | 126, length)
    else:
        head = struct.pack("!BBQ", first, 0x80 | 127, length)
    key = os.urandom(4)
    return head + key + bytes(byte ^ key[index % 4] for index, byte in enumerate(payload))


@dataclass
class Frame:
    opcode: int
    payload: bytes
    final: bool

    @property
    def code(self) -> int:
        """The code of a close frame."""
        return int.from_bytes(self.payload[:2], "big")


class Raw:
    """One TCP connection."""

    opened: ClassVar[list["Raw"]] = []

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.opened.append(self)
        self.reader = reader
        self.writer = writer

    @classmethod
    async def connect(cls, port: int, *, receive_buffer: int | None = None) -> "Raw":
        sock = socket.socket()
        if receive_buffer:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        sock.settimeout(0)
        try:
            await asyncio.get_running_loop().sock_connect(sock, ("127.0.0.1", port))
        except OSError:
            sock.close()
            raise
        limit = receive_buffer or 2**20
        return cls(*await asyncio.open_connection(sock=sock, limit=limit))

    @classmethod
    async def websocket(cls, port: int, path: str, *, receive_buffer: int | None = None, extra: str = "") -> "Raw":
        raw = await cls.connect(port, receive_buffer=receive_buffer)
        raw.send(handshake(path, extra=extra))
        head = await raw.head()
        assert head.startswith("HTTP/1.1 101"), head
        return raw

    def send(self, data: bytes) -> None:
        self.writer.write(data)

    async def head(self) -> str:
        head = (await asyncio.wait_for(self.reader.readuntil(b"\r\n\r\n"), 10)).decode()
        assert head.startswith(("HTTP/1.0 ", "HTTP/1.1 ")), head
        return head

    async def response(self) -> tuple[int, str, bytes]:
        """Status, head and body of a response with a length, or in chunks."""
        head = await self.head()
        fields = dict(line.lower().split(": ", 1) for line in head.split("\r\n")[1:] if line)
        if fields.get("transfer-encoding") == "chunked":
            body = b""
            while size := int(await self.reader.readline(), 16):
                body += await self.reader.readexactly(size)
                await self.reader.readexactly(2)
            await self.reader.readexactly(2)
        else:
            body = await self.reader.readexactly(int(fields.get("content-length", 0)))
        return int(head.split()[1]), head, body

    async def frame(self, *, within: float = 10) -> Frame:
        async with asyncio.timeout(within):
            first, second = await self.reader.readexactly(2)
            assert second < 0x80, "a server's frame is not masked"
            length = second
            if length == 126:
                length = int.from_bytes(await self.reader.readexactly(2), "big")
            elif length == 127:
                length = int.from_bytes(await self.reader.readexactly(8), "big")
            return Frame(first & 15, await self.reader.readexactly(length), first >= 0x80)

    async def closed(self, *, within: float = 10) -> bytes:
        """What still came until the server closed the connection."""
        try:
            return await asyncio.wait_for(self.reader.read(-1), within)
        except ConnectionError:
            return b""

    async def close(self) -> None:
        """Cut it."""
        self.writer.transport.abort()
        with contextlib.suppress(ConnectionError):
            await self.writer.wait_closed()


def handshake(path: str, *, extra: str = "", version: str = "13", key: str | None = None) -> bytes:
    key = base64.b64encode(os.urandom(16)).decode() if key is None else key
    return (
        f"GET {path} HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: keep-alive, Upgrade\r\n"
        f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: {version}\r\n{extra}\r\n"
    ).encode()
