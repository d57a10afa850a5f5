"""Readers that stop reading, beside others that read."""

import asyncio

from tests.load.scenarios import MODEL, StreamRun, Watched, close, streams
from tests.load.socket_client import Target, open_sockets

SLEEPERS = 20


async def beside_slow_readers(target: Target, watched: Watched, *, tokens: int) -> tuple[StreamRun, float]:
    """The standing load while some sockets have asked for a long answer and read none of it; and the MiB of the web
    process that each of them takes."""
    [author, *sleepers] = await open_sockets(target, 1 + SLEEPERS)
    author.send_message(content="n=40000 rate=0", model=MODEL)
    start = await asyncio.wait_for(author.started, 30)
    await asyncio.wait_for(author.done, 60)
    author.transcript.frames.clear()
    before = watched.memory_mib()
    for each in sleepers:
        each.stop_reading()
        each.subscribe(topic=start["topic"], **start["position"])
    await asyncio.sleep(3)
    grown = (watched.memory_mib() - before) / SLEEPERS
    run = await streams(target, watched, count=200, tokens=tokens, rate=50, ramp=1)
    close([author, *sleepers])
    return run, grown
