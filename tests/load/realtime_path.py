"""Microseconds per token through writer, Redis, hub and sockets, without a provider and without a server.

    python -m tests.load.realtime_path --redis unix:///path/redis.sock [--streams 200] [--rate 50] [--seconds 5]

Each stream has a source that gets a token at its rate and one subscribed socket whose transport is a real, connected
socket pair, so that the kernel's part of a write is paid; the other end is drained by a thread of another process.
Prints CPU seconds of this process per million tokens, and the time from `wake` to the write, p50 and p99.
"""

import argparse
import asyncio
import json
import multiprocessing
import os
import selectors
import socket
import time
import uuid
from typing import Any

import uvloop

from realtime import Node, Position, RealtimeSettings
from realtime.connection import Connection
from realtime.subscribe import subscribe_after
from tests.support.realtime import Answers, Doors, Person

TOKENS = "rivulet "


class PairTransport:
    """The lean transport over one end of a socket pair."""

    def __init__(self, sock: socket.socket, times: list[float]) -> None:
        self._send = sock.send
        self._times = times
        self.buffered = 0
        self.started = 0.0

    def write(self, data: bytes) -> bool:
        self._send(data)
        if self.started:
            self._times.append(time.perf_counter() - self.started)
        return True

    async def drained(self) -> None:
        return

    def abort(self) -> None:
        return


class Stream:
    """A source that is fed by the clock; `started` is when its oldest unsent token came."""

    def __init__(self, node: Node, link: PairTransport) -> None:
        self.topic = f"generation.{uuid.uuid4()}"
        self.epoch, self.fence, self.finished = "e1", 1, False
        self.owned_at = time.monotonic()
        self.node, self.link = node, link
        self.text: list[str] = []
        self.offset = 0

    def token(self) -> None:
        if not self.text:
            self.link.started = time.perf_counter()
        self.text.append(TOKENS)
        self.node.writer.wake(self)

    def take(self) -> list[bytes]:
        text, self.text = self.text, []
        return [b'{"type":"part.delta","data":{"part":0,"text":"%b"}}' % "".join(text).encode()] if text else []

    def committed(self, first_offset: int, events: list[bytes]) -> None:
        self.offset = first_offset + len(events) - 1

    def refused(self, reason: str, end: int) -> None:
        raise RuntimeError(reason)

    def degraded(self, away: bool, /) -> None:
        return

    async def confirm(self) -> bool:
        self.owned_at = time.monotonic()
        return True


def drain(socks: list[socket.socket]) -> None:
    """Read everything, forever."""
    selector = selectors.DefaultSelector()
    for sock in socks:
        selector.register(sock, selectors.EVENT_READ)
    while True:
        for key, _ in selector.select():
            if not key.fileobj.recv(65536):  # type: ignore[union-attr]
                os._exit(0)


async def measure(args: argparse.Namespace, ours: list[socket.socket]) -> dict[str, Any]:
    """Run the streams and count."""
    node = Node.on_redis(args.redis, access=Doors(), settings=RealtimeSettings(limits=False), layer=lambda: None)
    answers = Answers()
    answers.node = node
    node.register(answers)
    await node.start()
    await node.log.run_id()
    times: list[float] = []
    streams = []
    for sock in ours:
        link = PairTransport(sock, times)
        stream = Stream(node, link)
        answers.epochs[stream.topic] = "e1"
        node.writer.open(stream)
        connection = Connection(node, link, close=lambda code, reason: None, principal=Person("ada"))
        connection.principal = Person("ada")
        node.join(connection)
        await subscribe_after(
            connection.session,
            hub=node.hub,
            topic=stream.topic,
            since=Position("e1", 0),
            replayed=False,
            reply=lambda: None,
        )
        streams.append((stream, connection))
    await asyncio.sleep(0.2)
    loop = asyncio.get_running_loop()
    total = round(len(streams) * args.rate * args.seconds)
    idle = cpu()
    await feed(streams, total, args, [])
    idle = cpu() - idle
    before, start = cpu(), loop.time()
    await feed(streams, total, args, streams)
    for stream, _ in streams:
        await node.writer.drain(stream)
    used, wall = cpu() - before, loop.time() - start
    times.sort()
    result = {
        "tokens": total,
        "wall_s": round(wall, 2),
        "cpu_s_per_1m": round((used - idle) / total * 1e6, 1),
        "clock_s_per_1m": round(idle / total * 1e6, 1),
        "batches": node.writer.batches,
        "events": node.writer.written,
        "to_socket_p50_ms": round(times[len(times) // 2] * 1000, 3),
        "to_socket_p99_ms": round(times[int(len(times) * 0.99)] * 1000, 3),
    }
    await node.stop()
    return result


async def feed(streams: list[Any], total: int, args: argparse.Namespace, to: list[Any]) -> None:
    """Give tokens by the clock, a millisecond's worth at a time; to nobody, it is the clock's own cost."""
    loop = asyncio.get_running_loop()
    start, step, sent = loop.time(), 1 / (args.rate * len(streams)), 0
    while sent < total:
        await asyncio.sleep(0.001)
        until = loop.time()
        while sent < total and start + sent * step <= until:
            stream, connection = streams[sent % len(streams)]
            sent += 1
            if to:
                stream.token()
                cursor = connection.session.cursors[stream.topic]
                if cursor.offset - cursor.acked >= 64:
                    connection.session.ack(stream.topic, "e1", cursor.offset, None)


def cpu() -> float:
    """User and system seconds of this process."""
    used = os.times()
    return used.user + used.system


def main() -> None:
    """Print one line of JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--redis", required=True)
    parser.add_argument("--streams", type=int, default=200)
    parser.add_argument("--rate", type=float, default=50)
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--profile", action="store_true")
    args = parser.parse_args()
    pairs = [socket.socketpair() for _ in range(args.streams)]
    reader = multiprocessing.get_context("fork").Process(target=drain, args=([pair[1] for pair in pairs],), daemon=True)
    reader.start()
    work = measure(args, [pair[0] for pair in pairs])
    if args.profile:
        import cProfile

        profile = cProfile.Profile()
        profile.enable()
        print(json.dumps(uvloop.run(work)))
        profile.disable()
        profile.print_stats("tottime")
    else:
        print(json.dumps(uvloop.run(work)))
    reader.terminate()


if __name__ == "__main__":
    main()
