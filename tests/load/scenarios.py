"""The loads that the bench puts on a running site, each a plain coroutine that returns its numbers."""

import asyncio
from dataclasses import dataclass

from tests.load.judge import Verdict, judge
from tests.load.processes import cpu_seconds, memory_mib
from tests.load.socket_client import Target, open_sockets

MODEL = "mock"


@dataclass
class Watched:
    """Processes whose CPU is counted, by the name that the table shows."""

    pids: dict[str, list[int]]

    def cpu(self) -> dict[str, float]:
        """CPU seconds so far, by name."""
        return {name: sum(map(cpu_seconds, pids)) for name, pids in self.pids.items()}


@dataclass
class StreamRun:
    """One run of streams: what the clients saw and what it cost, in CPU seconds for a million tokens by process."""

    verdict: Verdict
    completed: int
    errors: dict[str, int]
    wall_s: float
    cpu_per_million: dict[str, float]
    web_cores: float
    memory_mib: float


async def streams(
    target: Target, watched: Watched, *, count: int, tokens: int, rate: float, ramp: float, batch: int = 1
) -> StreamRun:
    """`count` sockets, one answer of `tokens` each at `rate` a second (0: as fast as it goes), starts over `ramp` s."""
    loop = asyncio.get_running_loop()
    sockets = await open_sockets(target, count)
    await asyncio.sleep(1)
    before, began = watched.cpu(), loop.time()
    for each in sockets:
        each.send_message(content=f"n={tokens} rate={rate:g} batch={batch}", model=MODEL)
        if ramp:
            await asyncio.sleep(ramp / count)
    limit = 60 + 3 * (tokens / rate if rate else tokens / 500)
    ends = await asyncio.gather(*[asyncio.wait_for(each.done, limit) for each in sockets], return_exceptions=True)
    wall, after = loop.time() - began, watched.cpu()
    verdict = judge([each.transcript for each in sockets], expected=tokens)
    errors: dict[str, int] = {}
    for end in ends:
        if end != "done":
            errors[str(end)[:100]] = errors.get(str(end)[:100], 0) + 1
    used = {name: after[name] - before[name] for name in after}
    run = StreamRun(
        verdict=verdict,
        completed=sum(end == "done" for end in ends),
        errors=errors,
        wall_s=wall,
        cpu_per_million={name: used[name] / max(1, verdict.tokens) * 1e6 for name in used},
        web_cores=used["web"] / wall,
        memory_mib=sum(map(memory_mib, watched.pids["web"])),
    )
    for each in sockets:
        each.close()
    await asyncio.sleep(0.5)
    return run


@dataclass
class IdleRun:
    """What sockets cost that only wait."""

    sockets: int
    kib_per_socket: float
    cpu_percent: float


async def idle(target: Target, watched: Watched, *, count: int, watch_s: float = 10) -> IdleRun:
    """Open `count` sockets and let them be."""
    before = sum(map(memory_mib, watched.pids["web"]))
    sockets = await open_sockets(target, count)
    await asyncio.sleep(3)
    grown = sum(map(memory_mib, watched.pids["web"])) - before
    cpu = watched.cpu()["web"]
    await asyncio.sleep(watch_s)
    percent = (watched.cpu()["web"] - cpu) / watch_s * 100
    for each in sockets:
        each.close()
    await asyncio.sleep(1)
    return IdleRun(count, grown * 1024 / count, percent)


async def direct(port: int, *, count: int, tokens: int, rate: float, ramp: float) -> Verdict:
    """Read the scripted upstream without us: what this machine and this client can do at best."""
    from tests.load.direct_client import read_direct
    from tests.load.socket_client import Transcript

    transcripts: list[Transcript] = []

    async def one(index: int) -> None:
        await asyncio.sleep(ramp * index / count)
        transcripts.append(await read_direct(port, content=f"n={tokens} rate={rate:g}"))

    await asyncio.gather(*[one(index) for index in range(count)])
    return judge(transcripts, expected=tokens)
