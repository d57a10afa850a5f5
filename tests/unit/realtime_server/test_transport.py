"""A connection's bytes arrive as they were written, whatever the socket takes at a time; one knows when it is full."""

import asyncio
import random
import socket
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from realtime.server.settings import ServerSettings
from realtime.server.transport import Connection


class Reactor:
    """Remembers who wants to write; the test says when the socket has room."""

    def __init__(self) -> None:
        self.writing = False

    def addReader(self, reader: Any) -> None: ...  # noqa: N802

    def removeReader(self, reader: Any) -> None: ...  # noqa: N802

    def addWriter(self, writer: Any) -> None:  # noqa: N802
        self.writing = True

    def removeWriter(self, writer: Any) -> None:  # noqa: N802
        self.writing = False


class Deadlines:
    """Counts how often the connection was given more time."""

    def __init__(self) -> None:
        self.given = 0
        self.running = False

    def set(self, target: Any, seconds: float) -> None:
        self.given += 1
        self.running = True

    def clear(self, target: Any) -> None:
        self.running = False

    def pending(self, target: Any) -> bool:
        return self.running


class Pair:
    """A connection and its client."""

    def __init__(self) -> None:
        self.client, served = socket.socketpair()
        self.client.settimeout(0)
        served.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
        self.reactor, self.deadlines = Reactor(), Deadlines()
        settings = ServerSettings(high_water=20_000, low_water=5_000)
        port = SimpleNamespace(_realPortNumber=0, settings=settings, deadlines=self.deadlines)
        protocol = SimpleNamespace(connectionLost=lambda reason: None)
        self.connection = Connection(served, protocol, ("127.0.0.1", 1), port, 0, self.reactor)
        self.got = b""

    def read(self, size: int) -> None:
        try:
            self.got += self.client.recv(size)
        except BlockingIOError:
            return

    def room(self) -> None:
        if self.reactor.writing:
            self.connection.doWrite()

    def read_all(self) -> None:
        while self.reactor.writing or self.connection.buffered:
            self.read(100_000)
            self.room()
        self.read(1_000_000)
        self.read(1_000_000)


@pytest.fixture
def pair() -> Iterator[Pair]:
    pair = Pair()
    yield pair
    pair.client.close()
    pair.connection.socket.close()


@pytest.mark.parametrize("seed", range(20))
def test_bytes_leave_in_the_order_they_were_written(pair: Pair, seed: int) -> None:
    chance, written = random.Random(seed), b""
    for number in range(400):
        action = chance.random()
        if action < 0.6:
            data = number.to_bytes(2, "big") * chance.choice([1, 10, 1000, 4000])
            chance.choice([pair.connection.write, pair.connection.push])(data)
            written += data
        elif action < 0.8:
            pair.read(chance.choice([10, 1000, 10_000]))
        else:
            pair.room()
    pair.read_all()
    assert pair.got == written
    assert pair.connection.buffered == 0


def test_what_is_written_corked_leaves_as_one_and_in_its_turn(pair: Pair) -> None:
    pair.connection.write(b"first,")
    with pair.connection.corked():
        pair.connection.write(b"second,")
        with pair.connection.corked():
            pair.connection.write(b"third,")
        pair.read(1000)
        assert pair.got == b"first,"
        pair.connection.writeSequence([b"fourth", b"!"])
    pair.read(1000)
    assert pair.got == b"first,second,third,fourth!"


async def test_full_above_high_water_until_low_water(pair: Pair) -> None:
    told: list[int] = []
    pair.connection.on_drain = lambda: told.append(pair.connection.buffered)
    while pair.connection.push(b"x" * 1000):
        assert pair.connection.buffered <= 20_000
    waiting = [asyncio.create_task(pair.connection.drained()) for _ in range(2)]
    cancelled = asyncio.create_task(pair.connection.drained())
    await asyncio.sleep(0)
    cancelled.cancel()
    while pair.connection.buffered > 5_000:
        assert not told
        assert not any(each.done() for each in waiting)
        pair.read(1000)
        pair.room()
        await asyncio.sleep(0)
    async with asyncio.timeout(1):
        await asyncio.gather(*waiting)
    assert len(told) == 1
    assert pair.connection.push(b"x")


async def test_nobody_waits_for_a_lost_connection(pair: Pair) -> None:
    told: list[bool] = []
    pair.connection.on_drain = lambda: told.append(True)
    while pair.connection.push(b"x" * 1000):
        pass
    waiting = asyncio.create_task(pair.connection.drained())
    await asyncio.sleep(0)
    lost = SimpleNamespace(check=lambda *kinds: None)
    served = pair.connection.socket
    pair.connection.connectionLost(lost)
    async with asyncio.timeout(1):
        await waiting
        await pair.connection.drained()
    assert told == [True]
    assert pair.connection.buffered == 0
    assert pair.connection.push(b"into the void")
    pair.connection.socket = served


def test_progress_gives_more_time_and_standing_still_does_not(pair: Pair) -> None:
    pair.connection.push(b"x" * 15_000)
    assert (pair.deadlines.running, pair.deadlines.given) == (True, 1)
    pair.connection.push(b"x" * 1000)
    pair.room()
    assert pair.deadlines.given == 1
    pair.read(8_000)
    pair.room()
    assert (pair.connection.buffered > 0, pair.deadlines.given) == (True, 2)
    pair.read_all()
    assert not pair.deadlines.running
