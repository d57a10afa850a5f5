"""Pings, pongs, and tokens that end on an open socket."""

import asyncio
import time
from dataclasses import replace

from realtime.positions import Position
from tests.support.realtime import FAST, Person, Writer, running
from tests.support.sockets import Client

PINGS = replace(FAST, ping=0.1, pong_timeout=0.5)


async def test_a_ping_comes_and_its_pong_keeps_the_socket():
    async with running(PINGS) as app, Client(app) as client:
        await client.connect()
        for _ in range(4):
            assert await client.next() == {"type": "ping"}
            client.put(cmd="pong")


async def test_any_frame_counts_as_a_pong():
    async with running(PINGS) as app, Client(app) as client:
        await client.connect()
        for _ in range(4):
            assert await client.next() == {"type": "ping"}
            assert "result" in await client.call("cancel")


async def test_no_pong_closes_with_4012_and_then_cuts():
    async with running(PINGS) as app, Client(app, answers=False) as client:
        await client.connect()
        assert await client.close_code() == 4012
        await asyncio.sleep(0.15)
        assert client.transport.aborted


async def test_before_connect_there_are_no_pings():
    async with running(PINGS) as app, Client(app) as client:
        assert await client.nothing(0.2)


async def test_an_expired_token_has_a_grace_in_which_delivery_goes_on():
    settings = replace(FAST, expiry_grace=1.0)
    async with running(settings) as app, Client(app) as client:
        app.doors.tokens["short"] = Person("ada", expires_at=time.time() - 0.01)
        app.doors.tokens["long"] = Person("ada", expires_at=time.time() + 60)
        await client.connect("short")
        app.answers.epochs["generation.1"] = "e1"
        writer = Writer(app.node, "generation.1")
        await client.subscribe("generation.1", Position("e1", 0))
        await asyncio.sleep(0.05)
        writer.say("a")
        assert (await client.next())["type"] == "part.delta"
        await client.call("refresh", token="long")
        await asyncio.sleep(1.2)
        assert client.closed is None


async def test_after_the_grace_an_expired_token_closes_with_4005():
    async with running(replace(FAST, expiry_grace=0.1)) as app, Client(app) as client:
        app.doors.tokens["short"] = Person("ada", expires_at=time.time())
        await client.connect("short")
        assert await client.close_code() == 4005


def test_all_times_scale_together_and_counts_do_not():
    fifth = FAST.scaled(0.2)
    assert (fifth.ping, fifth.pong_timeout) == (5.0, 1.6)
    assert (fifth.window_events, fifth.commands_per_second) == (512, 200.0)
