"""Two nodes on one Redis: a client of either sees the same, whatever happens to hints, connections and the store."""

import asyncio
import json
import sys
import time
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest
import redis.asyncio

from backend.config.environment import ROOT
from realtime import Node, hints
from realtime.positions import Position
from tests.support.realtime import FAST, Doors, Writer, fold, running
from tests.support.sockets import Client

TOPIC, ROOM = "generation.1", "conversation.1"
SETTINGS = replace(FAST, append_timeout=1.0, degraded_after=0.1)


@pytest.fixture
async def client_of_redis(redis_url):
    client: Any = redis.asyncio.Redis.from_url(redis_url)
    yield client
    await client.aclose()


@asynccontextmanager
async def node_on(redis_url: str, settings=SETTINGS, layer=lambda: None):
    node = Node.on_redis(redis_url, access=Doors(), settings=settings, layer=layer)
    async with running(settings, node=node) as app:
        await node.log.run_id()
        yield app


@asynccontextmanager
async def two(redis_url: str, settings=SETTINGS):
    """An owner of answers, and another node; and a client that is connected to the other."""
    async with node_on(redis_url, settings) as owner, node_on(redis_url, settings) as other, Client(other) as client:
        owner.answers.epochs[TOPIC] = other.answers.epochs[TOPIC] = "e1"
        await client.connect()
        await asyncio.sleep(0.1)  # the other node's listener subscribes
        yield owner, other, client


def offsets(frames):
    return [frame["offset"] for frame in frames if frame["type"] != "delayed"]


async def test_a_client_of_another_node_sees_every_event_from_its_hint_alone(redis_url):
    async with two(redis_url, replace(SETTINGS, look=1000.0)) as (owner, other, client):
        writer = Writer(owner.node, TOPIC)
        await client.subscribe(TOPIC, Position("e1", 0))
        reads = 0
        read = other.log.read

        async def counted(**fields):
            nonlocal reads
            reads += 1
            return await read(**fields)

        other.log.read = counted
        for number in range(100):
            writer.say(f"{number} €\n")
            await writer.drain()
        writer.end()
        frames = await client.until("done")
        assert offsets(frames) == list(range(1, 102))
        assert fold(frames) == "".join(f"{number} €\n" for number in range(100))
        assert reads == 0


async def test_own_hints_are_not_even_parsed(redis_url):
    async with node_on(redis_url) as app, Client(app) as client:
        app.answers.epochs[TOPIC] = "e1"
        await client.connect()
        await asyncio.sleep(0.1)
        read: list[int] = []
        app.node._listener._heard = read.append
        writer = Writer(app.node, TOPIC)
        await client.subscribe(TOPIC, Position("e1", 0))
        writer.say(*"abc")
        assert offsets(await client.events(3)) == [1, 2, 3]
        await asyncio.sleep(0.1)
        assert read == []


async def test_resume_on_another_node_is_exact(redis_url):
    async with two(redis_url) as (owner, _, client), Client(owner) as first:
        writer = Writer(owner.node, TOPIC)
        await first.connect()
        await first.subscribe(TOPIC, Position("e1", 0))
        writer.say(*[f"{number} " for number in range(50)])
        seen = await first.events(20)
        await first.leave()
        assert (await client.subscribe(TOPIC, Position("e1", 20)))["recovered"]
        writer.say("more")
        writer.end()
        frames = seen + await client.until("done")
        assert offsets(frames) == list(range(1, 53))


@pytest.mark.alone
async def test_when_all_hints_are_lost_events_are_a_look_late(redis_url):
    settings = replace(SETTINGS, look=0.1)
    async with two(redis_url, settings) as (owner, other, client):
        writer = Writer(owner.node, TOPIC)
        writer.say("a")
        await writer.drain()
        await client.subscribe(TOPIC, Position("e1", 0))
        await other.node._listener.stop()
        for number in range(3):
            begun = time.monotonic()
            writer.say(str(number))
            await client.until("part.delta")
            assert time.monotonic() - begun < 1.0


async def test_a_redis_that_is_wiped_is_filled_again_by_the_owner_and_nobody_sees_it(redis_url, client_of_redis):
    async with two(redis_url) as (owner, _, client):
        writer = Writer(owner.node, TOPIC)
        await client.subscribe(TOPIC, Position("e1", 0))
        for round_ in range(3):
            writer.say(f"{round_}a ", f"{round_}b ")
            await writer.drain()
            await client_of_redis.flushall()
        writer.say("end")
        writer.end()
        frames = await client.until("done")
        assert offsets(frames) == list(range(1, 9))
        assert {frame["epoch"] for frame in frames} == {"e1"}
        assert writer.refusals == []
        assert await client_of_redis.lrange(f"rv:log:{TOPIC}:e1", 0, -1) == [event for _, event in writer.done]


async def test_a_lost_tail_is_written_again_at_the_same_offsets(redis_url, client_of_redis):
    async with two(redis_url) as (owner, _, client):
        writer = Writer(owner.node, TOPIC)
        await client.subscribe(TOPIC, Position("e1", 0))
        writer.say(*"abcdef")
        await writer.drain()
        await client_of_redis.ltrim(f"rv:log:{TOPIC}:e1", 0, 2)
        await client_of_redis.client_kill_filter(_type="normal", skipme=True)
        await client_of_redis.client_kill_filter(_type="pubsub", skipme=True)
        await asyncio.sleep(0.5)  # nothing more is said: the reconnect finds it
        assert await client_of_redis.llen(f"rv:log:{TOPIC}:e1") == 6
        writer.end()
        assert offsets(await client.until("done")) == list(range(1, 8))


async def test_cut_connections_close_no_socket_and_lose_nothing(redis_url, client_of_redis):
    async with two(redis_url) as (owner, _, client), Client(owner) as local:
        await local.connect()
        writer = Writer(owner.node, TOPIC)
        await client.subscribe(TOPIC, Position("e1", 0))
        await local.subscribe(TOPIC, Position("e1", 0))
        for number in range(60):
            writer.say(f"{number} ")
            if number % 10 == 5:
                await client_of_redis.client_kill_filter(_type="normal", skipme=True)
                await client_of_redis.client_kill_filter(_type="pubsub", skipme=True)
            await asyncio.sleep(0.01)
        writer.end()
        for device in (client, local):
            frames = await device.until("done")
            assert fold(frames) == "".join(f"{number} " for number in range(60))
            assert offsets(frames) == list(range(1, len(offsets(frames)) + 1))
            assert device.closed is None


async def test_a_frozen_redis_degrades_and_catches_up(redis_url, client_of_redis):
    async with two(redis_url) as (owner, _, client):
        writer = Writer(owner.node, TOPIC)
        await client.subscribe(TOPIC, Position("e1", 0))
        writer.say("a")
        await writer.drain()
        freezer = asyncio.create_task(client_of_redis.execute_command("DEBUG", "SLEEP", "1.5"))
        await asyncio.sleep(0.1)
        for number in range(20):
            writer.say(f"{number} ")
            await asyncio.sleep(0.02)
        assert writer.away == [True]
        assert owner.node.writer.away
        await freezer
        await writer.drain()
        assert writer.away == [True, False]
        writer.end()
        frames = await client.until("done")
        assert fold(frames) == "a" + "".join(f"{number} " for number in range(20))
        assert offsets(frames) == list(range(1, len(offsets(frames)) + 1))
        told = [frame["delayed"] for frame in frames if frame["type"] == "delayed"]
        if told == [True]:
            told.append((await client.next())["delayed"])  # the end may come first
        assert told == [True, False]


async def test_a_zombie_lands_nothing_and_its_subscribers_go_on_with_the_new_owner(redis_url):
    async with two(redis_url) as (owner, other, client), Client(owner) as local:
        await local.connect()
        zombie = Writer(owner.node, TOPIC)
        zombie.say(*"abc")
        await zombie.drain()
        for device in (client, local):
            await device.subscribe(TOPIC, Position("e1", 0))
        assert await other.log.claim(topic=TOPIC, epoch="e1", fence=2) == 3
        heir = Writer(other.node, TOPIC, fence=2, events=await other.node.history(topic=TOPIC, epoch="e1"))
        zombie.say("ZOMBIE")
        heir.say("d")
        heir.end()
        for device in (client, local):
            frames = await device.until("done")
            assert fold(frames) == "abcd"
            assert offsets(frames) == [1, 2, 3, 4, 5]
        assert [reason for reason, _ in zombie.refusals] in (["fenced"], ["sealed"])


async def test_an_answer_longer_than_any_window_is_exact_on_another_node(redis_url):
    async with two(redis_url) as (owner, _, client):
        writer = Writer(owner.node, TOPIC)
        await client.subscribe(TOPIC, Position("e1", 0))
        for number in range(2000):
            writer.say(f"{number} ")
            if number % 50 == 0:
                await writer.drain()
        writer.end()
        end = (await writer.drain()).offset
        frames: list[Any] = []
        while not frames or frames[-1]["offset"] < end:
            frames.append(await client.next())
            if len(frames) % 64 == 0:
                client.put(cmd="ack", topic=TOPIC, epoch="e1", offset=frames[-1]["offset"])
        assert offsets(frames) == list(range(1, end + 1))
        assert fold(frames) == "".join(f"{number} " for number in range(2000))


ELSEWHERE = """
import os, sys, django
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "backend.config.settings")
django.setup()
from realtime import hints
url, topic, row = sys.argv[1:]
hints.configure(redis_url=url)
hints.announce(topic, "r1", 2, row.encode())
hints.whisper(topic, "typing", {"user": "bob"})
hints.signal("generation.cancel", {"id": "7"})
assert hints.flush(5.0)
"""


async def test_hints_of_another_process_come_over_the_channel_layer(redis_url):
    settings = replace(SETTINGS, look=1000.0, recheck=1000.0)
    async with node_on(redis_url, settings, hints.channel_layer) as app, Client(app) as client:
        heard: list[Any] = []
        app.node.on("generation.cancel", heard.append)
        await client.connect()
        app.rooms.add(ROOM, "1")
        await client.subscribe(ROOM)
        await client.until("presence")
        app.rooms.add(ROOM, "2", told=False)
        row = app.rooms.rows[ROOM][1]
        args = (sys.executable, "-c", ELSEWHERE, redis_url, ROOM, row.decode())
        process = await asyncio.create_subprocess_exec(*args, cwd=ROOT)
        assert await process.wait() == 0
        frames = await client.until("typing")
        assert [frame["type"] for frame in frames] == ["message.created", "typing"]
        assert frames[0]["data"] == json.loads(row)["data"]
        await asyncio.sleep(0.1)
        assert heard == [{"id": "7"}]
        assert app.node.look._heard - {1} == {2}, "the other's; this process's own a look may have dealt with"


async def test_an_announcement_that_the_layer_lost_is_found_by_its_number(redis_url, monkeypatch):
    monkeypatch.setattr(hints, "get_channel_layer", lambda: None)
    announcer = hints.Announcer(redis_url)
    async with node_on(redis_url, replace(SETTINGS, recheck=1000.0)) as app, Client(app) as client:
        await client.connect()
        app.rooms.add(ROOM, "1")
        await client.subscribe(ROOM)
        await asyncio.sleep(0.2)
        app.rooms.add(ROOM, "2", told=False)
        row = app.rooms.rows[ROOM][1]
        announcer.post({"kind": "announce", "topic": ROOM, "epoch": "r1", "offset": 2, "bodies": [row]})
        assert (await client.until("message.created"))[-1]["offset"] == 2


async def test_a_redis_that_is_away_costs_the_announcer_a_hint_and_nothing_else():
    announcer = hints.Announcer("redis://127.0.0.1:1/0", timeout=0.2)
    announcer.post({"kind": "announce", "topic": ROOM, "epoch": "r1", "offset": 2, "bodies": [b"{}"]})
    assert await asyncio.to_thread(announcer.flush, 3.0)
