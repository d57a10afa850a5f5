"""Rows 7, 8, 22, 28 and 31: slow readers, lost hints, storms of reconnects, a proxy that is reloaded."""

import asyncio
import json
import os
import signal
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from backend.engines.process import command_of
from tests.faults.follower import PROTOCOLS
from tests.faults.listener import Listener
from tests.faults.oracle import verify
from tests.faults.proxy import Proxy
from tests.faults.world import World
from tests.load.processes import family, own_mib

OF_A_SOCKET = (
    "accounts_apikey k join",
    "g.id, c.owner_id FROM chat_generation",
    "FROM chat_generation g JOIN chat_message m",
)
"""What a socket that comes back asks PostgreSQL."""

IDLE = float(os.environ.get("IDLE") or 0)
"""Seconds that an idle socket is to live at least, at a scale of 1."""


async def test_row_7_slow_readers_cost_no_memory_and_lose_nothing(world: World) -> None:
    """Two of them, over a socket and over server-sent events, at a node that does not write the answer."""
    first = await world.send("n=2000 rate=0", node=2)  # what a node does for the first time costs it once
    async with (
        world.follower(first, world.behind(1)) as reader,
        Listener(world.behind(1), token=world.key, topic=first["topic"]) as listener,
    ):
        await world.ended(reader, listener)
    started = await world.send("n=80000 rate=20000 batch=20 ttft=1", node=2)
    node = world.product.pid("web-1")
    async with Proxy(world.port(1)) as line, Proxy(world.port(1)) as other:
        line.rate = other.rate = 1000 / world.scale
        async with (
            world.follower(started, line.url) as slow,
            Listener(other.url, token=world.key, topic=started["topic"]) as listener,
            world.follower(started, world.behind(3)) as quick,
        ):
            async with asyncio.timeout(10):
                while not (line.passed and other.passed):
                    await asyncio.sleep(0.01)
            before = most = own_mib(node)
            until = time.monotonic() + 50 * world.scale
            while time.monotonic() < until or not quick.ended.is_set():
                most = max(most, own_mib(node))
                await asyncio.sleep(0.1)
            line.rate = other.rate = 16_000 / world.scale
            passed = line.passed, other.passed
            async with asyncio.timeout(30):
                while min(line.passed - passed[0], other.passed - passed[1]) < 100_000:
                    most = max(most, own_mib(node))
                    await asyncio.sleep(0.1)
            assert not slow.ended.is_set()
            assert not listener.ended.is_set()
            assert most < before + 2, f"{before:.1f} MiB before, {most:.1f} at most"
            line.rate = other.rate = 0.0
            await world.ended(slow, quick, listener, within=60)
    assert slow.connections == listener.connections == 1
    await verify(world, started, [slow, quick, listener], tokens=80_000)


async def test_row_8_a_client_that_never_reads_is_cut_and_others_do_not_notice(world: World) -> None:
    started = await world.send("n=60000 rate=10000 batch=20")
    cut = 75 * world.scale + 5
    async with connect(
        world.behind(1), sock=_narrow(world.port(1)), subprotocols=PROTOCOLS, ping_interval=None, max_queue=1
    ) as deaf:
        await deaf.send(json.dumps({"id": 1, "cmd": "connect", "v": 1, "token": world.key}))
        await deaf.send(json.dumps({"id": 2, "cmd": "subscribe", "topic": started["topic"]}))
        with _narrow(world.port(1)) as mute:
            mute.sendall(
                f"GET /api/v1/topics/{started['topic']}/events HTTP/1.1\r\nHost: localhost\r\n"
                f"Accept: text/event-stream\r\nAuthorization: Bearer {world.key}\r\n\r\n".encode()
            )
            began = time.monotonic()
            async with world.follower(started, world.behind(1)) as good:
                await world.ended(good, within=40)
            code, gone = None, False
            async with asyncio.timeout(cut - (time.monotonic() - began)):
                while code is None or not gone:  # what is not read tells nothing: only a write meets the end
                    try:
                        await deaf.send('{"cmd":"pong"}')
                    except ConnectionClosed as closed:
                        code = closed.rcvd.code if closed.rcvd else 1006
                    try:
                        mute.send(b"\r\n")
                    except OSError:
                        gone = True
                    await asyncio.sleep(0.2)
    assert code in {4008, 1006}
    assert good.connections == 1
    await verify(world, started, [good], tokens=60000)


async def test_row_22_lost_hints_cost_a_second_and_no_event(world: World) -> None:
    """Whoever is at the owner needs no hints; who is elsewhere sees the same, at most a second later."""
    started = await world.send("n=250 rate=50")
    owner = world.owner(started)
    async with (
        world.follower(started, world.behind(owner)) as near,
        world.follower(started, world.behind(owner % 3 + 1)) as far,
    ):
        await far.until(f".{world.chance.randrange(5, 40):05} ")
        with _no_hints(world):
            while not near.ended.is_set():
                size = len(near.text)
                async with asyncio.timeout(world.scale + 1.5):
                    while len(far.text) < size:
                        await asyncio.sleep(0.01)
                await asyncio.sleep(0.05)
            await world.ended(far, within=world.scale + 1.5)
    assert near.connections == far.connections == 1
    await verify(world, started, [near, far], tokens=250)


@pytest.mark.alone
async def test_row_28_all_sockets_are_cut_at_once_and_all_come_back(world: World) -> None:
    started = await world.send("n=350 rate=50")
    readers = []
    async with Proxy(world.product.port) as line:
        for _ in range(60):
            reader = world.follower(started, line.url)
            reader.jitter = 2.0
            await reader.__aenter__()
            readers.append(reader)
        await asyncio.gather(*(reader.until(".00060 ") for reader in readers))
        with world.statements() as seen:
            line.accepted.clear()
            line.reset()
            cut = time.monotonic()
            shown = max(len(reader.text) for reader in readers)
            await asyncio.gather(*(reader.until_longer(shown + 200) for reader in readers))
            assert time.monotonic() - cut < 10
        await world.ended(*readers)
    for reader in readers:
        await reader.__aexit__()
    assert all(reader.recovered == [False, True] for reader in readers)
    came = sorted(at - cut for at in line.accepted)
    assert came[54] - came[5] > 1.0, "not all at the same moment"
    asked = sum(any(words in statement for words in OF_A_SOCKET) for statement in seen())
    assert len(readers) <= asked <= 3 * len(readers), f"{asked} statements"
    await verify(world, started, readers, tokens=350)


async def test_row_31_a_reload_of_nginx_in_mid_answer(world: World) -> None:
    """The old workers end what they still carry after ten seconds; an idle socket lives on a new one."""
    started = await world.send("n=600 rate=50")
    async with world.follower(started) as reader:
        await reader.until(f".{world.chance.randrange(5, 50):05} ")
        await _reloaded(world)
        idle = asyncio.create_task(_idle(world, reader.ended))
        await world.ended(reader)
        await idle
    assert reader.recovered == [False, True]
    await verify(world, started, [reader], tokens=600)


async def _reloaded(world: World) -> None:
    """Have nginx start new workers, and wait until the old ones take nothing more."""
    master = world.product.pid("nginx")
    old = family(master)[1:]
    world.signal("nginx", signal.SIGHUP)
    async with asyncio.timeout(20):
        while any(command_of(pid) and "shutting down" not in command_of(pid) for pid in old):
            await asyncio.sleep(0.02)


async def _idle(world: World, over: asyncio.Event) -> None:
    """A socket that only answers pings: for as long as there is an answer, and `IDLE`."""
    until = time.monotonic() + IDLE * world.scale
    pings = 0
    async with connect(world.front, subprotocols=PROTOCOLS, ping_interval=None) as socket_:
        await socket_.send(json.dumps({"id": 1, "cmd": "connect", "v": 1, "token": world.key}))
        while time.monotonic() < until or not over.is_set() or not pings:
            async with asyncio.timeout(33 * world.scale + 2):
                frame = json.loads(await socket_.recv())
            if frame.get("type") == "ping":
                pings += 1
                await socket_.send('{"cmd":"pong"}')


def _narrow(port: int) -> socket.socket:
    """A connection whose buffer takes little."""
    link = socket.socket()
    link.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    link.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, 1400)
    link.connect(("127.0.0.1", port))
    return link


@contextmanager
def _no_hints(world: World) -> Iterator[None]:
    """Whoever subscribes to anything in Redis is thrown out at once, again and again."""
    over = threading.Event()

    def kill() -> None:
        with world.store() as client:
            while not over.wait(0.001):
                client.execute_command("CLIENT", "KILL", "TYPE", "pubsub")

    thread = threading.Thread(target=kill)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
