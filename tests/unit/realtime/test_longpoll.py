"""Long poll: the last resort says what came, and what to do next."""

import asyncio
import time
from dataclasses import replace

import pytest

from realtime import Ended
from realtime.spool import Spool
from tests.support.http import Request
from tests.support.realtime import FAST, App, Writer, delta, running, until

TOPIC = "generation.1"


def answer(app: App, *texts: str) -> Writer:
    app.answers.epochs[TOPIC] = "e1"
    writer = Writer(app.node, TOPIC)
    writer.say(*texts)
    return writer


async def poll(app: App, query: str = "", **more):
    async with Request(app, TOPIC, query=query, headers={"accept": "application/json"} | more) as request:
        body = await request.json()
        assert (request.status, request.answer["vary"], request.answer["cache-control"]) == (200, "Accept", "no-store")
        assert request.answer["content-type"] == "application/json"
        return body


async def test_without_a_position_there_is_a_snapshot():
    async with running() as app:
        await answer(app, "a", "b").drain()
        assert await poll(app, "wait=5") == {
            "position": {"epoch": "e1", "offset": 2},
            "recovered": False,
            "events": [],
            "snapshot": {"status": "running", "parts": [{"kind": "text", "text": "ab"}]},
        }


async def test_from_a_position_exactly_the_rest_comes_as_the_frames_of_the_socket():
    async with running() as app:
        await answer(app, "a", "b").drain()
        assert await poll(app, "after=e1:1") == {
            "position": {"epoch": "e1", "offset": 2},
            "recovered": True,
            "events": [
                {"topic": TOPIC, "epoch": "e1", "offset": 2, "type": "part.delta", "data": {"part": 0, "text": "b"}}
            ],
        }


async def test_a_node_that_goes_lets_nobody_wait():
    async with running() as app:
        await answer(app, "a").drain()
        waiting = asyncio.create_task(poll(app, "after=e1:1&wait=25"))
        await until(lambda: any(feed.live for feed in app.node.hub.feeds.values()))
        began = time.monotonic()
        await app.node.drain(5)
        assert await waiting == {"position": {"epoch": "e1", "offset": 1}, "recovered": True, "events": []}
        assert time.monotonic() - began < 2


async def test_last_event_id_works_here_too():
    async with running() as app:
        await answer(app, "a", "b").drain()
        assert [
            frame["offset"] for frame in (await poll(app, "after=e1:0", **{"last-event-id": "e1:1"}))["events"]
        ] == [2]


async def test_a_poll_waits_for_the_next_event():
    async with running() as app:
        writer = answer(app, "a")
        await writer.drain()
        waiting = asyncio.create_task(poll(app, "after=e1:1&wait=5"))
        await asyncio.sleep(0.05)
        assert not waiting.done()
        writer.say("b")
        body = await asyncio.wait_for(waiting, 1)
        assert [frame["data"]["text"] for frame in body["events"]] == ["b"]
        assert app.node.hub.feeds == {}


async def test_a_time_out_is_200_with_nothing():
    async with running() as app:
        await answer(app, "a").drain()
        begun = time.monotonic()
        body = await poll(app, "after=e1:1&wait=0.1")
        assert body == {"position": {"epoch": "e1", "offset": 1}, "recovered": True, "events": []}
        assert time.monotonic() - begun >= 0.1


async def test_the_end_says_stop_at_once_and_for_ever():
    async with running() as app:
        writer = answer(app, "a")
        writer.end()
        await writer.drain()
        body = await poll(app, "after=e1:1&wait=5")
        assert body["ended"]
        assert len(body["events"]) == 1
        assert await poll(app, "after=e1:2&wait=5") == {
            "position": {"epoch": "e1", "offset": 2},
            "recovered": True,
            "events": [],
            "ended": True,
        }
        assert (await poll(app))["ended"]
        app.node.writer.close(writer)
        app.log.wipe()
        app.answers.ended[TOPIC] = Ended(2, b'{"type":"done","data":{}}')
        app.answers.stored[TOPIC] = "a"
        assert (await poll(app, "after=e1:2&wait=5"))["ended"]


async def test_64_kib_a_time_and_more_says_ask_at_once():
    async with running() as app:
        writer = answer(app, *[str(number % 10) * 10_000 for number in range(15)])
        await writer.drain()
        position, texts, rounds = "e1:0", "", 0
        while True:
            body = await poll(app, f"after={position}&wait=1")
            texts += "".join(frame["data"]["text"] for frame in body["events"])
            position = f"e1:{body['position']['offset']}"
            rounds += 1
            if not body.get("more"):
                break
        assert texts == "".join(str(number % 10) * 10_000 for number in range(15))
        assert rounds == 3


async def test_500_events_a_time():
    async with running(replace(FAST, replay_events=2000)) as app:
        await answer(app, *["x"] * 1100).drain()
        body = await poll(app, "after=e1:0")
        assert (len(body["events"]), body["more"]) == (500, True)


@pytest.mark.parametrize("wait", ["-1", "26", "x", "nan", "inf", ""])
async def test_a_wait_that_is_none_is_refused_by_name(wait):
    async with running() as app:
        await answer(app, "a").drain()
        async with Request(app, TOPIC, query=f"wait={wait}", headers={"accept": "application/json"}) as request:
            problem = await request.json()
            assert (request.status, problem["code"]) == (422, "bad_request")
            assert "`wait`" in problem["detail"]


async def test_a_new_epoch_ends_the_wait_with_a_snapshot():
    async with running() as app:
        writer = answer(app, "a")
        await writer.drain()
        waiting = asyncio.create_task(poll(app, "after=e1:1&wait=5"))
        await asyncio.sleep(0.05)
        app.node.writer.close(writer)
        app.answers.epochs[TOPIC] = "e2"
        second = Writer(app.node, TOPIC, epoch="e2", fence=2)
        second.say("new")
        body = await asyncio.wait_for(waiting, 2)
        assert (body["recovered"], body["position"]) == (False, {"epoch": "e2", "offset": 1})


async def test_access_lost_during_the_wait_shows_nothing():
    async with running() as app:
        writer = answer(app, "a")
        await writer.drain()
        request = Request(app, TOPIC, query="after=e1:1&wait=5", headers={"accept": "application/json"})
        opening = asyncio.create_task(request.__aenter__())
        await asyncio.sleep(0.1)
        app.answers.secret.add(TOPIC)
        writer.put(delta("secret"))
        await opening
        assert (await request.json())["code"] == "not_found"


async def test_a_client_that_leaves_a_poll_leaves_nothing_behind():
    async with running() as app:
        await answer(app, "a").drain()
        request = Request(app, TOPIC, query="after=e1:1&wait=5", headers={"accept": "application/json"})
        opening = asyncio.create_task(request.__aenter__())
        await asyncio.sleep(0.05)
        request.leave()
        await asyncio.wait_for(opening, 2)
        assert request.status is None
        assert app.node.hub.feeds == {}


async def test_a_long_answer_waits_on_disk_and_goes_out_as_fast_as_it_is_taken():
    body = bytes(range(256)) * 4000
    gate, sent = asyncio.Semaphore(0), []

    async def send(message):
        sent.append(message)
        await gate.acquire()

    spool = Spool(body)
    sending = asyncio.create_task(spool.answer(send, 200, []))
    await until(lambda: sent)
    assert spool._body == b""
    assert sent[0]["headers"] == [(b"content-length", b"1024000")]
    for _ in range(3):
        gate.release()
    await until(lambda: len(sent) == 4)
    for _ in range(40):
        gate.release()
    await sending
    assert b"".join(message["body"] for message in sent[1:]) == body
    assert max(len(message["body"]) for message in sent[1:]) <= 64 * 1024
    assert [message["more_body"] for message in sent[1:]] == [True] * (len(sent) - 2) + [False]


async def test_without_a_disk_a_long_answer_is_whole_all_the_same(monkeypatch):
    def full():
        raise OSError

    monkeypatch.setattr("realtime.spool.tempfile.TemporaryFile", full)
    sent = []

    async def send(message):
        sent.append(message)

    await Spool(b"x" * 10**6).answer(send, 200, [])
    assert sent[1]["body"] == b"x" * 10**6
