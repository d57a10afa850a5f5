"""A small application on the realtime library, and clients for it: what unit and integration tests speak with."""

import asyncio
import contextlib
import json
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from realtime import (
    Command,
    CommandContext,
    CommandResult,
    Ended,
    Handshake,
    Node,
    Position,
    Principal,
    RealtimeSettings,
    Slice,
    Snapshot,
    TopicKind,
    TopicState,
    hints,
)
from realtime.errors import BadRequest, Forbidden, NotFound, Unauthenticated
from realtime.log.memory import MemoryLog

FAST = RealtimeSettings(
    sweep=0.01, poll=0.03, look=0.03, look_grace=0.005, recheck=0.5, close_grace=0.05, reconnect_first=0.01,
    reconnect_max=0.05, presence_refresh=0.1,
)  # fmt: skip
TERMINAL = frozenset({"done", "incomplete", "error", "cancelled"})


def event(type_: str, **data: Any) -> bytes:
    """A stored event."""
    return json.dumps({"type": type_, "data": data}, separators=(",", ":")).encode()


def delta(text: str) -> bytes:
    """A piece of text."""
    return event("part.delta", part=0, text=text)


async def until(condition: Callable[[], object], seconds: float = 5.0) -> None:
    """Wait for something to become true."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it never became true"
        await asyncio.sleep(0.005)


@dataclass(frozen=True)
class Person:
    """A principal."""

    user: str
    expires_at: float | None = None


class Doors:
    """`Access`: tokens are `<user>`, or what `tokens` says; `forbidden` takes topics away."""

    def __init__(self) -> None:
        self.tokens: dict[str, Person | Exception] = {}
        self.numbers: dict[str, int] = {}
        self.closed: dict[str, Unauthenticated] = {}
        self.polls: list[tuple[list[str], list[str]]] = []

    async def authenticate(self, handshake: Handshake) -> Person | None:
        if handshake.origin is not None and handshake.origin != f"http://{handshake.host}":
            raise Forbidden("foreign origin")
        if handshake.ticket is not None:
            return await self.authenticate_token(handshake.ticket)
        if handshake.authorization is not None:
            return await self.authenticate_token(handshake.authorization.removeprefix("Bearer "))
        user = handshake.cookies.get("session")
        return Person(user) if user else None

    async def authenticate_token(self, token: str) -> Person:
        found = self.tokens.get(token)
        if isinstance(found, Exception):
            raise found
        return found or Person(token)

    async def recheck(self, principals: Sequence[Principal]) -> list[Exception | None]:
        return [self.closed.get(person.user) for person in principals]

    async def versions(self, *, users: Sequence[str], topics: Sequence[str]) -> Mapping[str, int]:
        self.polls.append((list(users), list(topics)))
        return {key: self.numbers.get(key, 0) for key in [*(f"user.{user}" for user in users), *topics]}


class Guarded(TopicKind):
    """Authorisation for both kinds below: `secret` topics are nobody's."""

    def __init__(self) -> None:
        self.secret: set[str] = set()
        self.checks = 0

    async def authorize(self, *, principal: Any, topic: str) -> None:
        self.checks += 1
        if topic in self.secret:
            raise NotFound


class Answers(Guarded):
    """Logged topics, one writer each; the snapshot is folded from the log, or `stored` once that is gone."""

    name = "generation"
    logged = True
    terminal = TERMINAL

    def __init__(self) -> None:
        super().__init__()
        self.node: Node
        self.epochs: dict[str, str] = {}
        self.ended: dict[str, Ended] = {}
        self.stored: dict[str, str] = {}
        self.snapshots = 0

    async def state(self, *, topic: str) -> TopicState:
        if topic not in self.epochs:
            raise NotFound
        return TopicState(epoch=self.epochs[topic], ended=self.ended.get(topic))

    async def snapshot(self, *, topic: str) -> Snapshot:
        self.snapshots += 1
        epoch = (await self.state(topic=topic)).epoch
        events = await self.node.history(topic=topic, epoch=epoch)
        ended = self.ended.get(topic)
        if ended and len(events) < ended.offset:
            text, offset = self.stored[topic], ended.offset
        else:
            text, offset = fold(map(json.loads, events)), len(events)
        return Snapshot(Position(epoch, offset), {"status": "running", "parts": [{"kind": "text", "text": text}]})


class Rooms(Guarded):
    """Topics with rows, many writers."""

    name = "conversation"
    presence = True

    def __init__(self) -> None:
        super().__init__()
        self.rows: dict[str, list[bytes]] = {}
        self.epoch = "r1"
        self.reads = 0

    def add(self, topic: str, text: str, *, told: bool = True) -> None:
        rows = self.rows.setdefault(topic, [])
        rows.append(event("message.created", text=text))
        if told:
            hints.announce(topic, self.epoch, len(rows), rows[-1])

    async def state(self, *, topic: str) -> TopicState:
        if topic not in self.rows:
            raise NotFound
        return TopicState(epoch=self.epoch, end=len(self.rows[topic]))

    async def snapshot(self, *, topic: str) -> Snapshot:
        rows = self.rows[topic]
        messages = [{"id": number, "text": json.loads(row)["data"]["text"]} for number, row in enumerate(rows)]
        return Snapshot(Position(self.epoch, len(rows)), {"conversation": topic, "messages": messages})

    async def read(self, *, topic: str, epoch: str, after: int, max_events: int, max_bytes: int) -> Slice:
        self.reads += 1
        rows = self.rows[topic]
        return Slice(after, rows[after : after + max_events], len(rows), kept=after <= len(rows))


class Writer:
    """A source that a test feeds."""

    def __init__(
        self, node: Node, topic: str, *, epoch: str = "e1", fence: int = 1, events: list[bytes] | None = None
    ) -> None:
        self.node = node
        self.topic = topic
        self.epoch = epoch
        self.fence = fence
        self.owned_at = time.monotonic()
        self.finished = False
        self.owner = True
        self.waiting: list[bytes] = []
        self.done: list[tuple[int, bytes]] = []
        self.refusals: list[tuple[str, int]] = []
        self.away: list[bool] = []
        self.confirmations = 0
        self._last = False
        node.writer.open(self, events)

    def say(self, *texts: str) -> None:
        self.put(*map(delta, texts))

    def put(self, *events: bytes) -> None:
        self.waiting += events
        self.node.writer.wake(self)

    def end(self, type_: str = "done") -> None:
        self._last = True
        self.put(event(type_))

    async def drain(self) -> Position:
        return await self.node.writer.drain(self)

    def take(self) -> list[bytes]:
        taken, self.waiting = self.waiting, []
        self.finished = self._last
        return taken

    def committed(self, first_offset: int, events: list[bytes]) -> None:
        self.done += enumerate(events, first_offset)

    def refused(self, reason: str, end: int) -> None:
        self.refusals.append((reason, end))

    def degraded(self, away: bool, /) -> None:
        self.away.append(away)

    async def confirm(self) -> bool:
        self.confirmations += 1
        self.owned_at = time.monotonic()
        return self.owner


class Say(Command[dict[str, Any]]):
    """`say {topic, replayed?}`: starts an answer, as `message.send` does."""

    name = "say"

    def __init__(self, answers: Answers) -> None:
        self.answers = answers

    def parse(self, fields: dict[str, Any]) -> dict[str, Any]:
        if set(fields) - {"topic", "replayed"}:
            raise BadRequest("unknown field", field=min(set(fields) - {"topic", "replayed"}))
        return fields

    async def handle(self, context: CommandContext, args: dict[str, Any]) -> CommandResult:
        self.answers.epochs.setdefault(args["topic"], "e1")
        position = Position("e1", 0)
        return CommandResult({"topic": args["topic"]}, (args["topic"], position), bool(args.get("replayed")))


class Slow(Command[None]):
    """`slow`: ends when `gate` is open."""

    name = "slow"

    def __init__(self) -> None:
        self.gate = asyncio.Event()
        self.running = 0

    def parse(self, fields: dict[str, Any]) -> None:
        return None

    async def handle(self, context: CommandContext, args: None) -> CommandResult:
        self.running += 1
        await self.gate.wait()
        return CommandResult()


class Cancel(Command[None]):
    """`cancel`: urgent."""

    name = "cancel"
    urgent = True

    def parse(self, fields: dict[str, Any]) -> None:
        return None

    async def handle(self, context: CommandContext, args: None) -> CommandResult:
        return CommandResult({"status": "cancelling"})


class Broken(Command[None]):
    """`broken`: a defect."""

    name = "broken"

    def parse(self, fields: dict[str, Any]) -> None:
        return None

    async def handle(self, context: CommandContext, args: None) -> CommandResult:
        raise ZeroDivisionError


@dataclass
class App:
    """A node with the parts above."""

    node: Node
    doors: Doors
    answers: Answers
    rooms: Rooms
    slow: Slow
    log: Any


@contextlib.asynccontextmanager
async def running(
    settings: RealtimeSettings = FAST, *, node: Node | None = None, log: Any = None
) -> AsyncIterator[App]:
    """A started node."""
    doors, answers, rooms, slow = Doors(), Answers(), Rooms(), Slow()
    if node is None:
        node = Node(access=doors, log=log or MemoryLog(), settings=settings, layer=lambda: None)
    else:
        node.access = doors
    answers.node = node
    for part in (answers, rooms, Say(answers), slow, Cancel(), Broken()):
        node.register(part)
    await node.start()
    try:
        yield App(node, doors, answers, rooms, slow, node.log)
    finally:
        await node.stop()


def fold(events: Any) -> str:
    """The text that events and snapshots add up to."""
    text = ""
    for one in events:
        if one.get("type") == "snapshot":
            text = text if one.get("page") else ""
            text += "".join(part["text"] for part in one["data"].get("parts", []))
        elif one.get("type") == "part.delta":
            text += one["data"]["text"]
    return text
