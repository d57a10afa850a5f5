"""Neither a slow reader nor a fast writer costs memory, and nothing is lost or reordered on the way."""

import asyncio
import os
import random
import time

import pytest

from tests.integration.realtime_server.client import Raw, masked
from tests.integration.realtime_server.conftest import Running, Start

TEXT, CLOSE = 1, 8
MIB = 2**20


async def read_slowly(client: Raw, count: int, *, pause: float = 0) -> None:
    for index in range(count):
        frame = await client.frame()
        assert (frame.opcode, int(frame.payload[:8])) == (TEXT, index)
        if pause and index % 50 == 0:
            await asyncio.sleep(pause)


@pytest.mark.parametrize("path", ["/stream", "/lean", "/drain"])
async def test_a_slow_websocket_reader_costs_little_and_loses_nothing(own: Running, path: str) -> None:
    client = await Raw.websocket(own.port, f"{path}?2000x16000", receive_buffer=8192)
    await asyncio.sleep(0.3)
    own.memory()
    await read_slowly(client, 200, pause=0.05)
    assert not any("streamed" in line for line in own.lines), "the sender waited for nobody"
    assert own.growth() < 2 * MIB
    for index in range(200, 2000):
        assert int((await client.frame()).payload[:8]) == index
    assert (await client.frame()).opcode == CLOSE


@pytest.mark.parametrize("path", ["/sse", "/lean-sse"])
async def test_a_slow_sse_reader_costs_little_and_loses_nothing(own: Running, path: str) -> None:
    client = await Raw.connect(own.port, receive_buffer=8192)
    client.send(f"GET {path}?2000x16000 HTTP/1.1\r\nHost: x\r\n\r\n".encode())
    assert "chunked" in await client.head()
    await asyncio.sleep(0.5)
    own.memory()
    assert not any("streamed" in line for line in own.lines), "the sender waited for nobody"
    for index in range(2000):
        size = int(await client.reader.readline(), 16)
        body = await client.reader.readexactly(size + 2)
        assert int(body[6:14]) == index
        if index == 200:
            assert own.growth() < 2 * MIB
    assert await client.reader.readexactly(5) == b"0\r\n\r\n"


@pytest.mark.parametrize("path", ["/stream", "/lean"])
async def test_frames_keep_their_order_through_partial_writes_and_before_the_close(own: Running, path: str) -> None:
    chance = random.Random(7)
    client = await Raw.websocket(own.port, f"{path}?30000x99", receive_buffer=4096)
    for index in range(30000):
        frame = await client.frame()
        assert (frame.opcode, int(frame.payload[:8]), len(frame.payload)) == (TEXT, index, 99)
        if chance.random() < 0.001:
            await asyncio.sleep(0.01)
    assert (await client.frame()).code == 1000
    client.send(masked(CLOSE, (1000).to_bytes(2, "big")))
    assert await client.closed() == b""


@pytest.mark.alone
@pytest.mark.parametrize("path", ["/stream", "/sse"])
async def test_a_client_that_never_reads_is_cut(own: Running, path: str) -> None:
    if path == "/sse":
        client = await Raw.connect(own.port, receive_buffer=4096)
        client.send(b"GET /sse?10000x16000 HTTP/1.1\r\nHost: x\r\n\r\n")
    else:
        client = await Raw.websocket(own.port, f"{path}?10000x16000", receive_buffer=4096)
    client.writer.transport.pause_reading()  # type: ignore[attr-defined]
    own.memory()
    began = time.monotonic()
    await own.says("status=1006" if path == "/stream" else "path='/sse'", within=10)
    assert 1.5 < time.monotonic() - began < 8
    assert own.growth() < MIB + 2**19


async def test_a_client_that_reads_a_little_is_not_cut(own: Running) -> None:
    client = await Raw.websocket(own.port, "/stream?4000x16000", receive_buffer=4096)
    began = time.monotonic()
    while time.monotonic() - began < 5:
        await client.reader.readexactly(150_000)
        await asyncio.sleep(0.2)


async def test_an_application_that_ignores_the_signal_loses_the_connection_not_the_memory(own: Running) -> None:
    own.memory()
    client = await Raw.websocket(own.port, "/greedy", receive_buffer=4096)
    client.writer.transport.pause_reading()  # type: ignore[attr-defined]
    await own.says("greedy 1006")
    assert own.growth() < 4 * MIB


async def flood(client: Raw, total: int, size: int) -> int:
    """Send `total` bytes of messages, until the server takes no more for half a second; returns what it took."""
    batch = masked(TEXT, b"x" * size) * (1 + 60_000 // size)
    for sent in range(0, total, len(batch)):
        client.send(batch)
        try:
            await asyncio.wait_for(client.writer.drain(), 0.5)
        except TimeoutError:
            return sent
    return total


@pytest.mark.parametrize("size", [20, 60_000])
async def test_messages_that_the_application_does_not_take_stay_with_the_client(own: Running, size: int) -> None:
    client = await Raw.websocket(own.port, "/stuck")
    client.writer.transport.set_write_buffer_limits(high=65536)
    own.memory()
    assert await flood(client, 48 * MIB, size) < 24 * MIB
    assert own.growth() < 3 * MIB


async def test_a_segment_full_of_empty_messages_does_not_become_thousands_of_objects(own: Running) -> None:
    clients = [await Raw.websocket(own.port, "/stuck") for _ in range(20)]
    own.memory()
    for client in clients:
        client.send(masked(TEXT, b"") * 100_000)
    await asyncio.sleep(1)
    assert own.growth() < 20 * 400_000


async def test_reading_goes_on_when_the_application_catches_up(own: Running) -> None:
    client = await Raw.websocket(own.port, "/slow")
    for _ in range(1000):
        client.send(masked(TEXT, os.urandom(20).hex().encode()))
    client.send(masked(TEXT, b"total?"))
    assert (await client.frame(within=20)).payload == b"1001"


async def test_the_application_can_hold_reading(own: Running) -> None:
    client = await Raw.websocket(own.port, "/held")
    client.send(masked(TEXT, b"later"))
    assert (await client.frame()).payload == b"held"
    began = time.monotonic()
    assert (await client.frame()).payload == b"later"
    assert time.monotonic() - began > 0.3


async def test_a_large_body_is_handed_over_in_pieces(start: Start) -> None:
    server = start(max_body=64 * MIB)
    server.memory()
    client = await Raw.connect(server.port)
    client.send(b"POST /body HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % (48 * MIB))
    for _ in range(48):
        client.send(b"x" * MIB)
        await client.writer.drain()
    assert (await client.response())[2] == str(48 * MIB).encode()
    assert server.growth() < 4 * MIB
