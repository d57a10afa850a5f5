"""At most 512 events or 256 KiB are sent and not acknowledged; past that no copy is held and no log is read."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from realtime.positions import Position
from tests.support.realtime import FAST, App, Writer, fold, running
from tests.support.sockets import Client

TOPIC, OTHER = "generation.1", "generation.2"


async def following(app: App, client: Client, *topics: str) -> list[Writer]:
    await client.connect()
    writers = []
    for topic in topics:
        app.answers.epochs[topic] = "e1"
        writers.append(Writer(app.node, topic))
        await client.subscribe(topic, Position("e1", 0))
    return writers


async def drained(client: Client) -> list[Any]:
    """All that comes until nothing more does."""
    frames = []
    while True:
        try:
            frames.append(await client.next(0.1))
        except TimeoutError:
            return frames


def session(app: App):
    return next(iter(app.node.watched)).session


def ack(client: Client, offset: int, topic: str = TOPIC, epoch: str = "e1", **more) -> None:
    client.put(cmd="ack", topic=topic, epoch=epoch, offset=offset, **more)


async def test_512_events_of_all_topics_together_are_sent_and_acks_let_the_rest_through():
    async with running() as app, Client(app) as client:
        one, two = await following(app, client, TOPIC, OTHER)
        for number in range(400):
            one.say(f"{number} ")
            two.say(f"{number} ")
            await one.drain()
        await two.drain()
        frames = await drained(client)
        assert len(frames) == 512
        last = {topic: max((f["offset"] for f in frames if f["topic"] == topic), default=0) for topic in (TOPIC, OTHER)}
        ack(client, 10)
        more = await drained(client)
        assert len(more) == 10
        ack(client, last[TOPIC])
        ack(client, last[OTHER], OTHER)
        frames += more + await drained(client)
        for topic in (TOPIC, OTHER):
            assert [f["offset"] for f in frames if f["topic"] == topic] == list(range(1, 401))


async def test_256_kib_are_sent_and_no_more():
    async with running() as app, Client(app) as client:
        (writer,) = await following(app, client, TOPIC)
        for _ in range(40):
            writer.say("x" * 10_000)
            await writer.drain()
        frames = await drained(client)
        assert len(frames) == 25
        assert 245_000 < session(app).bytes <= 256 * 1024
        ack(client, 25)
        assert len(await drained(client)) == 15


async def test_past_the_window_no_log_is_read_and_nothing_is_held():
    async with running(replace(FAST, recent_events=4)) as app, Client(app) as client:
        (writer,) = await following(app, client, TOPIC)
        app.node.writer._topics.clear()  # as on a node that reads the log
        writer.say(*["x"] * 600)
        await writer.drain()
        assert len(await drained(client)) == 512
        reads = 0
        read = app.log.read

        async def counted(**fields):
            nonlocal reads
            reads += 1
            return await read(**fields)

        app.log.read = counted
        for _ in range(50):
            writer.say("y" * 1000)
            await writer.drain()
        await asyncio.sleep(0.1)
        assert reads == 0
        assert client.transport.written < 70_000
        ack(client, 512)
        await drained(client)
        assert reads > 0


async def test_an_inline_snapshot_counts_until_it_is_acknowledged():
    async with running() as app, Client(app) as client:
        await client.connect()
        app.answers.epochs[TOPIC] = "e1"
        writer = Writer(app.node, TOPIC)
        writer.say("x" * 5000)
        await writer.drain()
        await client.subscribe(TOPIC)
        assert session(app).events == 1
        assert 5000 < session(app).bytes < 6000
        ack(client, 1)
        await client.call("cancel")
        assert (session(app).events, session(app).bytes) == (0, 0)


@pytest.mark.parametrize("hold", [0, 10**9])
async def test_the_pages_of_a_snapshot_wait_for_acks_and_no_copy_of_a_long_one_is_held(hold):
    async with running(replace(FAST, snapshot_hold=hold)) as app, Client(app) as client:
        await client.connect()
        app.answers.epochs[TOPIC] = "e1"
        writer = Writer(app.node, TOPIC)
        text = "".join(f"{number:07d} " for number in range(100_000))
        writer.say(*[text[start : start + 16_000] for start in range(0, len(text), 16_000)])
        end = (await writer.drain()).offset
        await client.subscribe(TOPIC)
        frames = await drained(client)
        assert sum(len(fold([frame])) for frame in frames) < 256 * 1024
        paging = session(app).cursors[TOPIC].paging
        assert (paging.pages is None) == (hold == 0)
        while frames[-1].get("more"):
            ack(client, end, page=frames[-1]["page"])
            frames += await drained(client)
        assert fold(frames) == text
        assert [frame["page"] for frame in frames] == list(range(len(frames)))
        ack(client, end)
        await client.call("cancel")
        assert (session(app).events, session(app).bytes) == (0, 0)
        assert app.answers.snapshots == 1 if hold else app.answers.snapshots > 2


async def test_leaving_a_topic_gives_its_room_to_the_others():
    async with running() as app, Client(app) as client:
        one, two = await following(app, client, TOPIC, OTHER)
        one.say(*["x"] * 512)
        await one.drain()
        assert len(await drained(client)) == 512
        two.say("y")
        await two.drain()
        assert await client.nothing()
        await client.call("unsubscribe", topic=TOPIC)
        assert (await client.next())["topic"] == OTHER


@pytest.mark.parametrize(
    "fields",
    [
        {"epoch": "other"},
        {"topic": "generation.none"},
        {"topic": OTHER, "offset": 10**9},
        {"offset": 0},
        {"offset": -1},
    ],
)
async def test_old_acks_and_acks_of_other_epochs_and_left_topics_are_ignored(fields):
    async with running() as app, Client(app) as client:
        writer, _ = await following(app, client, TOPIC, OTHER)
        await client.call("unsubscribe", topic=OTHER)
        writer.say("a", "b", "c")
        await client.events(3)
        client.put(**{"cmd": "ack", "topic": TOPIC, "epoch": "e1", "offset": 99} | fields)
        await client.call("cancel")
        assert session(app).events == 3
        ack(client, 2)
        ack(client, 1)
        await client.call("cancel")
        assert session(app).events == 1


async def test_an_ack_ahead_of_what_was_sent_is_a_bad_frame():
    async with running() as app, Client(app) as client:
        (writer,) = await following(app, client, TOPIC)
        writer.say("a")
        await client.next()
        ack(client, 2)
        assert await client.close_code() == 4501


async def test_an_ack_of_a_page_that_was_not_sent_is_a_bad_frame():
    async with running() as app, Client(app) as client:
        await client.connect()
        app.answers.epochs[TOPIC] = "e1"
        writer = Writer(app.node, TOPIC)
        writer.say(*["x" * 16_000] * 40)
        end = (await writer.drain()).offset
        await client.subscribe(TOPIC)
        frames = await drained(client)
        ack(client, end, page=frames[-1]["page"] + 1)
        assert await client.close_code() == 4501


async def test_full_and_no_advancing_ack_is_too_slow_and_then_cut():
    settings = replace(FAST, stall_timeout=0.6, window_events=3, ping=0.02, pong_timeout=0.02)
    async with running(settings) as app, Client(app, answers=False) as client:
        (writer,) = await following(app, client, TOPIC)
        writer.say(*"abcde")
        await client.events(3)
        await asyncio.sleep(0.4)
        ack(client, 1)
        await client.next()
        await asyncio.sleep(0.4)
        assert client.closed is None  # an advancing ack starts the time again, and the pong time-out rests
        assert await client.close_code() == 4008
        await asyncio.sleep(0.1)
        assert client.transport.aborted


async def test_a_full_transport_gets_nothing_more_and_is_caught_up_when_it_has_drained():
    async with running() as app, Client(app) as client:
        (writer,) = await following(app, client, TOPIC)
        client.transport.full = True
        writer.say("1")
        await writer.drain()
        for number in range(2, 50):
            writer.say(f" {number}")
            await writer.drain()
        frames = await drained(client)
        assert len(frames) == 1
        client.transport.drain()
        frames += await drained(client)
        assert fold(frames) == " ".join(str(number) for number in range(1, 50))


async def test_who_reads_nothing_is_cut_even_when_the_window_has_room():
    async with running(replace(FAST, stall_timeout=0.1)) as app, Client(app) as client:
        (writer,) = await following(app, client, TOPIC)
        client.transport.full = True
        writer.say("1")
        assert await client.close_code() == 4008


async def test_who_reads_slowly_but_reads_is_not_cut():
    async with running(replace(FAST, stall_timeout=0.4)) as app, Client(app) as client:
        (writer,) = await following(app, client, TOPIC)
        client.transport.full, client.transport.buffered = True, 1000
        writer.say("1")
        for _ in range(12):
            await asyncio.sleep(0.05)
            client.transport.buffered -= 10
        assert client.closed is None


async def test_who_does_not_read_is_not_read_from():
    async with running() as app, Client(app) as client:
        (writer,) = await following(app, client, TOPIC)
        client.transport.full = True
        writer.say("1")
        await writer.drain()
        for _ in range(20):
            client.order("cancel")
        await asyncio.sleep(0.05)
        assert client.inbox.qsize() >= 18
        client.transport.drain()
        await client.reply(client.ids)


async def test_acks_have_a_limit_of_their_own():
    async with running(replace(FAST, acks_burst=30, acks_per_second=1)) as app, Client(app) as client:
        await following(app, client, TOPIC)
        for _ in range(40):
            ack(client, 0)
        assert await client.close_code() == 4013
