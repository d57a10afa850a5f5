"""Rows 9 to 11, 13, 14, 27 and 32: nodes that die, freeze, are told to stop or know the wrong time."""

import asyncio
import signal
import time

import pytest

from tests.faults.oracle import TERMINAL, verify
from tests.faults.world import World
from tests.support import faketime


async def test_row_9_a_reader_goes_on_at_another_node(world: World) -> None:
    started = await world.send("n=150 rate=50")
    urls = [world.behind(node) for node in (1, 2, 3)]
    async with world.follower(started, *urls) as reader, world.follower(started) as other:
        for count in sorted(world.chance.sample(range(10, 120), 3)):
            await reader.until(f".{count:05} ")
            reader.drop()
        await world.ended(reader, other)
    assert reader.recovered == [False, *[True] * (len(reader.recovered) - 1)]
    await verify(world, started, [reader, other], tokens=150)


@pytest.mark.alone
async def test_row_10_the_node_of_a_socket_dies(world: World) -> None:
    started = await world.send("n=300 rate=50")
    victim = world.owner(started) % 3 + 1
    async with world.follower(started, world.behind(victim), world.front) as reader:
        await reader.until(f".{world.chance.randrange(10, 60):05} ")
        pid = world.signal(f"web-{victim}", signal.SIGKILL)
        died = time.monotonic()
        if world.sabotaged == "slow-return":
            reader.urls = [world.behind(0).replace(str(world.port()), "1")]
            await asyncio.sleep(6)
            reader.urls = [world.front]
        shown = len(reader.text)
        await reader.until_longer(shown + 100, within=15)
        assert time.monotonic() - died < 5, "the reader is back within 5 s"
        await world.ended(reader)
    await verify(world, started, [reader], tokens=300)
    await world.back(f"web-{victim}", pid)


@pytest.mark.alone
async def test_row_11_the_owner_dies_in_mid_answer(world: World) -> None:
    started = await world.send("n=200 rate=50")
    async with world.follower(started) as first, world.follower(started, world.behind(1), world.front) as second:
        await first.until(f".{world.chance.randrange(5, 120):05} ")
        owner = world.owner(started)
        async with world.kept_down(f"web-{owner}"):
            died, shown = time.monotonic(), len(first.text)
            await first.until_longer(shown + 100, within=world.limit(30))
            assert time.monotonic() - died < 20 * world.scale + 4, "it is taken over within 20 s"
            await world.ended(first, second)
    await verify(world, started, [first, second], tokens=200, attempts=2)
    assert world.upstream.starts(started["id"])[1] > 0


async def test_row_11_the_owner_dies_before_the_first_token(world: World) -> None:
    """Started again at once, it goes on with its own."""
    started = await world.send("n=40 rate=50 ttft=2")
    async with world.follower(started) as reader:
        owner = world.owner(started)
        pid = world.signal(f"web-{owner}", signal.SIGKILL)
        await world.ended(reader)
    await verify(world, started, [reader], tokens=40, attempts=2, calls=len(world.upstream.starts(started["id"])))
    assert set(world.upstream.starts(started["id"])) == {0}
    await world.back(f"web-{owner}", pid)


async def test_row_13_a_zombie_writes_nothing(world: World) -> None:
    """While it is frozen its provider says all the rest, so that it has everything to write when it wakes up."""
    started = await world.send("n=250 rate=50")
    async with world.follower(started) as reader:
        await reader.until(f".{world.chance.randrange(5, 60):05} ")
        owner = world.owner(started)
        with world.frozen(f"web-{owner}"):
            await asyncio.sleep(30 * world.scale)
            async with asyncio.timeout(world.limit(30)):
                while world.attempts(started) < 2 or len(world.upstream.starts(started["id"])) < 2:
                    await asyncio.sleep(0.05)
        await world.ended(reader)
    await verify(world, started, [reader], tokens=250, attempts=2)


async def test_row_14_of_two_claimants_one_wins(world: World) -> None:
    """Both have seen the lease end and wait at the claim itself; they are let go at the same moment."""
    started = await world.send("n=250 rate=50")
    owner = world.owner(started)
    async with world.follower(started, world.behind(owner % 3 + 1)) as reader:
        await reader.until(f".{world.chance.randrange(5, 60):05} ")
        async with world.kept_down(f"web-{owner}"):
            # Locked a moment before the end of the lease: a sweep right after it must not be quicker than the lock.
            over = "SELECT lease_until < clock_timestamp() + interval '30 ms' FROM chat_generation WHERE id = %s"
            with world.database() as session:
                async with asyncio.timeout(20):
                    while not session.execute(over, [started["generation"]]).fetchall()[0][0]:
                        await asyncio.sleep(0.002)
                    session.execute("LOCK TABLE chat_generation IN EXCLUSIVE MODE")
                    assert world.attempts(started) == 1
                    while world.waiting("idle_claims + 1") < 2:
                        await asyncio.sleep(0.02)
            await world.ended(reader)
    await verify(world, started, [reader], tokens=250, attempts=2)


async def test_row_27_a_rolling_restart_loses_nothing(world: World) -> None:
    answers = [await world.send("n=700 rate=50") for _ in range(4)]
    readers = [world.follower(started) for started in answers]
    for reader in readers:
        await reader.__aenter__()
    try:
        for node in (1, 2, 3):
            pid = world.signal(f"web-{node}", signal.SIGTERM)
            await world.back(f"web-{node}", pid)
        await world.ended(*readers, within=60)
    finally:
        for reader in readers:
            await reader.__aexit__()
    for started, reader in zip(answers, readers, strict=True):
        await verify(world, started, [reader], tokens=700, attempts=None)
        assert set(reader.closes) <= {None, 1000, 4001}


@pytest.mark.alone
async def test_row_32_a_clock_that_is_an_hour_off_changes_no_lease(world: World) -> None:
    """It neither takes what others write, nor loses what it writes, nor is it late in taking over or being replaced."""
    lease = 15 * world.scale
    with world.another_node(**faketime.hour_ahead()) as port:
        first_of_all = await world.send("n=5 rate=0", port=port)  # What a node does for the first time takes longer.
        assert (await world.message(first_of_all["message"]))["status"] == "done"
        others = await world.send("n=350 rate=50")
        own = await world.send("n=350 rate=50", port=port)
        assert world.owner(own) == 9
        owner = world.owner(others)
        late = f"ws://127.0.0.1:{port}/ws/v1/"
        third = owner % 3 + 1
        async with (
            world.follower(others, late) as first,
            world.follower(own, late, world.behind(third)) as second,
            world.follower(own, world.behind(third)) as third_reader,
        ):
            began = time.monotonic()
            await third_reader.until(".00050 ")
            await asyncio.sleep(max(0.0, began + lease + 1 - time.monotonic()))
            assert world.attempts(others) == world.attempts(own) == 1
            world.signal("another", signal.SIGKILL)
            died, shown = time.monotonic(), len(third_reader.text)
            await third_reader.until_longer(shown + 100, within=world.limit(30))
            assert time.monotonic() - died < 20 * world.scale + 4
            first.urls = second.urls = [world.behind(third)]
            await world.ended(first, second, third_reader)
    await verify(world, others, [first], tokens=350)
    await verify(world, own, [second, third_reader], tokens=350, attempts=2)
    assert not TERMINAL & {event["type"] for event in (await world.log(own))[:-1]}
