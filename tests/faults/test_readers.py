"""Rows 7, 8, 22, 28 and 31: slow readers, lost hints, storms of reconnects, a proxy that is reloaded."""

import asyncio
import json
import signal
import time

from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from tests.faults.follower import PROTOCOLS
from tests.faults.oracle import verify
from tests.faults.proxy import Proxy
from tests.faults.world import World
from tests.load.processes import memory_mib


async def test_row_7_a_slow_reader_costs_no_memory_and_loses_nothing(world: World) -> None:
    started = await world.send("n=60000 rate=20000 batch=20")
    node = world.product.pid("web-1")
    async with Proxy(world.product.port + 1) as line, world.follower(started, line.url) as slow:
        line.rate = 20_000
        async with world.follower(started, world.behind(2)) as quick:
            await asyncio.wait_for(quick.ended.wait(), 60)
        before = memory_mib(node)
        await asyncio.sleep(4)
        assert memory_mib(node) < before + 2
        assert not slow.ended.is_set()
        line.rate = 0.0
        await asyncio.wait_for(slow.ended.wait(), 60)
    await verify(world, started, [slow, quick], tokens=60000)


async def test_row_8_a_client_that_never_reads_is_cut_and_others_do_not_notice(world: World) -> None:
    started = await world.send("n=60000 rate=10000 batch=20")
    async with connect(world.behind(1), subprotocols=PROTOCOLS, ping_interval=None, max_queue=1) as deaf:
        await deaf.send(json.dumps({"id": 1, "cmd": "connect", "v": 1, "token": world.key}))
        await deaf.send(json.dumps({"id": 2, "cmd": "subscribe", "topic": started["topic"]}))
        began = time.monotonic()
        async with world.follower(started, world.behind(1)) as good:
            await asyncio.wait_for(good.ended.wait(), 40)
        async with asyncio.timeout(75 * world.scale + 10):
            while True:
                try:
                    await deaf.send('{"cmd":"pong"}')
                except ConnectionClosed:
                    break
                await asyncio.sleep(0.2)
        assert time.monotonic() - began < 75 * world.scale + 10
    await verify(world, started, [good], tokens=60000)


async def test_row_28_all_sockets_are_cut_at_once_and_all_come_back(world: World) -> None:
    started = await world.send("n=500 rate=50")
    readers = []
    async with Proxy(world.product.port) as line:
        for _ in range(60):
            reader = world.follower(started, line.url)
            await reader.__aenter__()
            readers.append(reader)
        await asyncio.gather(*(reader.until(".00060 ") for reader in readers))
        line.reset()
        cut = time.monotonic()
        shown = len(readers[0].text)
        await asyncio.gather(*(reader.until_longer(shown + 200) for reader in readers))
        assert time.monotonic() - cut < 10
        await asyncio.wait_for(asyncio.gather(*(reader.ended.wait() for reader in readers)), 30)
    for reader in readers:
        await reader.__aexit__()
    assert all(reader.recovered == [False, True] for reader in readers)
    await verify(world, started, readers, tokens=500)


async def test_row_31_a_reload_of_nginx_in_mid_answer(world: World) -> None:
    started = await world.send("n=300 rate=50")
    async with world.follower(started) as reader:
        await reader.until(".00040 ")
        world.signal("nginx", signal.SIGHUP)
        await asyncio.wait_for(reader.ended.wait(), 30)
    await verify(world, started, [reader], tokens=300)
