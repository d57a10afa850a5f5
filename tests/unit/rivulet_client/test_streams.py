"""Whatever is cut, repeated, reordered or blocked, a reader has each event once and in order."""

import asyncio
import random
from typing import Any

import pytest

from rivulet_client import Answer, Client, Link, Observer, Position, RivuletError, Stopped
from rivulet_client.ledger import Ledger
from rivulet_client.subscription import MOST_EVENTS
from tests.unit.rivulet_client.fake import EPOCH, TOPIC, Fake, answer, text

START = Position(EPOCH, 0)


def restored(client: Client, offset: int = 0) -> Answer:
    return client.restore({"topic": TOPIC, "position": {"epoch": EPOCH, "offset": offset}})


@pytest.mark.parametrize("seed", range(3))
async def test_an_answer_is_whole_whenever_the_line_is_cut(seed: int) -> None:
    chance = random.Random(seed)
    async with Fake() as fake, fake.client() as client:
        answers = restored(client)
        reading = asyncio.create_task(answers.wait())
        for event in answer(200):
            await fake.say(event)
            if chance.random() < 0.06:
                fake.cut()
            await asyncio.sleep(chance.random() * 0.004)
        await asyncio.wait_for(reading, 5)
        assert answers.text == text(200)
        assert answers.position == Position(EPOCH, 203)
        assert len(fake.asked("subscribe")) > 1


async def test_events_come_with_their_positions_and_a_reader_goes_on_from_a_stored_one() -> None:
    async with Fake() as fake:
        await fake.say(*answer(5))
        async with fake.client() as client:
            first = restored(client)
            async for _ in first.events():
                if first.position == (EPOCH, 4):
                    break
            saved = first.save()
        assert saved["state"]["parts"] == [{"kind": "text", "text": "w0 w1 "}]
        async with fake.client() as client, client.restore(saved) as second:
            pieces = [piece async for piece in second]
            assert ("".join(pieces), second.text, second.status) == ("w2 w3 w4 ", text(5), "done")
        assert fake.asked("subscribe")[-1]["since"] == {"epoch": EPOCH, "offset": 4}


async def test_a_topic_has_one_reader_at_a_client_and_the_second_is_told() -> None:
    async with Fake() as fake, fake.client() as client:
        first = restored(client)
        reading = asyncio.create_task(first.wait())
        await fake.until(lambda: len(fake.asked("subscribe")) == 1)
        with pytest.raises(RivuletError, match="A second reader needs a client of its own") as refused:
            client.follow(TOPIC)
        assert refused.value.code == "conflict"
        await fake.say(*answer(5))
        assert (await asyncio.wait_for(reading, 5)).text == text(5)
        async with client.follow(TOPIC) as again:
            assert (await asyncio.wait_for(anext(again), 5)).type == "snapshot"


async def test_what_comes_twice_is_dropped_and_a_hole_is_mended_from_the_last_event() -> None:
    async with Fake() as fake, fake.client() as client:
        broken = {"once": True}

        def bad(frame):
            if frame["offset"] == 4:
                return [frame, frame]
            if frame["offset"] == 6 and broken.pop("once", False):
                return []
            return [frame]

        fake.on_frame = bad
        answers = restored(client)
        await fake.say(*answer(8))
        await asyncio.wait_for(answers.wait(), 5)
        assert answers.text == text(8)
        assert [frame["since"]["offset"] for frame in fake.asked("subscribe")] == [0, 5]


async def test_a_snapshot_replaces_what_was_there_also_under_a_new_epoch() -> None:
    async with Fake() as fake, fake.client() as client:
        await fake.say(*answer(4)[:-1])
        async with client.follow(TOPIC, since=START) as events:
            seen = [await anext(events) for _ in range(6)]
            assert [event.type for event in seen][:2] == ["created", "part.added"]
            fake.epoch = "e2"
            fake.cut()
            snapshot = await asyncio.wait_for(anext(events), 5)
            assert (snapshot.type, snapshot.position) == ("snapshot", Position("e2", 6))
            assert snapshot.data["parts"][0]["text"] == text(4)
            assert events.recovered is False


async def test_pages_count_as_applied_at_the_last_one() -> None:
    async with Fake() as fake, fake.client() as client:
        slices: list[dict[str, Any]] = [
            {"status": "running", "parts": [{"part": 0, "kind": "text", "start": 0, "text": "a👩‍🚀"}]},
            {"parts": [{"part": 0, "kind": "text", "start": 4, "text": "b"}]},
            {"parts": [{"part": 1, "kind": "text", "start": 0, "text": "c"}]},
        ]
        fake.pages = slices
        async with client.follow(TOPIC) as events:
            snapshot = await asyncio.wait_for(anext(events), 5)
        assert [part["text"] for part in snapshot.data["parts"]] == ["a👩‍🚀b", "c"]


async def test_acks_come_after_64_events_or_16_kib() -> None:
    async with Fake() as fake, fake.client(timing={"ack": 60}) as client:
        answers = restored(client)
        reading = asyncio.create_task(answers.wait())
        await fake.until(lambda: fake.asked("subscribe"))
        await fake.say(*answer(130)[:-1])
        await fake.until(lambda: len(fake.asked("ack")) >= 2)
        await fake.say({"type": "part.delta", "data": {"part": 0, "text": "x" * 17_000}})
        await fake.until(lambda: len(fake.asked("ack")) >= 3)
        await fake.say(answer(0)[-1])
        await asyncio.wait_for(reading, 5)
    assert [frame["offset"] for frame in fake.asked("ack")][:3] == [64, 128, 133]


async def test_acks_come_after_some_time_too() -> None:
    async with Fake() as fake, fake.client(timing={"ack": 0.05}) as client, client.follow(TOPIC, since=START):
        await fake.until(lambda: fake.asked("subscribe"))
        await fake.say(*answer(5)[:3])
        await fake.until(lambda: fake.asked("ack") and fake.asked("ack")[-1]["offset"] == 3)


async def test_nothing_is_acknowledged_between_a_subscribe_and_its_reply() -> None:
    sent: list[dict[str, Any]] = []
    ledger = Ledger(sent.append, after=60)
    ledger.received("t", "e", 7, 10, None)
    ledger.hold("t")
    ledger.received("t", "e", 8, 10, None)
    ledger.flush()
    assert sent == []
    ledger.release("t")
    ledger.received("t", "e", 3, 10, 0)
    ledger.flush()
    assert sent == [{"cmd": "ack", "topic": "t", "epoch": "e", "offset": 3, "page": 0}]


async def test_a_reader_that_does_not_read_costs_no_memory_and_loses_nothing() -> None:
    async with Fake() as fake, fake.client() as client:
        words = MOST_EVENTS * 3
        async with client.follow(TOPIC, since=START) as events:
            await fake.until(lambda: fake.asked("subscribe"))
            await fake.say(*answer(words))
            await fake.until(lambda: fake.asked("unsubscribe"))
            assert len(events._waiting) <= MOST_EVENTS + 1
            seen = [event.position async for event in events]
        assert seen == [Position(EPOCH, number) for number in range(1, words + 4)]


async def test_goaway_moves_to_a_second_socket_before_the_first_is_closed() -> None:
    async with Fake() as fake, fake.client() as client:
        answers = restored(client)
        reading = asyncio.create_task(answers.wait())
        await fake.until(lambda: fake.asked("subscribe"))
        await fake.say(*answer(10)[:6])
        old = fake.sockets[0]
        await old.send('{"type":"goaway","drain_ms":30}')
        await fake.until(lambda: len(fake.asked("subscribe")) == 2)
        await fake.say(*answer(10)[6:])
        await asyncio.wait_for(reading, 5)
        await fake.until(lambda: len(fake.sockets) == 1)
        assert old.close_code == 1000
        assert answers.text == text(10)


async def test_a_line_that_went_silent_is_given_up_and_taken_up_again() -> None:
    async with Fake() as fake, fake.client(timing={"silence": 0.1}) as client:
        answers = restored(client)
        reading = asyncio.create_task(answers.wait())
        await fake.until(lambda: len(fake.asked("connect")) >= 2)
        await fake.say(*answer(3))
        await asyncio.wait_for(reading, 5)
        assert answers.text == text(3)


async def test_a_ping_is_answered() -> None:
    async with Fake() as fake, fake.client() as client:
        await client.connected()
        await fake.sockets[0].send('{"type":"ping"}')
        await fake.until(lambda: fake.asked("pong"))


class Ways(Observer):
    """The transports that a client used, in turn."""

    def __init__(self) -> None:
        self.used: list[str] = []

    def frame(self, link: Link, raw: bytes) -> None:
        if not self.used or self.used[-1] != link.transport:
            self.used.append(link.transport)


async def test_websocket_sse_long_poll_and_back_in_one_answer() -> None:
    ways = Ways()
    async with Fake() as fake, fake.client(observer=ways, timing={"poll_wait": 0.05}) as client:
        answers = restored(client)
        reading = asyncio.create_task(answers.wait())
        await fake.until(lambda: fake.asked("subscribe"))
        events = answer(60)
        await fake.say(*events[:15])
        fake.blocked = True
        fake.cut()
        await fake.until(lambda: any("/events" in path for path, _ in fake.http))
        await fake.say(*events[15:30])
        await fake.until(lambda: answers.position and answers.position.offset > 15)
        fake.sse_held = True
        await fake.until(lambda: any("wait=" in path for path, _ in fake.http))
        await fake.say(*events[30:45])
        await fake.until(lambda: answers.position and answers.position.offset > 40)
        fake.blocked = False
        await fake.until(lambda: len(fake.asked("subscribe")) == 2)
        await fake.say(*events[45:])
        await asyncio.wait_for(reading, 5)
    assert answers.text == text(60)
    # A poll that was under way may answer once more beside the new socket.
    assert (ways.used[:3], ways.used[-1]) == (["websocket", "sse", "poll"], "websocket")


async def test_access_that_ends_reaches_the_reader_behind_what_had_come() -> None:
    async with Fake() as fake, fake.client() as client, client.follow(TOPIC, since=START) as events:
        await fake.until(lambda: fake.asked("subscribe"))
        await fake.say(answer(1)[0])
        await fake.sockets[0].send(f'{{"topic":"{TOPIC}","type":"unsubscribed","code":"not_found","message":"gone"}}')
        assert (await anext(events)).type == "created"
        with pytest.raises(RivuletError, match="not_found: gone"):
            await anext(events)


async def test_a_subscription_that_ended_for_a_moment_only_is_taken_up_again() -> None:
    async with Fake() as fake, fake.client() as client, client.follow(TOPIC, since=START) as events:
        await fake.until(lambda: fake.asked("subscribe"))
        await fake.sockets[0].send(f'{{"topic":"{TOPIC}","type":"unsubscribed","code":"unavailable","message":""}}')
        await fake.until(lambda: len(fake.asked("subscribe")) == 2)
        await fake.say(answer(1)[0])
        assert (await anext(events)).type == "created"


@pytest.mark.parametrize("code", [4500, 4502, 4507, 4510])
async def test_a_permanent_code_stops_the_client_and_its_readers(code: int) -> None:
    async with Fake() as fake, fake.client() as client:
        reading = asyncio.create_task(restored(client).wait())
        await fake.until(lambda: fake.asked("subscribe"))
        await fake.close(code)
        with pytest.raises(Stopped) as stopped:
            await asyncio.wait_for(reading, 5)
        assert (stopped.value.close_code, client.status.state) == (code, "stopped")
        with pytest.raises(Stopped):
            await client.call("typing", conversation="x")
        assert len(fake.asked("connect")) == 1
