"""Long poll: the last resort. One request waits for the next events, and says what to do then."""

import asyncio
import contextlib
import time
from typing import Any

import msgspec

from realtime.errors import BadRequest
from realtime.feed import Feed
from realtime.positions import Position
from realtime.recovery import Recovery, recover
from realtime.request import Headers, TopicRequest
from realtime.spool import Spool
from realtime.waiter import Waiter
from realtime.wire import encode, payload_of

_HEADERS: Headers = [
    (b"content-type", b"application/json"),
    (b"cache-control", b"no-store"),
    (b"vary", b"Accept"),
]


_PAUSE = 0.02


class Poll(msgspec.Struct, omit_defaults=True):
    """A long poll's answer. `more`: ask again at once. `ended`: nothing will follow, stop."""

    position: Position
    recovered: bool
    events: list[msgspec.Raw]
    snapshot: dict[str, Any] | None = None
    more: bool = False
    ended: bool = False


async def serve_longpoll(request: TopicRequest) -> None:
    """Answer one request. Raises an `AppError`."""
    wait = _seconds(request)
    until = time.monotonic() + wait
    asked = time.monotonic()
    while True:
        poll = await _read(request)
        left = until - time.monotonic()
        if poll.events or poll.snapshot is not None or poll.ended or left <= 0 or request.node.leaving.is_set():
            break
        if not await _wait(request, left):
            return
    if time.monotonic() - asked > request.node.settings.poll:
        await request.authorize()
    spool = Spool(encode(poll))
    del poll  # a snapshot may be long, and its reader slow
    await spool.answer(request.send, 200, _HEADERS)


def _seconds(request: TopicRequest) -> float:
    text = request.query.get("wait", "0")
    most = request.node.settings.poll_wait_max
    try:
        wait = float(text)
    except ValueError:
        wait = -1.0
    if not 0 <= wait <= 25:
        raise BadRequest("`wait` is a number of seconds from 0 to 25.", field="wait")
    return min(wait, most)


async def _read(request: TopicRequest) -> Poll:
    node, settings = request.node, request.node.settings
    async with node.hub.following(request.topic) as feed:
        recovery = await recover(node.hub, feed, request.since, settings)
        position = recovery.position
        if recovery.snapshot is not None:
            ended = feed.ended is not None and position.offset >= feed.ended
            return Poll(position, recovered=False, events=[], snapshot=recovery.snapshot.data, ended=ended)
        wires = await _events(request, feed, recovery)
        offset = position.offset + len(wires)
        return Poll(
            Position(position.epoch, offset),
            recovered=True,
            events=[msgspec.Raw(payload_of(wire)) for wire in wires],
            more=bool(wires) and offset < max(feed.end, feed.known),
            ended=feed.ended is not None and offset >= feed.ended,
        )


async def _events(request: TopicRequest, feed: Feed, recovery: Recovery) -> list[bytes]:
    settings, hub = request.node.settings, request.node.hub
    after = recovery.position.offset
    if after >= max(feed.end, feed.known):
        return []
    wires = recovery.ahead or await hub.read(
        feed, after, most_events=settings.poll_events, most_bytes=settings.poll_bytes
    )
    taken: list[bytes] = []
    size = 0
    for wire in wires[: settings.poll_events]:
        size += len(wire)
        if taken and size > settings.poll_bytes:
            break
        taken.append(wire)
    return taken


async def _wait(request: TopicRequest, seconds: float) -> bool:
    """Wait for something to happen on the topic. False: the client has left."""
    hub = request.node.hub
    async with hub.following(request.topic) as feed:
        waiter: Any = Waiter(feed)
        if request.since is None or feed.epoch != request.since.epoch or feed.end > request.since.offset:
            await asyncio.sleep(_PAUSE)
            return True
        feed.cursors.add(waiter)
        feed.live.append(waiter)
        something = asyncio.create_task(waiter.something.wait())
        leaving = asyncio.create_task(request.node.leaving.wait())
        left = asyncio.create_task(_left(request))
        tasks = (something, leaving, left)
        try:
            await asyncio.wait(tasks, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
            return not left.done()
        finally:
            hub.detach(waiter)
            for task in tasks:
                task.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await task


async def _left(request: TopicRequest) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass
