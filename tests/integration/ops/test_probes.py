"""What the connection doctor measures against is for signed-in people, and bounded in time and number."""

import asyncio
import json

import pytest

from backend.core.limits import Limit
from backend.ops.connection import probes

SOCKET = {"type": "websocket", "path": probes.SOCKET_PATH, "headers": [], "scheme": "ws", "client": ["127.0.0.1", 1]}


@pytest.fixture
async def key(live):
    _, value = await live.someone()
    return value


@pytest.fixture
def script(live, key):
    return live.client(Authorization=f"Bearer {key}")


async def test_a_stranger_sees_the_address_that_they_asked_for_and_no_more(live):
    seen = (await live.client().get("/api/v1/doctor/request")).json()
    assert (seen["signed_in"], seen["reason"], seen["scheme"], seen["host"]) == (False, "missing", "http", "chat.test")
    assert set(seen) == {"signed_in", "reason", "time", "scheme", "host"}


@pytest.mark.parametrize("path", ["stream", "poll?wait=1", "body"])
async def test_a_stranger_holds_nothing(live, path):
    method = "POST" if path == "body" else "GET"
    assert (await live.client().request(method, f"/api/v1/doctor/{path}")).status_code == 401


async def test_who_is_signed_in_sees_what_arrived(live, script):
    forwarded = {"X-Forwarded-Proto": "https", "X-Forwarded-For": "203.0.113.9"}
    seen = (await script.get("/api/v1/doctor/request", headers=forwarded)).json()
    assert (seen["signed_in"], seen["scheme"], seen["client"], seen["peer"]) == (True, "https", "203.0.113.9", None)
    assert (seen["forwarded"], seen["trusted"]) == (["x-forwarded-for", "x-forwarded-proto"], True)
    assert seen["times"] == {"ping": 5.0, "comment": 3.0, "poll": 5.0}


async def test_headers_of_a_proxy_that_is_not_trusted_are_told_but_not_believed(live, key):
    client = live.client(address="198.51.100.7", Authorization=f"Bearer {key}")
    seen = (await client.get("/api/v1/doctor/request", headers={"X-Forwarded-Proto": "https"})).json()
    assert (seen["scheme"], seen["forwarded"], seen["trusted"]) == ("http", ["x-forwarded-proto"], False)


@pytest.mark.parametrize(
    "path",
    [
        "stream?events=51",
        "stream?gap_ms=-1",
        "stream?events=50&gap_ms=10000",
        "poll?wait=31",
        "poll?wait=x",
        "stream?a=1",
    ],
)
async def test_nobody_asks_for_more_than_the_bounds(script, path):
    reply = await script.get(f"/api/v1/doctor/{path}")
    assert (reply.status_code, reply.json()["code"]) == (422, "bad_request")


async def test_events_bodies_and_late_answers(script):
    stream = await script.get("/api/v1/doctor/stream?events=3&gap_ms=1")
    assert [json.loads(line[6:])["event"] for line in stream.text.split("\n\n") if line] == [1, 2, 3]
    assert (stream.headers["content-type"], stream.headers["x-accel-buffering"]) == (
        "text/event-stream; charset=utf-8",
        "no",
    )
    assert "x-accel-buffering" not in (await script.get("/api/v1/doctor/stream?events=1&hint=off")).headers
    assert (await script.get("/api/v1/doctor/poll?wait=0")).json() == {"waited": 0.0}
    assert (await script.post("/api/v1/doctor/body", content=b"x" * 70_000)).json() == {"received": 70_000}
    assert (await script.get("/api/v1/doctor/body")).status_code == 405


async def test_a_person_holds_only_so_many_at_once_and_none_outlasts_the_process(live, script, settings, monkeypatch):
    settings.RIVULET = settings.RIVULET.model_copy(update={"limits": "on"})
    monkeypatch.setattr(probes, "RUNNING_EACH", 2)
    asked = [asyncio.create_task(script.get("/api/v1/doctor/poll?wait=25")) for _ in range(3)]
    refused, held = await asyncio.wait(asked, return_when=asyncio.FIRST_COMPLETED)
    assert [reply.result().status_code for reply in refused] == [429]
    live.live.probes.stop()
    assert [reply.status_code for reply in await asyncio.gather(*held)] == [503, 503]


async def test_probes_are_counted_by_the_minute(live, script, settings, monkeypatch):
    settings.RIVULET = settings.RIVULET.model_copy(update={"limits": "on"})
    monkeypatch.setattr(probes, "LIMIT", Limit("doctor", 3, 60))
    statuses = [(await script.get("/api/v1/doctor/poll?wait=0")).status_code for _ in range(4)]
    assert statuses == [200, 200, 200, 429]


async def socket(live, key=None, texts=()):
    """What the silent socket sends to who says these texts and leaves."""
    headers = [(b"authorization", f"Bearer {key}".encode())] if key else []
    coming = [{"type": "websocket.connect"}, *({"type": "websocket.receive", "text": text} for text in texts)]
    coming.append({"type": "websocket.disconnect", "code": 1000})
    sent = []

    async def receive():
        return coming.pop(0)

    async def send(message):
        sent.append(message)

    await live.app({**SOCKET, "headers": headers, "subprotocols": ["rivulet.v1"]}, receive, send)
    return sent


async def test_the_silent_socket_echoes_short_texts_for_people_who_are_signed_in(live, key):
    assert await socket(live) == [{"type": "websocket.close"}]
    sent = await socket(live, key, ["ping"])
    assert sent == [
        {"type": "websocket.accept", "subprotocol": "rivulet.v1"},
        {"type": "websocket.send", "text": "ping"},
    ]
    assert (await socket(live, key, ["x" * 129]))[-1] == {"type": "websocket.close", "code": 1000}


async def test_the_silent_socket_ends_by_itself(live, key, monkeypatch):
    monkeypatch.setattr(probes, "MOST_SECONDS", 0.05)
    sent = []
    connected = iter([{"type": "websocket.connect"}])

    async def receive():
        for message in connected:
            return message
        return await asyncio.Event().wait()

    async def send(message):
        sent.append(message)

    headers = [(b"authorization", f"Bearer {key}".encode())]
    await live.app({**SOCKET, "headers": headers, "subprotocols": []}, receive, send)
    assert sent == [
        {"type": "websocket.accept", "subprotocol": None},
        {"type": "websocket.close", "code": 1000},
    ]
