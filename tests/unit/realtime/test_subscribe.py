"""Whoever comes with a position gets exactly the rest; whoever can't gets a snapshot at one position."""

import asyncio
from dataclasses import replace

import pytest

from realtime.positions import Position
from tests.support.realtime import FAST, App, Writer, delta, event, fold, running
from tests.support.sockets import Client

TOPIC = "generation.1"


async def written(app: App, count: int, *, topic: str = TOPIC) -> Writer:
    """A running answer of `count` events, each text its offset and a space."""
    app.answers.epochs[topic] = "e1"
    writer = Writer(app.node, topic)
    writer.say(*[f"{number} " for number in range(1, count + 1)])
    await writer.drain()
    return writer


def offsets(frames):
    return [frame["offset"] for frame in frames]


async def test_without_a_position_there_is_a_snapshot_and_what_follows_it():
    async with running() as app, Client(app) as client:
        await client.connect()
        writer = await written(app, 3)
        reply = await client.subscribe(TOPIC)
        assert (reply["recovered"], reply["position"]) == (False, {"epoch": "e1", "offset": 3})
        assert reply["snapshot"]["parts"] == [{"kind": "text", "text": "1 2 3 "}]
        writer.say("4 ")
        assert offsets(await client.events(1)) == [4]


@pytest.mark.parametrize("at", [0, 1, 7, 9])
async def test_from_a_position_exactly_the_rest_is_replayed(at):
    async with running() as app, Client(app) as client:
        await client.connect()
        writer = await written(app, 10)
        reply = await client.subscribe(TOPIC, Position("e1", at))
        assert reply == {"topic": TOPIC, "recovered": True, "position": {"epoch": "e1", "offset": at}}
        frames = await client.events(10 - at)
        assert offsets(frames) == list(range(at + 1, 11))
        assert fold(frames) == "".join(f"{number} " for number in range(at + 1, 11))
        writer.say("11 ")
        assert offsets(await client.events(1)) == [11]


async def test_at_the_end_there_is_nothing_to_replay():
    async with running() as app, Client(app) as client:
        await client.connect()
        await written(app, 3)
        assert (await client.subscribe(TOPIC, Position("e1", 3)))["recovered"]
        assert await client.nothing()


@pytest.mark.parametrize(
    "since",
    [
        Position("e1", 4),
        Position("e1", -1),
        Position("e1", 2**60),
        Position("forged", 1),
        Position("e 1", 1),
        Position("", 0),
        Position("e" * 100, 1),
    ],
)
async def test_a_position_beyond_the_end_negative_or_of_another_epoch_gets_a_snapshot(since):
    async with running() as app, Client(app) as client:
        await client.connect()
        await written(app, 3)
        reply = await client.subscribe(TOPIC, since)
        assert (reply["recovered"], reply["position"]) == (False, {"epoch": "e1", "offset": 3})


@pytest.mark.parametrize("local", [True, False])
async def test_500_events_are_replayed_and_501_are_not(local):
    async with running(replace(FAST, recent_events=3)) as app, Client(app) as client:
        await client.connect()
        writer = await written(app, 501)
        if not local:
            app.node.writer.close(writer)
        assert not (await client.subscribe(TOPIC, Position("e1", 0)))["recovered"]
        assert (await client.subscribe(TOPIC, Position("e1", 1)))["recovered"]
        assert offsets(await client.events(500)) == list(range(2, 502))


@pytest.mark.parametrize("local", [True, False])
async def test_256_kib_are_replayed_and_more_are_not(local):
    async with running() as app, Client(app) as client:
        await client.connect()
        app.answers.epochs[TOPIC] = "e1"
        writer = Writer(app.node, TOPIC)
        writer.say(*["x" * 15_000] * 20)
        await writer.drain()
        if not local:
            app.node.writer.close(writer)
        assert not (await client.subscribe(TOPIC, Position("e1", 0)))["recovered"]
        await client.call("unsubscribe", topic=TOPIC)
        client.seen.clear()
        assert (await client.subscribe(TOPIC, Position("e1", 5)))["recovered"]
        assert offsets(await client.events(15)) == list(range(6, 21))


async def test_subscribing_again_starts_the_cursor_again():
    async with running() as app, Client(app) as client:
        await client.connect()
        writer = await written(app, 3)
        await client.subscribe(TOPIC)
        assert (await client.subscribe(TOPIC, Position("e1", 1)))["recovered"]
        assert offsets(await client.events(2)) == [2, 3]
        writer.say("4 ")
        assert offsets(await client.events(1)) == [4]
        assert await client.nothing()


async def test_nothing_comes_after_leaving_a_topic():
    async with running() as app, Client(app) as client:
        await client.connect()
        writer = await written(app, 1)
        await client.subscribe(TOPIC)
        assert (await client.call("unsubscribe", topic=TOPIC))["result"] == {}
        writer.say("2 ")
        await writer.drain()
        assert await client.nothing()
        assert TOPIC not in app.node.hub.feeds
        assert (await client.call("unsubscribe", topic=TOPIC))["result"] == {}


async def test_what_is_published_while_the_log_is_read_comes_once():
    async with running(replace(FAST, recent_events=2)) as app, Client(app) as client:
        await client.connect()
        writer = await written(app, 300)
        other = await written(app, 1, topic="generation.2")
        app.node.writer.close(other)
        read = app.log.read

        async def slow_read(**fields):
            found = await read(**fields)
            writer.say("x")
            await writer.drain()
            return found

        app.log.read = slow_read
        app.node.writer._topics.clear()  # as on a node that does not write the answer
        assert (await client.subscribe(TOPIC, Position("e1", 100)))["recovered"]
        await asyncio.sleep(0.05)
        writer.say("last")
        await writer.drain()
        end = (await writer.drain()).offset
        assert offsets(await client.events(end - 100)) == list(range(101, end + 1))
        assert await client.nothing()


async def test_five_devices_that_join_at_different_times_see_the_same():
    async with running() as app:
        app.answers.epochs[TOPIC] = "e1"
        writer = Writer(app.node, TOPIC)
        clients, transcripts = [], []
        for number in range(5):
            client = await Client(app, lean=number % 2 == 0).__aenter__()
            await client.connect()
            writer.say(f"{number} ")
            reply = await client.subscribe(TOPIC)
            transcripts.append([{"type": "snapshot", "data": reply["snapshot"]}] if "snapshot" in reply else [])
            clients.append(client)
        writer.say("end")
        writer.end()
        for client, transcript in zip(clients, transcripts, strict=True):
            assert fold(transcript + await client.until("done")) == "0 1 2 3 4 end"
            await client.leave()


async def test_a_long_snapshot_comes_in_pages_at_one_position_none_over_64_kib():
    async with running() as app, Client(app) as client:
        await client.connect()
        text = "".join(f"{number} €\n" for number in range(20_000))
        app.answers.epochs[TOPIC] = "e1"
        writer = Writer(app.node, TOPIC)
        writer.say(*[text[start : start + 4000] for start in range(0, len(text), 4000)])
        await writer.drain()
        end = len(writer.done)
        reply = await client.subscribe(TOPIC)
        assert reply == {"topic": TOPIC, "recovered": False, "position": {"epoch": "e1", "offset": end}}
        pages = [await client.next()]
        while pages[-1].get("more"):
            client.put(cmd="ack", topic=TOPIC, epoch="e1", offset=end, page=pages[-1]["page"])
            pages.append(await client.next())
        assert [page["page"] for page in pages] == list(range(len(pages)))
        assert {(page["epoch"], page["offset"], page["type"]) for page in pages} == {("e1", end, "snapshot")}
        assert fold(pages) == text
        writer.say("!")
        assert (await client.next())["offset"] == end + 1


async def test_a_new_epoch_begins_with_a_snapshot_that_nobody_asked_for():
    async with running() as app, Client(app) as client:
        await client.connect()
        writer = await written(app, 3)
        await client.subscribe(TOPIC)
        app.node.writer.close(writer)
        app.answers.epochs[TOPIC] = "e2"
        second = Writer(app.node, TOPIC, epoch="e2", fence=2)
        second.say("new ")
        await second.drain()
        snapshot = await client.next()
        assert (snapshot["type"], snapshot["epoch"], snapshot["data"]["parts"][0]["text"]) == ("snapshot", "e2", "new ")
        second.say("more")
        frame = await client.next()
        assert (frame["epoch"], frame["offset"]) == ("e2", 2)
        client.put(cmd="ack", topic=TOPIC, epoch="e1", offset=3)
        client.put(cmd="ack", topic=TOPIC, epoch="e2", offset=2)
        await client.call("cancel")
        assert app.node.watched
        assert next(iter(app.node.watched)).session.events == 0


async def test_an_event_that_no_frame_can_hold_is_delivered_by_a_snapshot():
    async with running() as app, Client(app) as client:
        await client.connect()
        writer = await written(app, 1)
        await client.subscribe(TOPIC)
        writer.put(delta("x" * 70_000))
        writer.say("after")
        pages = [await client.next()]
        while pages[-1].get("more"):
            pages.append(await client.next())
        frames = pages
        while fold(frames) != "1 " + "x" * 70_000 + "after":
            frames.append(await client.next())
        assert all(frame["type"] == "snapshot" for frame in pages)


async def test_a_topic_that_goes_away_under_its_subscriber_is_said_to_have_ended():
    async with running() as app, Client(app) as client:
        await client.connect()
        writer = await written(app, 1)
        await client.subscribe(TOPIC)
        del app.answers.epochs[TOPIC]
        writer.put(delta("x" * 70_000))
        ended = await client.next()
        assert (ended["type"], ended["topic"], ended["code"]) == ("unsubscribed", TOPIC, "not_found")
        assert app.node.hub.feeds == {}


async def test_a_missing_terminal_event_is_made_from_the_database():
    from realtime import Ended

    async with running() as app, Client(app) as client:
        await client.connect()
        writer = await written(app, 2)
        app.node.writer.close(writer)  # it died between its last commit and the terminal event
        app.answers.ended[TOPIC] = Ended(3, event("done", finish_reason="stop"))
        await client.subscribe(TOPIC, Position("e1", 2))
        frame = await client.next()
        assert (frame["offset"], frame["type"], frame["data"]) == (3, "done", {"finish_reason": "stop"})
        assert await client.nothing()


async def test_a_missing_terminal_event_reaches_those_that_follow_already():
    from realtime import Ended

    async with running(replace(FAST, recheck=0.05)) as app, Client(app) as client:
        await client.connect()
        writer = await written(app, 2)
        await client.subscribe(TOPIC, Position("e1", 2))
        app.node.writer.close(writer)
        app.answers.ended[TOPIC] = Ended(3, event("cancelled"))
        assert (await client.next())["type"] == "cancelled"
