"""The Python client and `./manage.py chat` on the real product: the answer is whole, whatever stands between."""

import asyncio
import json
import os
import pty
import re
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from backend.config.environment import ROOT
from rivulet_client import AppTokens, Client, Link, Observer, Position, RivuletError, Timing
from tests.integration.product.conftest import PASSWORD, Ada
from tests.support.product import Product
from tests.support.upstream import Upstream
from tests.support.wall import Wall

COMMAND = [sys.executable, "manage.py", "chat", "--model", "mock"]
TIMING: dict[str, Any] = {"base": 0.05, "cap": 0.2, "socket_again": 0.3, "sse_silence": 0.5, "poll_wait": 1}


class Ways(Observer):
    """The transports that brought something, in turn."""

    def __init__(self) -> None:
        self.used: list[str] = []

    def frame(self, link: Link, raw: bytes) -> None:
        if self.used[-1:] != [link.transport]:
            self.used.append(link.transport)


def client(url: str, ada: Ada, **given: Any) -> Client:
    return Client(url, token=ada.key, timing=Timing(**TIMING), trust_env=False, **given)


def numbers(text: str) -> list[int]:
    return [int(found) for found in re.findall(r"\d{13}\.(\d{5}) ", text)]


async def until(check: Any, within: float = 20) -> None:
    async with asyncio.timeout(within):
        while not check():  # noqa: ASYNC110 - what is waited for happens elsewhere
            await asyncio.sleep(0.02)


async def test_one_answer_over_websocket_sse_and_long_poll_and_back(product: Product, ada: Ada) -> None:
    ways = Ways()
    async with Wall(product.port) as wall, client(wall.url, ada, observer=ways) as own:  # noqa: SIM117
        async with own.send("n=6000 rate=80", model="mock") as answer:
            reading = asyncio.create_task(answer.wait())
            await until(lambda: len(answer.text) > 300)
            wall.no_sockets = True
            wall.reset()
            await until(lambda: ways.used[-1:] == ["sse"])
            wall.hold_streams = True
            wall.reset()
            await until(lambda: ways.used[-1:] == ["poll"])
            wall.no_sockets = False
            await until(lambda: ways.used[-1:] == ["websocket"])
            size = len(answer.text)
            await until(lambda: len(answer.text) > size + 200)
            await answer.cancel()
            await asyncio.wait_for(reading, 30)
    assert ways.used == ["websocket", "sse", "poll", "websocket"]
    told = numbers(answer.text)
    assert told == list(range(len(told)))
    assert ada.message(answer.message)["text"] == answer.text


async def test_a_send_whose_reply_is_lost_is_one_message_over_another_transport_too(
    product: Product, ada: Ada, upstream: Upstream
) -> None:
    ident = uuid.uuid4().hex[:8]
    async with Wall(product.port) as wall, client(wall.url, ada) as own:
        await own.connected()
        wall.cut_at = b'"user_message"'
        answer = own.send(f"n=10 rate=100 id={ident}", model="mock")
        started = asyncio.ensure_future(answer.__aenter__())
        await until(lambda: wall.cut_at is None)
        wall.no_sockets = True
        wall.reset()
        async with asyncio.timeout(20):
            await started
            await answer.wait()
        assert own.status.transport != "websocket"
    assert (answer.status, numbers(answer.text)) == ("done", list(range(10)))
    assert upstream.calls(ident) == 1
    page = ada.http.get(f"/api/v1/conversations/{answer.conversation}/messages").json()
    assert len(page["items"]) == 2


@pytest.mark.parametrize("way", ["websocket", "sse", "poll"])
async def test_an_answer_is_taken_up_elsewhere_stopped_and_continued(product: Product, ada: Ada, way: Any) -> None:
    async with client(product.url, ada) as first, first.send("n=400 rate=100", model="mock") as answer:
        async for _ in answer:
            if len(answer.text) > 200:
                break
        saved = answer.save()
    async with client(product.url, ada, transports=(way,)) as second:
        async with second.restore(saved) as again:
            async for _ in again:
                if len(again.text) > 600:
                    break
            assert await again.cancel() in {"cancelling", "cancelled"}
            await again.wait()
        assert again.status == "cancelled"
        assert again.text == ada.message(again.message)["text"]
        async with second.retry(again.message, mode="continue") as more:
            async for _ in more:
                if len(more.text) > len(again.text) + 100:
                    break
            assert more.text.startswith(again.text)
            await more.cancel()


async def test_a_refused_send_leaves_no_conversation_behind(product: Product, ada: Ada) -> None:
    before = ada.http.get("/api/v1/conversations").json()["items"]
    async with client(product.url, ada) as own:
        with pytest.raises(RivuletError, match="model_unavailable"):
            await own.send("x", model="nothing")
    assert ada.http.get("/api/v1/conversations").json()["items"] == before


async def test_an_app_refreshes_its_pair_by_itself(product: Product, ada: Ada) -> None:
    body = {"email": ada.email, "password": PASSWORD}
    pair = ada.http.post("/_allauth/app/v1/auth/login", json=body, headers={"Authorization": ""}).json()["meta"]
    changes: list[tuple[str, str]] = []

    async def changed(access: str, refresh: str) -> None:
        changes.append((access, refresh))

    tokens = AppTokens(product.url, access=pair["access_token"], refresh=pair["refresh_token"], changed=changed)
    async with Client(product.url, token=tokens, trust_env=False) as own:
        await own.connected()
        assert await tokens.refresh() == changes[0][0]
        assert (await own.rest("GET", "me"))["method"] == "jwt"


async def test_every_event_of_a_conversation_with_its_position(product: Product, ada: Ada) -> None:
    async with client(product.url, ada) as own:
        place = await own.rest("POST", "conversations", {})
        topic = f"conversation.{place['id']}"
        async with own.follow(topic, since=place["position"]) as events:
            answer = await own.send("n=3 rate=0", model="mock", conversation=place["id"])
            seen = []
            async for event in events:
                if event.position is not None:
                    seen.append(event)
                if event.type == "generation.ended":
                    break
            await answer.wait()
        start = Position.of(place["position"])
        assert start is not None
        assert [e.position for e in seen] == [Position(start.epoch, start.offset + 1 + n) for n in range(len(seen))]
        assert [e.type for e in seen].count("message.created") == 2


@contextmanager
def chatting(product: Product, ada: Ada, *arguments: str, **given: Any) -> Iterator["subprocess.Popen[bytes]"]:
    env = {**product.env, "RIVULET_KEY": ada.key, "RIVULET_URL": product.url}
    with subprocess.Popen([*COMMAND, *arguments], cwd=ROOT, env=env, stderr=subprocess.PIPE, **given) as process:
        try:
            yield process
        finally:
            process.kill()


def test_a_question_that_is_piped_in_is_answered_as_one_line_of_json(product: Product, ada: Ada) -> None:
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with chatting(product, ada, "--json", "Count:", **pipes) as process:
        out, err = process.communicate(b"n=5 rate=0\n", timeout=30)
    assert (process.returncode, err) == (0, b"")
    found = json.loads(out)
    message = ada.message(found["message"])
    assert (found["status"], found["text"]) == ("done", message["text"])
    asked = ada.message(message["parent"])
    assert asked["text"] == "Count:\n\nn=5 rate=0"


def test_ctrl_c_stops_the_answer_and_says_so(product: Product, ada: Ada) -> None:
    pipes = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE}
    with chatting(product, ada, "n=2000 rate=100", **pipes) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert len(process.stdout.read(100)) == 100
        process.send_signal(signal.SIGINT)
        rest, said = process.stdout.read(), process.stderr.read()
        assert process.wait(20) == 130
    assert b"stopping" in said
    assert b"cancelled" in said
    assert len(rest) < 2000 * 20
    newest = ada.http.get("/api/v1/conversations?limit=1").json()["items"][0]
    answer = ada.http.get(f"/api/v1/conversations/{newest['id']}/messages").json()["items"][-1]
    assert answer["status"] == "cancelled"


def test_a_reader_who_has_enough_ends_it_quietly(product: Product, ada: Ada) -> None:
    pipes = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE}
    with chatting(product, ada, "n=200 rate=50", **pipes) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert len(process.stdout.read(10)) == 10
        process.stdout.close()
        assert process.wait(20) == 141
        assert process.stderr.read() == b""


def test_a_talk_in_a_terminal(product: Product, ada: Ada) -> None:
    near, far = pty.openpty()
    with chatting(product, ada, stdin=far, stdout=subprocess.PIPE) as process:
        assert process.stderr is not None
        assert process.stdout is not None
        os.set_blocking(process.stderr.fileno(), False)
        said = heard(process.stderr, b"\n> ")
        assert b"Connected over WebSocket" in said
        os.write(near, b"n=3 rate=0 in a talk\n")
        assert len(process.stdout.readline().split()) == 3
        heard(process.stderr, b"\n> ")
        os.write(near, b"n=2 rate=0\n")
        assert len(process.stdout.readline().split()) == 2
        heard(process.stderr, b"\n> ")
        os.write(near, b"/quit\n")
        assert process.wait(20) == 0
    os.close(near)
    os.close(far)
    found = ada.http.get("/api/v1/conversations").json()["items"]
    [talk] = [one["id"] for one in found if one["title"] == "n=3 rate=0 in a talk"]
    assert len(ada.http.get(f"/api/v1/conversations/{talk}/messages").json()["items"]) == 4


def test_a_key_that_does_not_hold_is_told_without_a_traceback(product: Product, ada: Ada) -> None:
    with chatting(product, ada, "--key", "rvk_nothing", "Hello", stdin=subprocess.DEVNULL) as process:
        _, err = process.communicate(timeout=30)
    assert process.returncode == 2
    assert err.startswith(b"The API key")
    assert b"Traceback" not in err


def heard(stream: Any, wanted: bytes) -> bytes:
    """Read until this was said."""
    until, found = time.monotonic() + 20, b""
    while wanted not in found:
        assert time.monotonic() < until, found
        found += stream.read() or b""
        time.sleep(0.02)
    return found
