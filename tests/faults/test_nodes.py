"""Rows 9 to 11, 13 and 27: nodes that die, freeze or are told to stop take nothing with them."""

import asyncio
import signal
import time

from tests.faults.oracle import verify
from tests.faults.world import World


async def test_row_9_a_reader_goes_on_at_another_node(world: World) -> None:
    started = await world.send("n=150 rate=50")
    urls = [world.behind(node) for node in (1, 2, 3)]
    async with world.follower(started, *urls) as reader, world.follower(started) as other:
        for count in (20, 60, 100):
            await reader.until(f".{count:05} ")
            reader.drop()
        await asyncio.wait_for(reader.ended.wait(), 20)
        await asyncio.wait_for(other.ended.wait(), 5)
    assert reader.recovered[1:] == [True, True, True]
    await verify(world, started, [reader, other], tokens=150)
    assert world.attempts(started) == 1


async def test_row_10_the_node_of_a_socket_dies(world: World) -> None:
    started = await world.send("n=200 rate=50")
    owner = world.owner(started)
    victim = owner % 3 + 1
    async with world.follower(started, world.behind(victim), world.front) as reader:
        await reader.until(".00030 ")
        pid = world.signal(f"web-{victim}", signal.SIGKILL)
        died = time.monotonic()
        shown = len(reader.text)
        while len(reader.text) <= shown + 100:
            assert time.monotonic() - died < 5, "the reader is back within 5 s"
            await asyncio.sleep(0.02)
        await asyncio.wait_for(reader.ended.wait(), 20)
    await verify(world, started, [reader], tokens=200)
    world.back(f"web-{victim}", pid)


async def test_row_11_the_owner_dies_in_mid_answer(world: World) -> None:
    started = await world.send("n=200 rate=50 id=mid")
    async with world.follower(started) as first, world.follower(started, world.behind(1), world.front) as second:
        await first.until(f".{world.chance.randrange(5, 120):05} ")
        owner = world.owner(started)
        pid = world.signal(f"web-{owner}", signal.SIGKILL)
        await asyncio.wait_for(asyncio.gather(first.ended.wait(), second.ended.wait()), 30)
    await verify(world, started, [first, second], tokens=200)
    assert world.attempts(started) == 2
    world.back(f"web-{owner}", pid)


async def test_row_11_the_owner_dies_before_the_first_token(world: World) -> None:
    started = await world.send("n=40 rate=50 ttft=2 id=early")
    async with world.follower(started) as reader:
        owner = world.owner(started)
        pid = world.signal(f"web-{owner}", signal.SIGKILL)
        await asyncio.wait_for(reader.ended.wait(), 30)
    await verify(world, started, [reader], tokens=40)
    assert world.attempts(started) == 2
    world.back(f"web-{owner}", pid)


async def test_row_13_a_zombie_writes_nothing(world: World) -> None:
    started = await world.send("n=250 rate=50")
    async with world.follower(started) as reader:
        await reader.until(".00020 ")
        owner = world.owner(started)
        world.signal(f"web-{owner}", signal.SIGSTOP)
        try:
            async with asyncio.timeout(30):
                while world.attempts(started) < 2:
                    await asyncio.sleep(0.1)
            await asyncio.sleep(0.3)
        finally:
            world.signal(f"web-{owner}", signal.SIGCONT)
        await asyncio.wait_for(reader.ended.wait(), 30)
    await verify(world, started, [reader], tokens=250)


async def test_row_27_a_rolling_restart_loses_nothing(world: World) -> None:
    answers = [await world.send("n=700 rate=50") for _ in range(4)]
    readers = [world.follower(started) for started in answers]
    for reader in readers:
        await reader.__aenter__()
    try:
        for node in (1, 2, 3):
            pid = world.signal(f"web-{node}", signal.SIGTERM)
            await asyncio.to_thread(world.back, f"web-{node}", pid)
        await asyncio.wait_for(asyncio.gather(*(reader.ended.wait() for reader in readers)), 60)
    finally:
        for reader in readers:
            await reader.__aexit__()
    for started, reader in zip(answers, readers, strict=True):
        await verify(world, started, [reader], tokens=700)
        assert not {1006, 1011} & set(reader.closes)
