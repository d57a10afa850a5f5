"""Rows 12, 17 to 24 and 33: what happens to Redis and PostgreSQL under running answers."""

import asyncio
import signal
import uuid

import httpx

from tests.faults.oracle import verify
from tests.faults.world import World


async def test_row_12_a_death_between_the_commit_and_the_terminal_event(world: World) -> None:
    """Its end waits for the row until Redis is gone: it is committed and can't be told."""
    started = await world.send("n=40 rate=100")
    ended = "SELECT terminal_offset FROM chat_generation WHERE id = %s"
    lock = "SELECT 1 FROM chat_generation WHERE id = %s FOR UPDATE"
    owner = world.owner(started)
    async with (
        world.follower(started, world.behind(owner), world.front) as first,
        world.follower(started, world.behind(owner % 3 + 1)) as second,
    ):
        session = world.database()
        session.execute(lock, [started["generation"]])
        await first.until(".00039 ")
        await second.until(".00039 ")
        async with asyncio.timeout(10):
            while not world.waiting("terminal_event = "):
                await asyncio.sleep(0.01)
        async with world.kept_down("redis"):
            session.close()
            async with asyncio.timeout(10):
                while not world.rows(ended, started["generation"])[0][0]:
                    await asyncio.sleep(0.01)
            pid = world.signal(f"web-{owner}", signal.SIGKILL)
        await world.ended(first, second)
    await verify(world, started, [first, second], tokens=40)
    await world.back(f"web-{owner}", pid)


async def test_row_17_a_redis_that_restarts_with_its_data_closes_no_socket(world: World) -> None:
    started = await world.send("n=250 rate=50")
    async with world.follower(started) as first, world.follower(started, world.behind(1)) as second:
        await first.until(f".{world.chance.randrange(5, 80):05} ")
        pid = world.signal("redis", signal.SIGTERM)
        await world.back("redis", pid)
        await world.ended(first, second, within=40)
    assert first.connections == second.connections == 1
    assert set(first.epochs) == set(second.epochs)
    await verify(world, started, [first, second], tokens=250)


async def test_row_18_a_redis_that_lost_its_tail_is_written_again_at_the_same_offsets(world: World) -> None:
    started = await world.send("n=300 rate=50")
    owner = world.owner(started)
    async with (
        world.follower(started, world.behind(owner)) as first,
        world.follower(started, world.behind(owner % 3 + 1)) as second,
    ):
        await second.until(f".{world.chance.randrange(40, 100):05} ")
        async with world.kept_down("redis"):
            assert world.cut_tail(world.chance.randrange(5, 40)) > 0
        await world.ended(first, second, within=40)
    assert first.connections == second.connections == 1
    assert len(set(first.epochs + second.epochs)) == 1
    await verify(world, started, [first, second], tokens=300)


async def test_row_18b_a_lost_tail_and_a_dead_owner_give_a_new_epoch_and_the_same_text(world: World) -> None:
    started = await world.send("n=300 rate=50")
    owner = world.owner(started)
    async with world.follower(started, world.behind(owner % 3 + 1)) as reader:
        await reader.until(f".{world.chance.randrange(60, 120):05} ")
        async with world.kept_down(f"web-{owner}"):
            async with world.kept_down("redis"):
                assert world.cut_tail(world.chance.randrange(5, 40)) > 0
            await world.ended(reader, within=40)
    assert len(set(reader.epochs)) == 2
    assert reader.connections == 1
    await verify(world, started, [reader], tokens=300, attempts=2)
    assert world.upstream.starts(started["id"])[1] > 0


async def test_row_19_a_wiped_redis_is_filled_again_at_the_same_offsets(world: World) -> None:
    started = await world.send("n=250 rate=50")
    async with world.follower(started) as first, world.follower(started) as second:
        await first.until(f".{world.chance.randrange(5, 80):05} ")
        with world.store() as client:
            client.flushall()
        shown = len(first.text)
        await first.until_longer(shown + 1000, within=world.limit(30))
        second.drop()
        await world.ended(first, second)
    assert first.connections == 1
    assert len(set(first.epochs + second.epochs)) == 1
    await verify(world, started, [first, second], tokens=250)


async def test_row_20_a_wiped_redis_and_a_dead_owner_give_a_new_epoch_and_the_same_text(world: World) -> None:
    started = await world.send("n=300 rate=50")
    owner = world.owner(started)
    async with world.follower(started, world.behind(owner % 3 + 1)) as reader:
        await reader.until(f".{world.chance.randrange(60, 120):05} ")
        pid = world.signal(f"web-{owner}", signal.SIGKILL)
        with world.store() as client:
            client.flushall()
        await world.ended(reader, within=40)
    assert len(set(reader.epochs)) == 2
    await verify(world, started, [reader], tokens=300, attempts=2)
    assert world.upstream.starts(started["id"])[1] > 0
    await world.back(f"web-{owner}", pid)


async def test_row_21_a_frozen_redis_only_makes_it_late(world: World) -> None:
    """Meanwhile its node takes nothing new, and says so."""
    started = await world.send("n=300 rate=50")
    owner = world.owner(started)
    async with world.follower(started) as reader:
        await reader.until(f".{world.chance.randrange(5, 80):05} ")
        with world.frozen("redis"):
            thaw = asyncio.create_task(asyncio.sleep(10 * world.scale))
            await _refused(world, owner)
            await thaw
        await world.ended(reader, within=40)
    assert reader.connections == 1
    await verify(world, started, [reader], tokens=300)


async def test_row_23_a_postgresql_that_restarts_stops_no_answer_and_steals_none(world: World) -> None:
    """It is away for longer than a lease lasts: all of them are over when it is back, for whoever comes first."""
    answers = [await world.send("n=420 rate=50", node=node) for node in (1, 2)]
    async with world.follower(answers[0]) as first, world.follower(answers[1], world.behind(3)) as second:
        await second.until(f".{world.chance.randrange(5, 50):05} ")
        shown = len(first.text)
        async with world.kept_down("postgres", signal.SIGQUIT):  # an immediate stop
            await asyncio.sleep(15 * world.scale + 0.5)
            assert len(first.text) > shown + 1000, "the stream goes on"
        await world.ended(first, second, within=60)
    for started, reader in zip(answers, (first, second), strict=True):
        assert reader.connections == 1
        await verify(world, started, [reader], tokens=420)


async def test_row_24_a_send_without_a_database_is_refused_for_now_and_happens_once_later(world: World) -> None:
    conversation = await world.call("POST", "conversations", {"title": "row 24"})
    key, ident = str(uuid.uuid4()), uuid.uuid4().hex[:8]

    async def send() -> httpx.Response:
        async with world.http() as http:
            return await http.post(
                f"/api/v1/conversations/{conversation['id']}/messages",
                json={"content": f"n=5 rate=0 id={ident}", "model": "mock"},
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
    await verify(world, {**reply.json(), "id": ident}, [], tokens=5, calls=1)


async def test_row_33_a_full_redis_loses_nothing(world: World) -> None:
    """Meanwhile its node takes nothing new, and says so."""
    started = await world.send("n=200 rate=50")
    owner = world.owner(started)
    async with world.follower(started) as reader:
        await reader.until(f".{world.chance.randrange(5, 80):05} ")
        with world.store() as client:
            client.config_set("maxmemory", 1)
            try:
                await _refused(world, owner)
                await asyncio.sleep(5 * world.scale)
            finally:
                client.config_set("maxmemory", 0)
        await world.ended(reader)
    assert reader.connections == 1
    await verify(world, started, [reader], tokens=200)


async def _refused(world: World, node: int) -> None:
    """Wait until a send at a node is refused as temporary."""
    async with asyncio.timeout(world.limit(20)), world.http(node=node) as http:
        while True:
            reply = await http.post("/api/v1/conversations", json={"title": "refused"})
            if reply.status_code == 201 or reply.status_code == 200:
                path = f"/api/v1/conversations/{reply.json()['id']}/messages"
                reply = await http.post(path, json={"content": "n=1 rate=0", "model": "mock"})
            if reply.status_code == 503:
                assert (reply.json()["code"], reply.json()["temporary"]) == ("unavailable", True), reply.text
                return
            await asyncio.sleep(0.05)
