"""Rows 1 to 6, 25 and 26: what happens on the way between clients and the site."""

import asyncio
import uuid

import httpx

from tests.faults.oracle import verify
from tests.faults.proxy import Proxy
from tests.faults.world import World


async def test_row_1_a_page_that_is_loaded_again_has_all_of_it(world: World) -> None:
    started = await world.send("n=150 rate=50")
    async with world.follower(started) as before:
        await before.until(f".{world.chance.randrange(10, 100):05} ")
    async with world.follower(started) as after:
        await asyncio.wait_for(after.ended.wait(), 20)
    assert after.recovered == [False]
    await verify(world, started, [after], tokens=150)


async def test_row_2_another_network_in_mid_answer(world: World) -> None:
    started = await world.send("n=200 rate=50")
    async with Proxy(world.product.port) as line, world.follower(started, line.url) as reader:
        for _ in range(3):
            shown = len(reader.text)
            await reader.until_longer(shown + world.chance.randrange(100, 600))
            line.reset()
        await asyncio.wait_for(reader.ended.wait(), 20)
    assert reader.recovered == [False, True, True, True]
    await verify(world, started, [reader], tokens=200)


async def test_row_3_a_line_that_dies_silently_is_noticed_by_both_ends(world: World) -> None:
    started = await world.send("n=600 rate=50")
    async with Proxy(world.product.port) as line, world.follower(started, line.url) as reader:
        reader.silence = 35 * world.scale
        await reader.until(".00030 ")
        line.swallow = True
        async with asyncio.timeout(35 * world.scale + 3):
            while reader.connections == 1 and not reader.closes:
                await asyncio.sleep(0.05)
        line.swallow = False
        line.reset()
        await asyncio.wait_for(reader.ended.wait(), 30)
    assert reader.recovered[1:] == [True] * (len(reader.recovered) - 1)
    await verify(world, started, [reader], tokens=600)


async def test_row_4_a_cut_inside_a_frame_applies_no_half_event(world: World) -> None:
    started = await world.send("n=200 rate=50")
    async with Proxy(world.product.port) as line, world.follower(started, line.url) as reader:
        for _ in range(4):
            await reader.until_longer(len(reader.text) + 200)
            line.cut_after = world.chance.randrange(1, 400)
            connections = reader.connections
            async with asyncio.timeout(10):
                while reader.connections == connections and not reader.ended.is_set():
                    await asyncio.sleep(0.02)
        await asyncio.wait_for(reader.ended.wait(), 20)
    await verify(world, started, [reader], tokens=200)


async def test_row_5_subscribing_while_it_is_written_has_neither_gap_nor_double(world: World) -> None:
    started = await world.send("n=400 rate=200")
    readers = []
    for _ in range(25):
        reader = world.follower(started, world.behind(world.chance.randrange(1, 4)))
        await reader.__aenter__()
        readers.append(reader)
        await asyncio.sleep(world.chance.random() * 0.08)
    await asyncio.wait_for(asyncio.gather(*(reader.ended.wait() for reader in readers)), 20)
    for reader in readers:
        await reader.__aexit__()
    await verify(world, started, readers, tokens=400)


async def test_row_6_five_devices_see_the_same(world: World) -> None:
    started = await world.send("n=200 rate=50")
    readers = []
    for number in range(5):
        reader = world.follower(started, world.behind(number % 3 + 1))
        await reader.__aenter__()
        readers.append(reader)
        await asyncio.sleep(0.5)
    await asyncio.wait_for(asyncio.gather(*(reader.ended.wait() for reader in readers)), 20)
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
            line.cut_after = 5
            try:
                async with httpx.AsyncClient(base_url=address, headers=key, timeout=10) as http:
                    await http.post(path, json=body)
            except httpx.TransportError:
                continue
            raise AssertionError("the reply was to be lost")
    async with world.http() as http:
        reply = await http.post(path, json=body, headers=key)
    started = reply.json()
    async with world.follower(started) as reader:
        await asyncio.wait_for(reader.ended.wait(), 20)
    await verify(world, started, [reader], tokens=20)
    assert world.upstream.calls(ident) == 1
    created = [e for e in await world.conversation_events(conversation["id"]) if e["type"] == "message.created"]
    assert len(created) == 2


async def test_row_26_a_cancel_races_the_end(world: World) -> None:
    for _ in range(6):
        started = await world.send("n=20 rate=100")
        async with world.follower(started) as reader:
            await asyncio.sleep(0.15 + world.chance.random() * 0.1)
            await world.cancel(started)
            await asyncio.wait_for(reader.ended.wait(), 10)
        message = await world.message(started["message"])
        assert message["status"] in {"done", "cancelled"}
        await verify(world, started, [reader], tokens=20, status=message["status"])
