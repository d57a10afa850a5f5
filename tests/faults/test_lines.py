"""Rows 1 to 6, 25 and 26: what happens on the way between clients and the site."""

import asyncio
import signal
import uuid

import httpx

from tests.faults.follower import Follower
from tests.faults.oracle import verify
from tests.faults.proxy import Proxy
from tests.faults.world import World


async def test_row_1_a_page_that_is_loaded_again_has_all_of_it(world: World) -> None:
    started = await world.send("n=150 rate=50")
    async with world.follower(started) as before:
        await before.until(f".{world.chance.randrange(10, 100):05} ")
    async with world.follower(started) as after:
        await world.ended(after)
    assert after.recovered == [False]
    await verify(world, started, [after], tokens=150)


async def test_row_2_another_network_in_mid_answer(world: World) -> None:
    started = await world.send("n=200 rate=50")
    async with Proxy(world.product.port) as line, world.follower(started, line.url) as reader:
        for _ in range(3):
            shown = len(reader.text)
            await reader.until_longer(shown + world.chance.randrange(100, 600))
            line.reset()
        await world.ended(reader)
    assert reader.recovered == [False, True, True, True]
    await verify(world, started, [reader], tokens=200)


async def test_row_3_a_line_that_dies_silently_is_noticed_by_both_ends(world: World) -> None:
    noticed = 35 * world.scale + 2
    started = await world.send("n=520 rate=50")
    async with Proxy(world.product.port) as line, world.follower(started, line.url) as reader:
        reader.silence = 1e6 if world.sabotaged == "endless-patience" else 33 * world.scale
        await reader.until(f".{world.chance.randrange(20, 60):05} ")
        line.swallow = True
        async with asyncio.timeout(noticed):
            while not reader.closes:
                await asyncio.sleep(0.05)
            while not line.left:
                await asyncio.sleep(0.05)
        line.swallow = False
        line.reset()
        await world.ended(reader)
    assert reader.recovered == [False, *[True] * (len(reader.recovered) - 1)]
    assert len(reader.recovered) > 1
    await verify(world, started, [reader], tokens=520)


async def test_row_4_a_cut_inside_a_frame_applies_no_half_event(world: World) -> None:
    started = await world.send("n=500 rate=100 batch=20")
    async with Proxy(world.product.port) as line, world.follower(started, line.url) as reader:
        for _ in range(4):
            await reader.until_longer(len(reader.text))
            connections = reader.connections
            line.cut_after = world.chance.randrange(1, 500)
            async with asyncio.timeout(10):
                while reader.connections == connections and not reader.ended.is_set():
                    await asyncio.sleep(0.02)
            if world.sabotaged == "half-events":
                reader.state.parts[-1].append(line.last.partition(b'"text":"')[2].decode())
        await world.ended(reader)
    assert line.cuts == 4
    await verify(world, started, [reader], tokens=500)


async def test_row_5_subscribing_while_it_is_written_has_neither_gap_nor_double(world: World) -> None:
    started = await world.send("n=400 rate=200")
    readers = []
    for _ in range(25):
        reader = world.follower(started, world.behind(world.chance.randrange(1, 4)))
        await reader.__aenter__()
        readers.append(reader)
        await asyncio.sleep(world.chance.random() * 0.08)
    await world.ended(*readers)
    for reader in readers:
        await reader.__aexit__()
    await verify(world, started, readers, tokens=400)


async def test_row_6_five_devices_see_the_same(world: World) -> None:
    started = await world.send("n=200 rate=50")
    readers: list[Follower] = []
    joins = sorted(world.chance.randrange(0, 180) for _ in range(4))
    for number, token in enumerate([0, *joins]):
        if readers:
            await readers[0].until(f".{token:05} ")
        reader = world.follower(started, world.behind(number % 3 + 1))
        await reader.__aenter__()
        readers.append(reader)
    await world.ended(*readers)
    for reader in readers:
        await reader.__aexit__()
    await verify(world, started, readers, tokens=200)


async def test_row_25_a_send_whose_reply_is_lost_happens_once(world: World) -> None:
    conversation = await world.call("POST", "conversations", {"title": "row 25"})
    path = f"/api/v1/conversations/{conversation['id']}/messages"
    ident = uuid.uuid4().hex[:8]
    body = {"content": f"n=20 rate=100 id={ident}", "model": "mock"}
    key = {"Idempotency-Key": str(uuid.uuid4()), "Authorization": f"Bearer {world.key}"}
    async with Proxy(world.product.port) as line:
        address = line.url.replace("ws://", "http://").removesuffix("/ws/v1/")
        for _ in range(3):
            line.cut_after = world.chance.randrange(1, 200)
            try:
                async with httpx.AsyncClient(base_url=address, headers=key, timeout=10) as http:
                    await http.post(path, json=body)
            except httpx.TransportError:
                continue
            raise AssertionError("the reply was to be lost")
    async with world.http() as http:
        reply = await http.post(path, json=body, headers=key)
    started = {**reply.json(), "id": ident}
    async with world.follower(started) as reader:
        await world.ended(reader)
    await verify(world, started, [reader], tokens=20, calls=1)
    created = [e for e in await world.conversation_events(conversation["id"]) if e["type"] == "message.created"]
    assert len(created) == 2


async def test_row_26_a_cancel_races_the_end(world: World) -> None:
    """Both wait for the answer's row, in either order, and are let go at the same moment; or at random moments."""
    lock = "SELECT 1 FROM chat_generation WHERE id = %s FOR UPDATE"
    for number in range(6):
        staged = number % 3 > 0
        tokens = 100 if staged else 20  # Long enough that the row is locked before the end, however slow the machine.
        started = await world.send(f"n={tokens} rate=100")
        async with world.follower(started) as reader:
            if staged:
                await reader.until(".00010 ")
                with world.database() as session:
                    session.execute(lock, [started["generation"]])
                    if number % 3 == 1:
                        await _waits(world, "terminal_event = ")
                    stop = asyncio.create_task(world.cancel(started))
                    await _waits(world, "cancel_requested = true")
                    await _waits(world, "terminal_event = ")
                await stop
            else:
                await reader.until(f".{world.chance.randrange(2, 20):05} ")
                await world.cancel(started)
            await world.ended(reader)
        message = await world.message(started["message"])
        assert message["status"] in {"done", "cancelled"}
        await verify(world, started, [reader], tokens=tokens, status=message["status"])


async def _waits(world: World, words: str) -> None:
    async with asyncio.timeout(10):
        while not world.waiting(words):
            await asyncio.sleep(0.01)


async def test_row_26_a_cancel_survives_a_takeover(world: World) -> None:
    """Asked for while nobody writes the answer: whoever takes it up ends it with what is there."""
    started = await world.send("n=300 rate=50")
    owner = world.owner(started)
    async with world.follower(started, world.behind(owner % 3 + 1)) as reader:
        await reader.until(f".{world.chance.randrange(20, 80):05} ")
        async with world.kept_down(f"web-{owner}", signal.SIGKILL):
            await world.cancel(started)
            await world.ended(reader, within=20 * world.scale + 10)
    assert reader.terminal == ["cancelled"]
    await verify(world, started, [reader], tokens=300, status="cancelled", attempts=2, calls=1)
