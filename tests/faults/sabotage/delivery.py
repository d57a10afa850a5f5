"""What brings events to clients, taken away."""

import asyncio
from collections.abc import Callable
from typing import Any

from backend.chat.claim import checkpointed
from backend.chat.topics.generation import GenerationKind
from realtime import Position, Snapshot, sse, subscribe
from realtime.connection import Connection
from realtime.hooks import Slice
from realtime.hub import Hub
from realtime.recovery import Recovery, recover
from realtime.session import Session

_Put = Callable[..., object]


def _blank(snapshot: Any, texts: list[str]) -> Any:
    """The snapshot with these texts in its parts, as far as they go, and none in the others."""
    parts = [
        {**part, "text": texts[number] if number < len(texts) else ""}
        for number, part in enumerate(snapshot.data["parts"])
    ]
    return Snapshot(snapshot.position, {**snapshot.data, "parts": parts})


def no_snapshot(put: _Put) -> None:
    """A snapshot is at the right position, and empty."""
    before = Hub.snapshot

    async def snapshot(self: Hub, feed: Any) -> Any:
        return _blank(await before(self, feed), [])

    put(Hub, "snapshot", snapshot)


def no_replay(put: _Put) -> None:
    """A position that could be resumed is taken for the end."""

    async def skip(hub: Hub, feed: Any, since: Any, settings: Any) -> Recovery:
        found = await recover(hub, feed, since, settings)
        return Recovery(recovered=True, position=Position(feed.epoch, feed.end)) if found.recovered else found

    put(subscribe, "recover", skip)
    put(sse, "recover", skip)


def read_then_register(put: _Put) -> None:
    """Between reading and following, time goes by; what comes then is nobody's."""
    before = Session.attach

    async def slow(hub: Hub, feed: Any, since: Any, settings: Any) -> Recovery:
        found = await recover(hub, feed, since, settings)
        await asyncio.sleep(0.05)
        return found

    def attach(self: Session, cursor: Any) -> None:
        if cursor.paging is None:
            cursor.offset = cursor.acked = cursor.feed.end
            cursor.ahead = None
        before(self, cursor)

    put(subscribe, "recover", slow)
    put(Session, "attach", attach)


def two_sources(put: _Put) -> None:
    """The text of the last checkpoint with the position of the log's end."""
    before = GenerationKind.snapshot

    async def snapshot(self: GenerationKind, *, topic: str) -> Any:
        found = await before(self, topic=topic)
        row = await self._row(topic)
        if row["terminal_offset"] is not None:
            return found
        return _blank(found, [part["text"] for part in checkpointed(row["checkpoint"]).plain_parts()])

    put(GenerationKind, "snapshot", snapshot)


def memory_only(put: _Put) -> None:
    """No log is read for replays; what this process holds or heard lately must do."""
    before = Hub.events

    async def events(self: Hub, feed: Any, after: int, **limits: int) -> Slice:
        if self._held(feed.topic) is not None:
            return await before(self, feed, after, **limits)
        return Slice(after, [], feed.end, kept=False)

    put(Hub, "events", events)


def no_window(put: _Put) -> None:
    """Everything is sent to everybody at once."""
    put(Session, "takes", lambda self, size: size <= self.frame_limit)
    put(Session, "block", lambda self: None)


def no_stall_limit(put: _Put) -> None:
    """Nobody is too slow."""
    put(Session, "stalled", lambda self, now: False)


def no_pong_limit(put: _Put) -> None:
    """Whoever was silent was just heard."""
    before = Connection.sweep

    def sweep(self: Connection, now: float, wall: float) -> None:
        self._heard = now
        before(self, now, wall)

    put(Connection, "sweep", sweep)


def no_pings(put: _Put) -> None:
    """It is never time for a ping."""
    before = Connection.sweep

    def sweep(self: Connection, now: float, wall: float) -> None:
        self._pinged = now
        before(self, now, wall)

    put(Connection, "sweep", sweep)


def no_look(put: _Put) -> None:
    """A missed number of the append counter leads to nothing."""

    async def check(self: Hub, feeds: Any) -> None:
        return None

    put(Hub, "check", check)


def no_seal(put: _Put) -> None:
    """A terminal event that is only in the database stays there."""

    async def sealed(self: Hub, topic: str, state: Any, end: int, kind: Any) -> int:
        return end if kind.logged else state.end or 0

    put(Hub, "_sealed", sealed)


def no_sharing(put: _Put) -> None:
    """Whoever subscribes asks the database where the topic stands, and for its owner's row."""

    async def alone(hub: Hub, feed: Any, since: Any, settings: Any) -> Recovery:
        for _ in range(2):
            await feed.kind._row(feed.topic)
        return await recover(hub, feed, since, settings)

    put(subscribe, "recover", alone)
