"""Coming back: one client with all of an answer to catch up on, and a thousand at the same moment."""

import asyncio
import random
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

from backend.engines import recorded_urls
from rivulet_client import AnswerState, Client, Position
from tests.load.processes import percentile
from tests.load.scenarios import MODEL, close
from tests.load.socket_client import StreamSocket, Target, open_socket, open_sockets

BACKOFF_S = 1.0
"""Clients wait up to this long before they come back, by chance."""


PACE = 400
"""Tokens a second of the answer that is come back to: slow enough that each is an event of its own."""


@dataclass
class ResumeRun:
    """Seconds from the opening of the connection to the last token that was missing, for each return."""

    tokens: int
    seconds: list[float]

    def ms(self, share: float) -> float:
        """A percentile, in ms."""
        return percentile(self.seconds, share) * 1000


async def resume(target: Target, *, tokens: int, times: int) -> ResumeRun:
    """An answer that has come to `tokens` and goes on; `times` clients in Python come back to it, one after another,
    each with a new connection and nothing of it."""
    [author] = await open_sockets(target, 1)
    author.send_message(
        content=f"n={tokens + 1000} rate={PACE} stall={tokens} id=resume-{random.random()}", model=MODEL
    )
    position = (await asyncio.wait_for(author.started, 30))["position"]
    last = f".{tokens - 1:05d} "
    await seen(author, last.encode())
    taken: list[float] = []
    since = Position(position["epoch"], position["offset"])
    for _ in range(times):
        began = time.perf_counter()
        address = f"http://{target.host}:{target.port}"
        async with (
            Client(address, token=target.token, transports=("websocket",), trust_env=False) as client,
            client.follow(author.transcript.topic, since=since) as events,
        ):
            shown = AnswerState()
            async for event in events:
                shown.apply(event)
                if event.type in {"snapshot", "part.delta"} and last in str(event.data):
                    break
            taken.append(time.perf_counter() - began)
            assert last in shown.text
    author.close()
    return ResumeRun(tokens, taken)


async def seen(reader: StreamSocket, token: bytes, *, within: float = 30) -> None:
    """Wait until a frame with this token has come."""
    looked = 0
    async with asyncio.timeout(within):
        while True:
            frames = reader.transcript.frames
            if any(token in payload for _, payload in frames[looked:]):
                return
            looked = max(0, len(frames) - 1)
            await asyncio.sleep(0.001)


@dataclass
class StormRun:
    """A thousand cut at once. `seconds`: from the cut to the first event beyond each client's position."""

    sockets: int
    back: int
    seconds: list[float]
    queries_per_socket: float
    """Transactions of the database that the return cost, running answers' own deducted."""


async def storm(target: Target, home: Path, *, sockets: int, answers: int = 20) -> StormRun:
    """`sockets` readers of `answers` running answers lose their connections at once and come back by chance."""
    authors = await open_sockets(target, answers)
    for each in authors:
        each.send_message(content="n=3000 rate=20", model=MODEL)
    starts = [await asyncio.wait_for(each.started, 30) for each in authors]
    readers = await open_sockets(target, sockets)
    for index, reader in enumerate(readers):
        start = starts[index % answers]
        reader.subscribe(topic=start["topic"], **start["position"])
    await asyncio.gather(*(asyncio.wait_for(first(each, after=0), 30) for each in readers))
    quiet = await transactions_in(home, seconds=5)
    before = await transactions(home)
    began = time.perf_counter()
    positions = [position_of(each) for each in readers]
    close(readers)

    async def come_back(index: int) -> float:
        await asyncio.sleep(random.uniform(0, BACKOFF_S))
        back = await open_socket(target)
        readers[index] = back
        await back.ready
        start = starts[index % answers]
        back.subscribe(topic=start["topic"], epoch=start["position"]["epoch"], offset=positions[index])
        await first(back, after=positions[index])
        return time.perf_counter() - began

    returned = await asyncio.gather(
        *(asyncio.wait_for(come_back(index), 30) for index in range(sockets)), return_exceptions=True
    )
    await asyncio.sleep(max(0.0, 5 - (time.perf_counter() - began)))
    spent = await transactions(home) - before - quiet * (time.perf_counter() - began) / 5
    close([*readers, *authors])
    seconds = [each for each in returned if isinstance(each, float)]
    return StormRun(sockets, len(seconds), seconds, max(0.0, spent) / sockets)


async def first(reader: StreamSocket, *, after: int) -> None:
    """Wait for an event beyond a position."""
    while position_of(reader) <= after:  # noqa: ASYNC110  # the client only keeps frames, so that it measures little
        await asyncio.sleep(0.005)


def position_of(reader: StreamSocket) -> int:
    """The last offset that a reader has seen; 0 before any."""
    for _, payload in reversed(reader.transcript.frames):
        offset = offset_of(payload)
        if offset is not None:
            return offset
    return 0


def offset_of(payload: bytes) -> int | None:
    """The offset of a frame, if it has one."""
    start = payload.find(b'"offset":')
    if start < 0:
        return None
    end = start + 9
    while payload[end : end + 1].isdigit():
        end += 1
    return int(payload[start + 9 : end])


async def transactions(home: Path) -> int:
    """How many transactions the database has seen. Its processes report them a second late."""
    urls = recorded_urls(home)
    assert urls is not None
    await asyncio.sleep(1.5)
    async with await psycopg.AsyncConnection.connect(urls.database, autocommit=True) as session:
        found: Any = await session.execute(
            "SELECT xact_commit + xact_rollback FROM pg_stat_database WHERE datname = current_database()"
        )
        [count] = await found.fetchone()
    return int(count)


async def transactions_in(home: Path, *, seconds: float) -> int:
    """How many there are in this time when nobody comes or goes."""
    before = await transactions(home)
    await asyncio.sleep(max(0.0, seconds - 1.5))
    return await transactions(home) - before
