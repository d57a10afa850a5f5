"""Rows 12, 17 to 24 and 33: what happens to Redis and PostgreSQL under running answers."""

import asyncio
import signal
import uuid

import httpx
import redis

from backend.engines import recorded_urls
from tests.faults.oracle import verify
from tests.faults.world import World


def store(world: World) -> redis.Redis:
    urls = recorded_urls(world.home)
    assert urls is not None
    return redis.Redis.from_url(urls.redis)


async def test_row_17_a_redis_that_restarts_with_its_data_closes_no_socket(world: World) -> None:
    started = await world.send("n=250 rate=50")
    async with world.follower(started) as first, world.follower(started, world.behind(1)) as second:
        await first.until(".00040 ")
        pid = world.signal("redis", signal.SIGTERM)
        await asyncio.to_thread(world.back, "redis", pid)
        await asyncio.wait_for(asyncio.gather(first.ended.wait(), second.ended.wait()), 40)
    assert first.connections == second.connections == 1
    await verify(world, started, [first, second], tokens=250)
    assert world.attempts(started) == 1


async def test_row_18_a_redis_that_dies_loses_nothing_that_was_shown(world: World) -> None:
    started = await world.send("n=250 rate=50")
    async with world.follower(started) as reader:
        await reader.until(".00040 ")
        pid = world.signal("redis", signal.SIGKILL)
        await asyncio.to_thread(world.back, "redis", pid)
        await asyncio.wait_for(reader.ended.wait(), 40)
    assert reader.connections == 1
    assert len(reader.epochs) == 1
    await verify(world, started, [reader], tokens=250)


async def test_row_19_a_wiped_redis_is_filled_again_at_the_same_offsets(world: World) -> None:
    started = await world.send("n=200 rate=50")
    async with world.follower(started) as first, world.follower(started) as second:
        await first.until(".00040 ")
        with store(world) as client:
            client.flushall()
        await first.until(".00090 ")
        second.drop()
        await asyncio.wait_for(asyncio.gather(first.ended.wait(), second.ended.wait()), 30)
    assert len(set(first.epochs + second.epochs)) == 1
    await verify(world, started, [first, second], tokens=200)
    assert world.attempts(started) == 1


async def test_row_20_a_wiped_redis_and_a_dead_owner_give_a_new_epoch_and_the_same_text(world: World) -> None:
    started = await world.send("n=250 rate=50")
    async with world.follower(started) as reader:
        await reader.until(".00100 ")
        owner = world.owner(started)
        pid = world.signal(f"web-{owner}", signal.SIGKILL)
        with store(world) as client:
            client.flushall()
        await asyncio.wait_for(reader.ended.wait(), 40)
    assert len(set(reader.epochs)) == 2
    await verify(world, started, [reader], tokens=250)
    await asyncio.to_thread(world.back, f"web-{owner}", pid)


async def test_row_21_a_frozen_redis_only_makes_it_late(world: World) -> None:
    started = await world.send("n=200 rate=50")
    async with world.follower(started) as reader:
        await reader.until(".00040 ")
        world.signal("redis", signal.SIGSTOP)
        try:
            await asyncio.sleep(10 * world.scale)
        finally:
            world.signal("redis", signal.SIGCONT)
        await asyncio.wait_for(reader.ended.wait(), 40)
    await verify(world, started, [reader], tokens=200)


async def test_row_23_a_postgresql_that_restarts_stops_no_answer_and_steals_none(world: World) -> None:
    started = await world.send("n=300 rate=50")
    async with world.follower(started) as reader:
        await reader.until(".00040 ")
        pid = world.signal("postgres", signal.SIGQUIT)  # an immediate stop
        await asyncio.to_thread(world.back, "postgres", pid)
        await asyncio.wait_for(reader.ended.wait(), 60)
    await verify(world, started, [reader], tokens=300)
    assert world.attempts(started) == 1


async def test_row_24_a_send_without_a_database_is_refused_for_now_and_happens_once_later(world: World) -> None:
    conversation = await world.call("POST", "conversations", {"title": "row 24"})
    key = str(uuid.uuid4())

    async def send() -> httpx.Response:
        async with world.http() as http:
            return await http.post(
                f"/api/v1/conversations/{conversation['id']}/messages",
                json={"content": "n=5 rate=0 id=row24", "model": "mock"},
                headers={"Idempotency-Key": key},
            )

    async with world.kept_down("postgres", signal.SIGQUIT):
        assert not world.reaches_postgres()
        reply = await send()
        assert reply.status_code == 503, reply.text
        assert (reply.json()["code"], reply.json()["temporary"]) == ("unavailable", True), reply.text
    async with asyncio.timeout(30):
        while (reply := await send()).status_code == 503:
            await asyncio.sleep(0.2)
    assert reply.status_code == 202, reply.text
    again = await send()
    assert again.json()["message"] == reply.json()["message"]
    await world.message(reply.json()["message"])
    assert world.upstream.calls("row24") == 1


async def test_row_12_a_death_between_the_commit_and_the_terminal_event(world: World) -> None:
    started = await world.send("n=40 rate=100")
    async with world.follower(started) as reader:
        await reader.until(".00020 ")
        owner = world.owner(started)
        waiting = (  # its end waits for the row
            "SELECT count(*) FROM pg_stat_activity "
            "WHERE wait_event_type = 'Lock' AND position('terminal_event = ' IN query) > 0"
        )
        ended = "SELECT terminal_offset FROM chat_generation WHERE id = %s"
        lock = "SELECT 1 FROM chat_generation WHERE id = %s FOR UPDATE"
        with world.database() as session:
            session.execute(lock, [started["generation"]])
            await reader.until(".00039 ")
            async with asyncio.timeout(10):
                while not world.rows(waiting)[0][0]:
                    await asyncio.sleep(0.01)
            world.signal("redis", signal.SIGSTOP)
        try:
            async with asyncio.timeout(10):
                while not world.rows(ended, started["generation"])[0][0]:
                    await asyncio.sleep(0.01)
            pid = world.signal(f"web-{owner}", signal.SIGKILL)
        finally:
            world.signal("redis", signal.SIGCONT)
        await asyncio.wait_for(reader.ended.wait(), 20)
    await verify(world, started, [reader], tokens=40)
    await asyncio.to_thread(world.back, f"web-{owner}", pid)


async def test_row_22_lost_hints_cost_a_second_and_no_event(world: World) -> None:
    started = await world.send("n=250 rate=50")
    other = world.owner(started) % 3 + 1
    async with world.follower(started, world.behind(other)) as reader:
        await reader.until(".00020 ")
        with store(world) as client:
            for _ in range(40):
                client.execute_command("CLIENT", "KILL", "TYPE", "pubsub")
                await asyncio.sleep(0.05)
        shown = len(reader.text)
        await reader.until_longer(shown, within=2)
        await asyncio.wait_for(reader.ended.wait(), 20)
    assert reader.connections == 1
    await verify(world, started, [reader], tokens=250)


async def test_row_33_a_full_redis_loses_nothing(world: World) -> None:
    started = await world.send("n=200 rate=50")
    async with world.follower(started) as reader:
        await reader.until(".00040 ")
        with store(world) as client:
            client.config_set("maxmemory", 1)
            try:
                await asyncio.sleep(1.5)
            finally:
                client.config_set("maxmemory", 0)
        await asyncio.wait_for(reader.ended.wait(), 30)
    await verify(world, started, [reader], tokens=200)
