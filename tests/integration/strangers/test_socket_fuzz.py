"""Frames made from the protocol's own grammar, and broken: no crash, no inner error, nothing of anybody else's."""

import asyncio
import json
import secrets
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from tests.integration.strangers.conftest import LONG, Person, someone
from tests.support.product import Product

ROOT = Path(__file__).resolve().parents[3]
SCHEMA = json.loads((ROOT / "docs" / "realtime.schema.json").read_text())["$defs"]
FRAMES = 10_000 if LONG else 300
IN_ONE = 10  # frames of one example, so that what comes early can matter to what comes later
MAY_CLOSE = {1000, 1003, 1007, 1009, 4013, 4501, 4502}

SCALARS = (
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=30)
)
JSON = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=8,
)


def commands() -> list[dict[str, Any]]:
    """The schemas of what a client sends, but for `connect`."""
    found = [entry for entry in SCHEMA.values() if "cmd" in entry.get("properties", {})]
    return [entry for entry in found if entry["properties"]["cmd"]["const"] != "connect"]


def of(schema: dict[str, Any], known: list[str]) -> st.SearchStrategy[Any]:
    """Values that a part of the schema allows; texts are mostly the names of things that are there."""
    if "$ref" in schema:
        return of(SCHEMA[schema["$ref"].rpartition("/")[2]], known)
    if "const" in schema:
        return st.just(schema["const"])
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    if choices := schema.get("anyOf") or schema.get("oneOf"):
        return st.one_of([of(choice, known) for choice in choices])
    match schema.get("type"):
        case "object":
            required = set(schema.get("required", []))
            fields = {name: of(field, known) for name, field in schema.get("properties", {}).items()}
            always = {name: field for name, field in fields.items() if name in required}
            perhaps = {name: field for name, field in fields.items() if name not in required}
            return st.fixed_dictionaries(always, optional=perhaps)
        case "array":
            return st.lists(of(schema.get("items", {}), known), max_size=3)
        case "string":
            return st.sampled_from(known) | st.sampled_from(known) | st.text(max_size=20)
        case "integer":
            return st.integers(-2, 9) | st.integers()
        case "number":
            return st.floats(allow_nan=False, allow_infinity=False)
        case "boolean":
            return st.booleans()
        case "null":
            return st.none()
    return JSON


@st.composite
def frames(draw: st.DrawFn, known: list[str]) -> str | bytes:
    """A client's frame: a command as the grammar has it, one with a part that is wrong, or no command at all."""
    kind = draw(st.integers(0, 19))
    if kind == 0:
        return draw(st.binary(max_size=20) | st.text(max_size=60) | JSON.map(json.dumps))
    command = draw(of(draw(st.sampled_from(commands())), known))
    if "id" in command:
        command["id"] = draw(st.integers(1, 2**31)) if kind > 1 else draw(JSON)
    if kind < 10:
        command[draw(st.sampled_from(sorted(command)) | st.text(max_size=8)) if kind < 2 else "topic"] = draw(JSON)
    return json.dumps(command)


class Fuzzed:
    """Ada's socket, opened again whenever the server closes it, and all that ever came over it."""

    def __init__(self, person: Person) -> None:
        self.person = person
        self.socket: ClientConnection | None = None
        self.heard: list[str] = []
        self.closed: list[int] = []

    async def __call__(self, sent: list[str | bytes]) -> None:
        for frame in sent:
            socket = await self._open()
            try:
                await socket.send(frame)
            except ConnectionClosed:
                await self._over(socket)
        await self._told()

    async def ask(self, **command: Any) -> None:
        """Send a sound command on a socket of its own, and read until it is answered."""
        await self.leave()
        socket = await self._open()
        mark = 2**40 + secrets.randbits(32)
        await socket.send(json.dumps({"id": mark, **command}))
        async with asyncio.timeout(30):
            while f'"id":{mark}' not in (said := str(await socket.recv())):
                self.heard.append(said)
        self.heard.append(said)

    async def leave(self) -> None:
        """Close the socket, if there is one."""
        if self.socket is not None:
            await self.socket.close()
            await self._over(self.socket)

    async def _open(self) -> ClientConnection:
        if self.socket is not None and self.socket.close_code is not None:
            await self._over(self.socket)
        if self.socket is None:
            url = self.person.url.replace("http", "ws") + "/ws/v1/"
            self.socket = await connect(url, subprotocols=[Subprotocol("rivulet.v1")], max_size=None, proxy=None)
            await self.socket.send(json.dumps({"cmd": "connect", "id": 1, "v": 1, "token": self.person.key}))
        return self.socket

    async def _told(self) -> None:
        """Read until a command of our own is answered, or the socket was closed."""
        socket = await self._open()
        mark = 2**40 + secrets.randbits(32)
        try:
            await socket.send(json.dumps({"cmd": "unsubscribe", "id": mark, "topic": "user"}))
            async with asyncio.timeout(30):
                while f'"id":{mark}' not in (said := str(await socket.recv())):
                    self.heard.append(said)
        except ConnectionClosed:
            await self._over(socket)

    async def _over(self, socket: ClientConnection) -> None:
        while True:
            try:
                self.heard.append(str(await socket.recv()))
            except ConnectionClosed:
                break
        self.closed.append(socket.close_code or 0)
        self.socket = None


@pytest.mark.timeout(1800 if LONG else 240)
def test_frames_of_the_grammar_crash_nothing_and_leak_nothing(
    product: Product, admin: Person, things: dict[str, Any]
) -> None:
    bob = someone(product, "bob@example.org")
    secret = f"canary-{secrets.token_hex(8)}"
    place = bob.asks("POST", "/api/v1/conversations", json={"model": "mock", "title": secret})["id"]
    private = bob.asks("POST", f"/api/v1/conversations/{place}/messages", json={"content": f"{secret} n=3 rate=0"})
    eve = someone(product, "eve@example.org")
    own = eve.asks("POST", "/api/v1/conversations", json={"model": "mock"})["id"]
    known = [
        *(own, f"conversation.{own}", place, f"conversation.{place}", private["topic"], private["generation"]),
        *(private["message"], private["position"]["epoch"], things["job_id"], f"job.{things['job_id']}"),
        *("user", "presence", "mock", "message.send", "again", "0", ""),
    ]
    web = product.pid("web-1")
    sent = 0
    with asyncio.Runner() as runner:
        fuzzed = Fuzzed(eve)

        @settings(
            max_examples=FRAMES // IN_ONE,
            deadline=None,
            database=None,
            derandomize=not LONG,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(st.lists(frames(known), min_size=IN_ONE, max_size=IN_ONE))
        def fuzz(batch: list[str | bytes]) -> None:
            nonlocal sent
            runner.run(fuzzed(batch))
            sent += len(batch)

        fuzz()
        runner.run(fuzzed.ask(cmd="subscribe", topic=private["topic"]))
        wrong = {"client_msg_id": str(uuid4()), "content": "hello", "params": {"temperature": "0.5"}}
        runner.run(fuzzed.ask(cmd="message.send", **wrong))
        runner.run(fuzzed.leave())
    assert sent >= FRAMES - IN_ONE
    assert product.pid("web-1") == web, "the web process is the one that it was"
    assert not [said for said in fuzzed.heard if '"code":"internal"' in said]
    assert not [said for said in fuzzed.heard if secret in said], "nothing of Bob's came to Eve"
    assert set(fuzzed.closed) <= MAY_CLOSE, fuzzed.closed
    print(len(fuzzed.heard), "frames came,", len(fuzzed.closed), "sockets were closed")
    answered = {json.loads(said).get("error", {}).get("code") for said in fuzzed.heard if said.startswith('{"id"')}
    assert {"not_found", "bad_request"} <= answered, "it was asked for what is Bob's, and for nonsense"
    assert eve.asks("GET", f"/api/v1/conversations/{own}")["id"] == own
