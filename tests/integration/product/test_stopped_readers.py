"""A reader that stops costs less than 1 MiB of the process on every transport, is cut in the end, and others go on."""

import asyncio
import json
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.integration.product.conftest import Ada
from tests.integration.realtime_server.client import Raw, masked
from tests.load.processes import memory_mib
from tests.support import run
from tests.support.product import Product

SCALE = 0.15
CLOSE = 8
LINES = 625_000
PIECE = 8_192
KINDS = ["socket", "sse", "poll"]
READERS = 20
"""Of each kind, beside those who came earlier."""
STALL = 60 * SCALE
TEXT = "".join(f"{number:07d}\n" for number in range(LINES))  # 5 MB


class Provider(ThreadingHTTPServer):
    """One model, whose answer is `TEXT`: the beginning at once, the rest when `go` is set."""

    daemon_threads = True
    go = threading.Event()


class Handler(BaseHTTPRequestHandler):
    """The provider's two calls."""

    def do_GET(self) -> None:
        self._start("application/json")
        self.wfile.write(b'{"data": [{"id": "mock"}]}')

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self._start("text/event-stream")
        for start in range(0, len(TEXT), PIECE):
            chunk = {"choices": [{"index": 0, "delta": {"content": TEXT[start : start + PIECE]}}]}
            self.wfile.write(b"data: " + json.dumps(chunk).encode() + b"\n\n")
            assert isinstance(self.server, Provider)
            self.server.go.wait()
        self.wfile.write(b'data: {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}\n\n')

    def _start(self, kind: str) -> None:
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Not here."""


@pytest.fixture(scope="module")
def provider() -> Iterator[Provider]:
    with Provider(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield server
        server.go.set()
        server.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def product(provider: Provider) -> Iterator[Product]:
    settings = {"OPENAI_BASE_URL": f"http://127.0.0.1:{provider.server_port}/v1", "OPENAI_API_KEY": "any"}
    with Product(run.new_home(), TITLES="off", LIMITS="off", TIME_SCALE=str(SCALE), **settings) as running:
        yield running


@pytest.fixture
async def raw() -> AsyncIterator[list[Raw]]:
    """Connections that are cut afterwards."""
    kept: list[Raw] = []
    yield kept
    for one in kept:
        await one.close()


async def stopped(product: Product, key: str, kind: str, topic: str, since: dict[str, Any] | None) -> Raw:
    """A reader that asks for a topic from the beginning, and then reads no byte of it."""
    if kind == "socket":
        made = await opened(product, key, topic, since)
    else:
        made = await Raw.connect(product.port, receive_buffer=4096)
        query = "?wait=25" if kind == "poll" else ""
        accept = "application/json" if kind == "poll" else "text/event-stream"
        after = "" if since is None else f"Last-Event-ID: {since['epoch']}:{since['offset']}\r\n"
        made.send(
            f"GET /api/v1/topics/{topic}/events{query} HTTP/1.1\r\nHost: x\r\nAccept: {accept}\r\n"
            f"Authorization: Bearer {key}\r\n{after}\r\n".encode()
        )
        if kind == "sse" or since is None:
            assert " 200 " in await made.head()
    made.writer.transport.pause_reading()  # type: ignore[attr-defined]
    return made


async def opened(product: Product, key: str, topic: str, since: dict[str, Any] | None) -> Raw:
    """A socket that is subscribed."""
    made = await Raw.websocket(
        product.port, "/ws/v1/", receive_buffer=4096, extra="Sec-WebSocket-Protocol: rivulet.v1\r\n"
    )
    place = {} if since is None else {"since": since}
    made.send(masked(1, json.dumps({"id": 1, "cmd": "connect", "v": 1, "token": key}).encode()))
    made.send(masked(1, json.dumps({"id": 2, "cmd": "subscribe", "topic": topic, **place}).encode()))
    for number in (1, 2):
        assert f'{{"id":{number},"result"'.encode() in (await made.frame()).payload
    return made


async def close_code(reader: Raw) -> int:
    """Read on without an acknowledgement, to the end."""
    while (frame := await reader.frame(within=STALL + 30)).opcode != CLOSE:
        pass
    return frame.code


async def ended(ada: Ada, started: dict[str, Any]) -> None:
    """Wait for the end of an answer without asking for its text."""
    path = f"/api/v1/generations/{started['generation']}"
    await until(lambda: ada.http.get(path).json()["status"] == "done", seconds=60)


async def test_one_that_stops_costs_less_than_a_mebibyte_and_is_cut_and_others_notice_nothing(
    product: Product, provider: Provider, ada: Ada, raw: list[Raw]
) -> None:
    node = product.pid("web-1")
    provider.go.set()
    started = ada.asked("warm up")  # what such an answer and its first readers cost is not what one more reader costs
    await ended(ada, started)
    raw += [await stopped(product, ada.key, kind, started["topic"], None) for kind in KINDS]
    provider.go.clear()
    started = ada.asked("at length")
    for kind in KINDS * 3:
        raw.append(await stopped(product, ada.key, kind, started["topic"], started["position"]))
    mute = await opened(product, ada.key, started["topic"], started["position"])
    raw.append(mute)
    code = asyncio.create_task(close_code(mute))
    connected = asyncio.Event()
    good = asyncio.create_task(read(product, ada, started, connected))
    await asyncio.wait_for(connected.wait(), 10)
    provider.go.set()
    assert await asyncio.wait_for(good, 30) == TEXT
    late: list[Raw] = []
    before = 0.0
    for kind in KINDS:
        before = max(before, memory_mib(node))  # what was given back meanwhile may be taken again
        late += [await stopped(product, ada.key, kind, started["topic"], None) for _ in range(READERS)]
        cost = Cost(node, before)
        await until(cost.settled, seconds=STALL * 0.7)
        print(f"{kind}: {cost.reader:.2f} MiB a reader")
    raw += late
    assert await asyncio.wait_for(code, STALL + 10) == 4008, "it reads, but acknowledges nothing"
    await until(lambda: not held(product, late), seconds=STALL + 15)


class Cost:
    """What a reader costs, in MiB: below one, and not for a moment only."""

    def __init__(self, pid: int, before: float) -> None:
        self.pid = pid
        self.before = before
        self.reader = 0.0
        self.times = 0

    def settled(self) -> bool:
        """Looked at again and again."""
        self.reader = (memory_mib(self.pid) - self.before) / READERS
        self.times = self.times + 1 if self.reader < 1 else 0
        return self.times > 10


async def read(product: Product, ada: Ada, started: dict[str, Any], connected: asyncio.Event) -> str:
    """The text of an answer, by a reader that does read."""
    after = "{epoch}:{offset}".format(**started["position"])
    headers = {"Authorization": f"Bearer {ada.key}", "Last-Event-ID": after}
    pieces = []
    async with (
        httpx.AsyncClient(base_url=product.url, headers=headers, timeout=30) as http,
        http.stream("GET", f"/api/v1/topics/{started['topic']}/events") as reply,
    ):
        async for line in reply.aiter_lines():
            frame: dict[str, Any] = json.loads(line[6:]) if line.startswith("data: ") else {"type": ""}
            assert frame["type"] != "snapshot"
            if frame["type"] == "part.delta":
                pieces.append(frame["data"]["text"])
                connected.set()
    return "".join(pieces)


async def until(check: Callable[[], bool], *, seconds: float) -> None:
    """Wait for a condition. Raises `TimeoutError`."""
    async with asyncio.timeout(seconds):
        while not check():  # noqa: ASYNC110 - what is waited for is in another process
            await asyncio.sleep(0.1)


def held(product: Product, readers: list[Raw]) -> bool:
    """Whether the node still has one of these connections, as the system sees it."""
    ours = {reader.writer.get_extra_info("sockname")[1] for reader in readers}
    states = [line.split()[1:4] for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    return any(
        state == "01" and int(local.split(":")[1], 16) == product.port and int(remote.split(":")[1], 16) in ours
        for local, remote, state in states
    )
