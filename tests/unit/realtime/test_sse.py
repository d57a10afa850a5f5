"""SSE: the same events at the same positions, resumable by Last-Event-ID, and an end."""

import asyncio
import time
import weakref
from dataclasses import replace
from typing import Any

import pytest

from realtime import Snapshot
from realtime.errors import Unauthenticated
from tests.support.http import Request
from tests.support.realtime import FAST, Person, Writer, fold, running, until
from tests.support.sockets import Client

TOPIC = "generation.1"


def answer(app, *texts: str) -> Writer:
    app.answers.epochs[TOPIC] = "e1"
    writer = Writer(app.node, TOPIC)
    writer.say(*texts)
    return writer


@pytest.mark.parametrize("lean", [True, False])
@pytest.mark.parametrize("accept", [None, "*/*", "text/event-stream", "text/html,*/*;q=0.8"])
async def test_a_stream_begins_with_a_snapshot_and_ends_after_the_terminal_event(lean, accept):
    async with running() as app:
        writer = answer(app, "a", "b")
        await writer.drain()
        async with Request(app, TOPIC, headers={"accept": accept} if accept else {}, lean=lean) as request:
            assert request.status == 200
            assert request.answer["content-type"].startswith("text/event-stream")
            assert request.answer["cache-control"] == "no-store"
            assert request.answer["x-accel-buffering"] == "no"
            assert request.answer["vary"] == "Accept"
            snapshot = await request.next()
            assert request.text.startswith("retry: 1000\n\n")
            assert (snapshot["id"], snapshot["data"]["type"]) == ("e1:2", "snapshot")
            writer.say("c")
            event = await request.next()
            assert event == {
                "id": "e1:3",
                "data": {
                    "topic": TOPIC,
                    "epoch": "e1",
                    "offset": 3,
                    "type": "part.delta",
                    "data": {"part": 0, "text": "c"},
                },
            }
            writer.end()
            assert (await request.next())["data"]["type"] == "done"
            await asyncio.wait_for(request.over.wait(), 2)
            assert "event:" not in request.text


async def test_the_data_is_the_frame_of_the_socket():
    async with running() as app, Client(app) as client:
        await client.connect()
        writer = answer(app, "a €")
        await client.subscribe(TOPIC)
        async with Request(app, TOPIC) as request:
            first = await request.next()
            if first["data"]["type"] == "snapshot":
                writer.say("b")
                first = await request.next()
            frame = await client.next()
            while frame["offset"] != first["data"]["offset"]:
                frame = await client.next()
            assert first["data"] == frame


@pytest.mark.parametrize(
    ("query", "last", "expected"),
    [("after=e1:2", None, 3), ("after=e1:0", "e1:3", 4), ("", "e1:0", 1), ("after=e1:0", None, 1)],
)
async def test_last_event_id_beats_after_and_exactly_the_rest_comes(query, last, expected):
    async with running() as app:
        writer = answer(app, *"abcde")
        await writer.drain()
        async with Request(app, TOPIC, query=query, headers={"last-event-id": last} if last else {}) as request:
            got = [(await request.next())["id"] for _ in range(6 - expected)]
            assert got == [f"e1:{offset}" for offset in range(expected, 6)]


@pytest.mark.parametrize("after", ["nonsense", "e1:99", "e1:-1", "zz:1", ""])
async def test_an_unusable_position_means_a_snapshot(after):
    async with running() as app:
        writer = answer(app, *"abc")
        await writer.drain()
        async with Request(app, TOPIC, query=f"after={after}") as request:
            assert (await request.next())["data"]["type"] == "snapshot"


async def test_resuming_at_the_terminal_event_is_answered_with_204():
    async with running() as app:
        writer = answer(app, "a")
        writer.end()
        await writer.drain()
        async with Request(app, TOPIC, headers={"last-event-id": "e1:2"}) as request:
            assert request.status == 204
            await request.over.wait()
            assert request.text == ""
        async with Request(app, TOPIC) as request:
            assert (await request.next())["data"]["type"] == "snapshot"
            await asyncio.wait_for(request.over.wait(), 2)


async def test_a_quiet_stream_shows_that_it_lives():
    async with running(replace(FAST, sse_comment=0.03)) as app:
        answer(app, "a")
        async with Request(app, TOPIC) as request:
            await request.next()
            await until(lambda: request.text.count(":\n\n") >= 3)


async def test_only_the_last_page_of_a_long_snapshot_has_an_id():
    async with running() as app:
        text = "".join(f"{number} " for number in range(40_000))
        writer = answer(app, *[text[start : start + 8000] for start in range(0, len(text), 8000)])
        end = (await writer.drain()).offset
        async with Request(app, TOPIC) as request:
            pages = [await request.next()]
            while pages[-1]["data"].get("more"):
                pages.append(await request.next())
            assert [page.get("id") for page in pages] == [None] * (len(pages) - 1) + [f"e1:{end}"]
            assert fold(page["data"] for page in pages) == text


async def test_a_full_transport_is_waited_for_and_nothing_is_lost():
    async with running() as app:
        writer = answer(app)
        app.answers.epochs[TOPIC] = "e1"
        async with Request(app, TOPIC, query="after=e1:0", lean=True) as request:
            request.transport.full = True
            for number in range(100):
                writer.say(f"{number} ")
                await writer.drain()
            assert request.transport.frames.qsize() <= 2
            request.transport.drain()
            texts = [(await request.next())["data"]["data"]["text"] for _ in range(100)]
            assert "".join(texts) == "".join(f"{number} " for number in range(100))


async def test_no_progress_in_writing_cuts_the_stream():
    async with running(replace(FAST, stall_timeout=0.1)) as app:
        writer = answer(app)
        async with Request(app, TOPIC, query="after=e1:0", lean=True) as request:
            request.transport.full = True
            writer.say("a")
            await asyncio.sleep(0.3)
            assert request.transport.aborted
            request.transport.drain()


async def test_a_stream_ends_when_the_token_and_its_grace_have():
    async with running(replace(FAST, expiry_grace=0.1)) as app:
        writer = answer(app, "a")
        await writer.drain()
        app.doors.tokens["short"] = Person("ada", expires_at=time.time())
        async with Request(app, TOPIC, user="short") as request:
            await request.next()
            writer.say("b")
            assert (await request.next())["data"]["offset"] == 2
            await asyncio.wait_for(request.over.wait(), 2)


async def test_a_stream_ends_when_access_does():
    async with running(replace(FAST, recheck=1000.0)) as app:
        writer = answer(app, "a")
        async with Request(app, TOPIC) as request:
            await request.next()
            app.answers.secret.add(TOPIC)
            app.doors.numbers[TOPIC] = 5
            await asyncio.wait_for(request.over.wait(), 2)
            writer.say("secret")
            await writer.drain()
            assert "secret" not in request.text


async def test_a_client_that_leaves_costs_nothing_more():
    async with running() as app:
        answer(app, "a")
        async with Request(app, TOPIC) as request:
            await request.next()
            assert app.node.health()["streams"] == 1
        assert app.node.health()["streams"] == 0
        assert app.node.hub.feeds == {}


async def test_stopping_ends_streams():
    async with running() as app:
        answer(app, "a")
        async with Request(app, TOPIC) as request:
            await request.next()
            await app.node.stop()
            await asyncio.wait_for(request.over.wait(), 2)


@pytest.mark.parametrize("accept", ["text/event-stream", "application/json"])
@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"user": None}, 401, "unauthenticated"),
        ({"user": "old"}, 401, "unauthenticated"),
        ({"topic": "generation.secret"}, 404, "not_found"),
        ({"topic": "generation.none"}, 404, "not_found"),
        ({"topic": "nonsense.1"}, 404, "not_found"),
        ({"topic": "a/b"}, 404, "not_found"),
        ({"method": "POST"}, 405, "bad_request"),
        ({"query": "more=1"}, 422, "bad_request"),
        ({"headers": {"origin": "http://evil.example"}}, 403, "forbidden"),
    ],
)
async def test_errors_are_problems_with_a_code(accept, change, status, code):
    async with running() as app:
        answer(app, "a")
        app.answers.epochs["generation.secret"] = "e1"
        app.answers.secret.add("generation.secret")
        app.doors.tokens["old"] = Unauthenticated("no", reason="expired")
        headers = {"accept": accept} | change.get("headers", {})
        async with Request(**{"app": app, "topic": TOPIC} | change | {"headers": headers}) as request:
            problem = await request.json()
            assert request.status == problem["status"] == status
            assert request.answer["content-type"] == "application/problem+json"
            assert problem["code"] == code
            assert problem["detail"]


async def test_a_log_that_is_away_is_503_and_a_defect_is_500(caplog):
    async with running() as app:
        writer = answer(app, "a")
        await writer.drain()
        app.node.writer.close(writer)
        app.log.away = True
        async with Request(app, TOPIC) as request:
            assert (await request.json())["code"] == "unavailable"
            assert request.status == 503
        app.log.away = False

        async def broken(**_):
            raise ZeroDivisionError

        app.answers.snapshot = broken  # type: ignore[method-assign]
        async with Request(app, TOPIC) as request:
            assert (await request.json())["code"] == "internal"
            assert request.status == 500


class Kept(dict[str, Any]):
    """A snapshot that can be looked for."""


async def test_a_stream_does_not_hold_the_snapshot_that_it_began_with(monkeypatch):
    held = []
    async with running() as app:
        app.answers.epochs[TOPIC] = "e1"
        writer = Writer(app.node, TOPIC)
        writer.say("a")
        await writer.drain()
        read = app.answers.snapshot

        async def snapshot(*, topic):
            found = await read(topic=topic)
            data = Kept(found.data)
            held.append(weakref.ref(data))
            return Snapshot(found.position, data)

        monkeypatch.setattr(app.answers, "snapshot", snapshot)
        async with Request(app, TOPIC) as stream:
            await stream.next()
            assert [one() for one in held] == [None]
            writer.say("b")
            await stream.next()
