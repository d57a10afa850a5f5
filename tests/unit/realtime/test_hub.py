"""Hints may be lost, doubled or late; what a client sees is the log."""

import asyncio
import time
from dataclasses import replace
from typing import Any

import pytest

from realtime import TopicState, hints
from realtime.log import Append, Batch, Verdict
from realtime.positions import Position
from tests.support.realtime import FAST, App, Writer, delta, event, running
from tests.support.sockets import Client

TOPIC, ROOM = "generation.1", "conversation.1"
BLIND = replace(FAST, look=1000.0, recheck=1000.0, poll=1000.0)


def offsets(frames):
    return [frame["offset"] for frame in frames]


async def remote(app: App, *texts: str, at: int = 0, topic: str = TOPIC) -> int | None:
    """Another node's append, of which nothing is heard here but what a test hints; the append counter."""
    app.answers.epochs[topic] = "e1"
    item = Append(topic, "e1", 1, at, [delta(text) for text in texts], time.monotonic())
    batch: Batch = await app.log.append([item])
    assert batch.outcomes[0].verdict is Verdict.OK
    return batch.count


async def test_events_of_another_node_are_used_from_the_hint():
    async with running(BLIND) as app, Client(app) as client:
        await client.connect()
        await remote(app, "a")
        await client.subscribe(TOPIC, Position("e1", 0))
        assert offsets(await client.events(1)) == [1]
        app.node.hub.accept(TOPIC, "e1", 2, [delta("only hinted")])
        assert (await client.next())["data"]["text"] == "only hinted"


async def test_doubled_late_and_overlapping_hints_change_nothing():
    async with running(BLIND) as app, Client(app) as client:
        await client.connect()
        await remote(app, *"abcd")
        await client.subscribe(TOPIC, Position("e1", 4))
        accept = app.node.hub.accept
        accept(TOPIC, "e1", 1, [delta("a")])
        accept(TOPIC, "e1", 3, [delta("c"), delta("d")])
        await remote(app, "e", "f", at=4)
        accept(TOPIC, "e1", 4, [delta("d"), delta("e"), delta("f")])
        accept(TOPIC, "e1", 5, [delta("e"), delta("f")])
        assert offsets(await client.events(2)) == [5, 6]
        assert await client.nothing()


async def test_a_gap_between_hints_is_read_from_the_log():
    async with running(BLIND) as app, Client(app) as client:
        await client.connect()
        await remote(app, "a")
        await client.subscribe(TOPIC, Position("e1", 1))
        await remote(app, *"bcdef", at=1)
        app.node.hub.accept(TOPIC, "e1", 6, [delta("f")])
        assert offsets(await client.events(5)) == [2, 3, 4, 5, 6]
        assert await client.nothing()


async def test_a_hint_without_events_is_enough():
    async with running(BLIND) as app, Client(app) as client:
        await client.connect()
        await remote(app, "a")
        await client.subscribe(TOPIC, Position("e1", 1))
        await remote(app, *"bc", at=1)
        app.node.hub.accept(TOPIC, "e1", 2, [], 3)
        assert offsets(await client.events(2)) == [2, 3]


async def test_a_hint_of_what_never_came_is_given_up():
    async with running(BLIND) as app, Client(app) as client:
        await client.connect()
        await remote(app, "a")
        await client.subscribe(TOPIC, Position("e1", 1))
        app.node.hub.accept(TOPIC, "e1", 7, [delta("?")])
        assert await client.nothing()
        await remote(app, "b", at=1)
        app.node.hub.accept(TOPIC, "e1", 2, [delta("b")])
        assert offsets(await client.events(1)) == [2]


async def test_a_lost_last_hint_costs_a_look_and_never_an_event():
    async with running(replace(BLIND, look=0.05)) as app, Client(app) as client:
        await client.connect()
        await remote(app, "a")
        await client.subscribe(TOPIC, Position("e1", 0))
        await client.next()
        await asyncio.sleep(0.15)
        checks = app.node.look.misses
        await remote(app, "b", at=1)
        assert offsets([await client.next(0.5)]) == [2]
        assert app.node.look.misses == checks + 1


async def test_when_every_hint_was_heard_no_topic_is_asked_for():
    async with running(replace(BLIND, look=0.02)) as app, Client(app) as client:
        await client.connect()
        app.answers.epochs[TOPIC] = "e1"
        writer = Writer(app.node, TOPIC)
        await client.subscribe(TOPIC, Position("e1", 0))
        await asyncio.sleep(0.1)
        asked = 0

        async def check():
            nonlocal asked
            asked += 1

        app.node.look._missed = check
        for number in range(10):
            writer.say(str(number))
            await asyncio.sleep(0.01)
        count = await remote(app, "x", topic="generation.other")
        assert count is not None
        app.node.look.heard(count)
        await asyncio.sleep(0.1)
        assert asked == 0
        assert app.node.look.misses == 0


async def test_rows_that_are_announced_come_at_once_and_lost_announcements_are_read():
    async with running(BLIND) as app, Client(app) as client:
        await client.connect()
        app.rooms.add(ROOM, "1")
        await client.subscribe(ROOM)
        app.rooms.add(ROOM, "2")
        assert offsets((await client.until("message.created"))[-1:]) == [2]
        app.rooms.add(ROOM, "3", told=False)
        app.rooms.add(ROOM, "4")
        assert offsets(await client.events(2)) == [3, 4]


async def test_rows_whose_announcement_died_with_its_process_are_found_by_the_check():
    async with running(replace(BLIND, recheck=0.05)) as app, Client(app) as client:
        await client.connect()
        app.rooms.add(ROOM, "1")
        await client.subscribe(ROOM)
        app.rooms.add(ROOM, "2", told=False)
        assert offsets((await client.until("message.created"))[-1:]) == [2]


async def test_announcements_may_come_from_any_thread():
    async with running(BLIND) as app, Client(app) as client:
        await client.connect()
        app.rooms.add(ROOM, "1")
        await client.subscribe(ROOM)
        for number in range(20):
            await asyncio.to_thread(app.rooms.add, ROOM, str(number))
        frames = [frame for frame in await client.events(21) if frame["type"] != "presence"]
        assert offsets(frames) == list(range(2, 22))


async def test_events_without_offset_reach_who_is_there_and_count_nothing():
    async with running(BLIND) as app, Client(app) as client:
        await client.connect()
        app.rooms.add(ROOM, "1")
        await client.subscribe(ROOM)
        await client.until("presence")
        hints.whisper(ROOM, "typing", {"user": "bob"})
        assert await client.next() == {"topic": ROOM, "type": "typing", "data": {"user": "bob"}}
        session = next(iter(app.node.watched)).session
        assert session.events == 1  # the snapshot
        client.transport.full = True
        hints.whisper(ROOM, "typing", {"user": "bob"})
        await asyncio.sleep(0.02)
        hints.whisper(ROOM, "typing", {"user": "bob"})
        await asyncio.sleep(0.02)
        assert client.transport.frames.qsize() == 1  # the one that filled it


async def test_signals_reach_what_was_registered_for_them():
    async with running(BLIND) as app:
        heard: list[Any] = []
        app.node.on("generation.cancel", heard.append)
        hints.signal("generation.cancel", {"id": "1"})
        hints.signal("other", {"id": "2"})
        await asyncio.sleep(0.02)
        assert heard == [{"id": "1"}]


async def test_who_is_here_is_told_to_everybody_here():
    async with running(BLIND) as app, Client(app) as one, Client(app) as two, Client(app) as again:
        await one.connect("ada")
        await two.connect("bob")
        await again.connect("ada")
        app.rooms.add(ROOM, "1")
        await one.subscribe(ROOM)
        assert (await one.next())["data"] == {"users": ["ada"]}
        await two.subscribe(ROOM)
        assert (await one.next())["data"] == {"users": ["ada", "bob"]}
        assert (await two.next())["data"] == {"users": ["ada", "bob"]}
        await again.subscribe(ROOM)
        assert (await again.next())["data"] == {"users": ["ada", "bob"]}
        assert await one.nothing()
        await two.leave()
        assert await one.next() == {"topic": ROOM, "type": "presence", "data": {"users": ["ada"]}}


async def test_users_of_other_nodes_are_here_until_their_node_falls_silent():
    async with running(replace(BLIND, presence_refresh=0.05)) as app, Client(app) as client:
        await client.connect("ada")
        app.rooms.add(ROOM, "1")
        await client.subscribe(ROOM)
        await client.next()
        app.node.presence.heard({"topic": ROOM, "node": "other", "users": ["bob"]})
        assert (await client.next())["data"] == {"users": ["ada", "bob"]}
        assert (await client.next())["data"] == {"users": ["ada"]}


async def test_a_feed_lives_as_long_as_somebody_follows_it():
    async with running(BLIND) as app, Client(app) as one, Client(app) as two:
        await one.connect()
        await two.connect()
        await remote(app, "a")
        await one.subscribe(TOPIC)
        await two.subscribe(TOPIC)
        await one.leave()
        assert TOPIC in app.node.hub.feeds
        await two.leave()
        assert app.node.hub.feeds == {}


async def test_many_who_come_at_once_open_a_feed_once():
    async with running(BLIND) as app:
        await remote(app, *"abc")
        states = 0
        state = app.answers.state

        async def counted(*, topic) -> TopicState:
            nonlocal states
            states += 1
            await asyncio.sleep(0.02)
            return await state(topic=topic)

        app.answers.state = counted  # type: ignore[method-assign]
        clients = [await Client(app).__aenter__() for _ in range(10)]
        for client in clients:
            await client.connect()
        replies = await asyncio.gather(*[client.subscribe(TOPIC, Position("e1", 1)) for client in clients])
        assert all(reply["recovered"] for reply in replies)
        assert states == 1
        for client in clients:
            assert offsets(await client.events(2)) == [2, 3]
            await client.leave()


async def test_a_log_that_is_away_is_a_temporary_error_and_works_later():
    async with running(BLIND) as app, Client(app) as client:
        await client.connect()
        await remote(app, "a")
        app.log.away = True
        error = (await client.subscribe(TOPIC))["error"]
        assert (error["code"], error["temporary"]) == ("unavailable", True)
        app.log.away = False
        assert (await client.subscribe(TOPIC))["position"]["offset"] == 1


async def test_who_follows_an_answer_is_told_that_its_log_is_away_and_that_it_is_back():
    async with running() as app, Client(app) as client:
        await client.connect()
        await remote(app, "a")
        await client.subscribe(TOPIC, Position("e1", 1))
        app.log.away = True
        assert await client.next() == {"type": "delayed", "delayed": True}
        app.log.away = False
        assert await client.next() == {"type": "delayed", "delayed": False}


async def test_a_log_that_is_away_while_a_cursor_lags_only_delays_it():
    async with running(replace(BLIND, recent_events=1)) as app, Client(app) as client:
        await client.connect()
        await remote(app, "a")
        await client.subscribe(TOPIC, Position("e1", 1))
        app.log.away = True
        app.node.hub.accept(TOPIC, "e1", 3, [delta("c")])
        await asyncio.sleep(0.05)
        app.log.away = False
        await remote(app, "b", "c", at=1)
        app.node.hub.accept(TOPIC, "e1", 3, [delta("c")])
        assert offsets(await client.events(2)) == [2, 3]


async def test_a_database_that_is_away_when_rows_are_read_only_delays_them():
    async with running(BLIND) as app, Client(app) as client:
        await client.connect()
        app.rooms.add(ROOM, "1")
        await client.subscribe(ROOM)
        await client.until("presence")
        read = app.rooms.read

        async def away(**_):
            raise OSError("no database")

        app.rooms.read = away  # type: ignore[method-assign]
        app.rooms.add(ROOM, "2", told=False)
        app.rooms.add(ROOM, "3")
        assert await client.nothing()
        app.rooms.read = read  # type: ignore[method-assign]
        assert offsets(await client.events(2)) == [2, 3]
        assert client.closed is None


async def test_a_database_that_is_away_when_a_snapshot_is_due_only_delays_it():
    async with running(BLIND) as app, Client(app) as client:
        await client.connect()
        await remote(app, "a")
        await client.subscribe(TOPIC)
        snapshot = app.answers.snapshot

        async def away(**_):
            raise OSError("no database")

        app.answers.snapshot = away  # type: ignore[method-assign]
        app.node.hub.accept(TOPIC, "e1", 2, [delta("x" * 70_000)])
        await asyncio.sleep(0.1)
        app.answers.snapshot = snapshot  # type: ignore[method-assign]
        assert (await client.next())["type"] == "snapshot"


async def test_a_new_epoch_is_noticed_even_when_the_first_look_at_it_fails():
    async with running(replace(BLIND, look=0.05)) as app, Client(app) as client:
        await client.connect()
        await remote(app, "a")
        await client.subscribe(TOPIC)
        app.answers.epochs[TOPIC] = "e2"
        app.log.away = True
        app.node.hub.accept(TOPIC, "e2", 1, [delta("new")])
        await asyncio.sleep(0.05)
        app.log.away = False
        item = Append(TOPIC, "e2", 2, 0, [delta("new")], time.monotonic())
        await app.log.append([item])
        frame = (await client.until("snapshot"))[-1]
        assert (frame["epoch"], frame["data"]["parts"][0]["text"]) == ("e2", "new")


async def test_the_history_of_a_log_is_whole_from_memory_and_from_the_log():
    async with running(BLIND) as app:
        app.answers.epochs[TOPIC] = "e1"
        writer = Writer(app.node, TOPIC)
        writer.put(*[event("part.delta", part=0, text=str(number)) for number in range(2500)])
        await writer.drain()
        here = await app.node.history(topic=TOPIC, epoch="e1")
        app.node.writer.close(writer)
        assert await app.node.history(topic=TOPIC, epoch="e1") == here
        assert len(here) == 2500
        assert await app.node.history(topic="generation.none", epoch="e1") == []


@pytest.mark.parametrize("wipes", [1, 3])
async def test_a_wiped_log_is_rebuilt_by_its_owner_and_nobody_sees_it(wipes):
    async with running(replace(FAST, recheck=1000.0)) as app, Client(app) as client:
        await client.connect()
        app.answers.epochs[TOPIC] = "e1"
        writer = Writer(app.node, TOPIC)
        await client.subscribe(TOPIC, Position("e1", 0))
        for round_ in range(wipes):
            writer.say(f"{round_}a", f"{round_}b")
            await asyncio.sleep(0.1)
            app.log.wipe()
            await asyncio.sleep(0.15)  # nothing is said meanwhile: the look finds it
            assert len(app.log._logs[TOPIC, "e1"]) == 2 * (round_ + 1)
        writer.end()
        frames = await client.until("done")
        assert offsets(frames) == list(range(1, 2 * wipes + 2))
