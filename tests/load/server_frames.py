"""What one frame costs the server: `python -m tests.load.server_frames` prints a table in a minute.

200 WebSockets get 50 frames of 120 bytes a second each, spread evenly over time, from one loop in the server's process;
the client in this process only counts bytes. CPU is that of the server process alone, all of it. Plain Daphne runs
beside this server on the same consumer in the same run: read the ratios, the microseconds are the machine's.
"""

import argparse
import asyncio
import base64
import itertools
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from channels.generic.websocket import AsyncWebsocketConsumer
from django.conf import settings

from realtime.server.frames import text_frame

TEXT = '{"topic":"generation.0192","offset":12,"type":"part.delta","data":{"part":0,"text":"some words of an answer"}}'
FRAME = text_frame(TEXT.encode())
RATE, SOCKETS, TICK = 50, 200, 0.001

SERVERS = {
    "daphne": [sys.executable, "-m", "daphne", "--no-server-name", "-v", "0", "-p"],
    "ours": [sys.executable, "-m", "realtime.server", "--port"],
}
ROWS = [
    ("plain daphne, consumer.send", "daphne", "consumer"),
    ("this server, consumer.send", "ours", "consumer"),
    ("this server, transport.write", "ours", "transport"),
]

settings.configure()
sockets: list[Any] = []


class Consumer(AsyncWebsocketConsumer):
    """Joins the sockets that the loop writes to, the way its path says."""

    async def connect(self) -> None:
        await self.accept()
        sockets.append(self.consumer if self.scope["path"] == "/consumer" else self.transport)
        if len(sockets) == SOCKETS:
            self.pump = asyncio.create_task(write())

    async def consumer(self) -> None:
        await self.send(text_data=TEXT)

    async def transport(self) -> None:
        self.scope["extensions"]["rivulet.transport"].write(FRAME)


async def write() -> None:
    turns = itertools.cycle(sockets)
    due, credit = time.perf_counter(), 0.0
    while True:
        due += TICK
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        credit += RATE * SOCKETS * TICK
        while credit >= 1:
            credit -= 1
            await next(turns)()


async def application(scope: dict[str, Any], receive: Any, send: Any) -> None:
    if scope["type"] == "websocket":
        await Consumer.as_asgi()(scope, receive, send)


def cpu(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class Counter(asyncio.Protocol):
    """One client."""

    total = 0

    def data_received(self, data: bytes) -> None:
        Counter.total += len(data)


async def measure(server: str, path: str, port: int, seconds: float) -> tuple[float, float]:
    """Frames a second that arrived, and microseconds of CPU for each."""
    command = [*SERVERS[server], str(port), "tests.load.server_frames:application"]
    process = await asyncio.create_subprocess_exec(*command, stdout=subprocess.DEVNULL)
    try:
        await connect(path, port)
        await asyncio.sleep(1)
        bytes_before, cpu_before, began = Counter.total, cpu(process.pid), time.perf_counter()
        await asyncio.sleep(seconds)
        frames = (Counter.total - bytes_before) / len(FRAME)
        return frames / (time.perf_counter() - began), (cpu(process.pid) - cpu_before) / frames * 1e6
    finally:
        process.kill()
        await process.wait()


async def connect(path: str, port: int) -> None:
    loop = asyncio.get_running_loop()
    key = base64.b64encode(os.urandom(16)).decode()
    for _ in range(SOCKETS):
        for _attempt in range(100):
            try:
                transport, _ = await loop.create_connection(Counter, "127.0.0.1", port)
                break
            except OSError:
                await asyncio.sleep(0.1)
        else:
            raise RuntimeError("The server did not start.")
        transport.write(
            f"GET /{path} HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
        )


def main() -> None:
    parser = argparse.ArgumentParser(description="CPU per WebSocket frame, plain Daphne beside this server.")
    parser.add_argument("--seconds", type=float, default=8)
    parser.add_argument("--port", type=int, default=18790)
    arguments = parser.parse_args()
    print(f"{SOCKETS} sockets x {RATE} frames/s of {len(FRAME)} bytes")
    print(f"{'':32}{'frames/s':>10}{'us CPU/frame':>14}{'ratio':>8}")
    first: float | None = None
    for index, (name, server, path) in enumerate(ROWS):
        rate, cost = asyncio.run(measure(server, path, arguments.port + index, arguments.seconds))
        first = first or cost
        print(f"{name:32}{rate:>10.0f}{cost:>14.1f}{cost / first:>8.2f}")


if __name__ == "__main__":
    main()
