"""A lean client of the realtime protocol for load: one send on a socket, read to the terminal event, acknowledge.

Frames are kept as they come, with the time of the read; they are looked at after the run, so that the client costs a
few microseconds a frame and does not measure itself.
"""

import asyncio
import base64
import json
import os
import socket
import ssl
import time
import uuid
from dataclasses import dataclass, field
from typing import Any, cast

TERMINAL = {"done", "incomplete", "error", "cancelled"}
ACK_EVENTS = 64
ACK_BYTES = 16_384


@dataclass
class Target:
    """Where to connect, and as whom."""

    host: str
    port: int
    token: str
    path: str = "/ws/v1/"
    tls: ssl.SSLContext | None = None


@dataclass
class Transcript:
    """What one socket saw: `frames` are (monotonic ns, payload), `sent` is when the message left, in ns."""

    frames: list[tuple[int, bytes]] = field(default_factory=list)
    topic: str = ""
    sent: int = 0


class StreamSocket(asyncio.Protocol):
    """One WebSocket. `ready` resolves when the server has accepted `connect`, `started` with the reply to the send or
    the subscription, `done` at the terminal event."""

    def __init__(self, target: Target) -> None:
        loop = asyncio.get_running_loop()
        self.target = target
        self.ready: asyncio.Future[None] = loop.create_future()
        self.started: asyncio.Future[dict[str, Any]] = loop.create_future()
        self.done: asyncio.Future[str] = loop.create_future()
        self.transcript = Transcript()
        self._buffer = bytearray()
        self._upgraded = False
        self._unacknowledged = 0
        self._unacknowledged_bytes = 0
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Ask for the upgrade."""
        self._transport = cast("asyncio.Transport", transport)
        transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        key = base64.b64encode(os.urandom(16)).decode()
        self._transport.write(
            f"GET {self.target.path} HTTP/1.1\r\nHost: {self.target.host}:{self.target.port}\r\n"
            "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
            f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Protocol: rivulet.v1\r\n\r\n".encode()
        )

    def command(self, **fields: Any) -> None:
        """Send a command. The mask is zero, which is legal and leaves the payload as it is."""
        body = json.dumps(fields, separators=(",", ":")).encode()
        size = len(body)
        head = bytes((129, 128 | size)) if size < 126 else bytes((129, 254)) + size.to_bytes(2, "big")
        assert self._transport is not None
        self._transport.write(head + b"\0\0\0\0" + body)

    def send_message(self, *, content: str, model: str | None) -> None:
        """Send the one message of this socket."""
        self.transcript.sent = time.monotonic_ns()
        self.command(
            id=2,
            cmd="message.send",
            client_msg_id=str(uuid.uuid4()),
            content=content,
            **({"model": model} if model else {}),
        )

    def subscribe(self, *, topic: str, epoch: str, offset: int) -> None:
        """Follow an answer from a position."""
        self.transcript.sent = time.monotonic_ns()
        self.transcript.topic = topic
        self.command(id=2, cmd="subscribe", topic=topic, since={"epoch": epoch, "offset": offset})

    def stop_reading(self) -> None:
        """Leave what comes in the kernel's buffers."""
        assert self._transport is not None
        self._transport.pause_reading()

    def close(self) -> None:
        """Leave without a closing handshake."""
        if self._transport is not None:
            self._transport.abort()

    def data_received(self, data: bytes) -> None:
        """Cut what arrived into frames."""
        now = time.monotonic_ns()
        buffer = self._buffer
        buffer += data
        if not self._upgraded:
            end = buffer.find(b"\r\n\r\n")
            if end < 0:
                return
            if b" 101 " not in buffer[:20]:
                self._fail(ConnectionError(bytes(buffer[:200]).decode("latin-1")))
                return
            self._upgraded = True
            del buffer[: end + 4]
            self.command(id=1, cmd="connect", v=1, token=self.target.token)
        self._frames(now)

    def _frames(self, now: int) -> None:
        buffer, at = self._buffer, 0
        while len(buffer) - at >= 2:
            size, start = buffer[at + 1] & 127, at + 2
            if size >= 126:
                width = 2 if size == 126 else 8
                if len(buffer) < start + width:
                    break
                size = int.from_bytes(buffer[start : start + width], "big")
                start += width
            if len(buffer) < start + size:
                break
            kind = buffer[at] & 15
            payload = bytes(buffer[start : start + size])
            at = start + size
            if kind == 1:
                self._text(now, payload)
            elif kind == 8:
                self._fail(ConnectionError(f"closed with {int.from_bytes(payload[:2], 'big')}"))
        del buffer[:at]

    def _text(self, now: int, payload: bytes) -> None:
        ended = ""
        if b'"part.delta"' not in payload:  # the many are only kept, the few are looked at
            frame = json.loads(payload)
            if "id" in frame:
                self._reply(frame)
                return
            if frame.get("type") == "ping":
                self.command(cmd="pong")
                return
            if frame.get("type") in TERMINAL and frame.get("topic") == self.transcript.topic:
                ended = frame["type"]
        self.transcript.frames.append((now, payload))
        self._unacknowledged += 1
        self._unacknowledged_bytes += len(payload)
        if self._unacknowledged >= ACK_EVENTS or self._unacknowledged_bytes >= ACK_BYTES or ended:
            self._acknowledge(payload)
        if ended and not self.done.done():
            self.done.set_result(ended)

    def _acknowledge(self, payload: bytes) -> None:
        event = json.loads(payload)
        if "offset" in event:
            self.command(cmd="ack", topic=event["topic"], epoch=event["epoch"], offset=event["offset"])
            self._unacknowledged = self._unacknowledged_bytes = 0

    def _reply(self, frame: dict[str, Any]) -> None:
        if "error" in frame:
            self._fail(RuntimeError(f"{frame['error']['code']}: {frame['error']['message']}"))
        elif frame["id"] == 1:
            self.ready.set_result(None)
        else:
            self.transcript.topic = frame["result"].get("topic", self.transcript.topic)
            self.started.set_result(frame["result"])

    def _fail(self, error: Exception) -> None:
        for future in (self.ready, self.started, self.done):
            if not future.done():
                future.set_exception(error)
                future.exception()  # looked at here, so that an idle socket that is closed says nothing

    def connection_lost(self, exc: Exception | None) -> None:
        """Whoever waits is told."""
        self._fail(exc or ConnectionError("closed"))


async def open_socket(target: Target) -> StreamSocket:
    """Open one socket; it is connected once `ready` resolves."""
    loop = asyncio.get_running_loop()
    _, protocol = await loop.create_connection(
        lambda: StreamSocket(target),
        target.host,
        target.port,
        ssl=target.tls,
        server_hostname="localhost" if target.tls else None,
    )
    return protocol


async def open_sockets(targets: Target | list[Target], count: int, *, at_once: int = 50) -> list[StreamSocket]:
    """Open `count` sockets, on each target in turn, and wait until each is connected."""
    places = targets if isinstance(targets, list) else [targets]
    sockets: list[StreamSocket] = []
    for base in range(0, count, at_once):
        batch = [await open_socket(places[index % len(places)]) for index in range(base, min(base + at_once, count))]
        await asyncio.wait_for(asyncio.gather(*[each.ready for each in batch]), 60)
        sockets += batch
    return sockets
