"""The loads that the bench puts on a running site, each a plain coroutine that returns its numbers."""

import asyncio
from dataclasses import dataclass

from tests.load.direct_client import read_direct
from tests.load.judge import Verdict, judge
from tests.load.processes import cpu_seconds, family, memory_mib
from tests.load.socket_client import StreamSocket, Target, Transcript, open_sockets
from tests.support.product import Product

MODEL = "mock"


@dataclass
class Watched:
    """Processes whose CPU is counted, by the name that the table shows."""

    pids: dict[str, list[int]]

    @classmethod
    def of(cls, site: Product) -> "Watched":
        """The processes of the site that work for a stream; all of its nodes are `web`."""
        names = [name for name in (f"web-{number}" for number in range(1, 10)) if site.has_pid(name)]
        pids = {"web": [pid for name in names for pid in family(site.pid(name))]}
        return cls(pids | {name: family(site.pid(name)) for name in ("redis", "postgres") if site.has_pid(name)})

    def cpu(self) -> dict[str, float]:
        """CPU seconds so far, by name."""
        return {name: sum(map(cpu_seconds, pids)) for name, pids in self.pids.items()}

    def memory_mib(self) -> float:
        """What the web processes take together."""
        return sum(map(memory_mib, self.pids["web"]))


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
    targets: Target | list[Target],
    watched: Watched,
    *,
    count: int,
    tokens: int,
    rate: float,
    ramp: float,
    batch: int = 1,
) -> StreamRun:
    """`count` sockets, one answer of `tokens` each at `rate` a second (0: as fast as it goes), starts over `ramp` s."""
    loop = asyncio.get_running_loop()
    sockets = await open_sockets(targets, count)
    await asyncio.sleep(1)
    before, began = watched.cpu(), loop.time()
    for each in sockets:
        each.send_message(content=f"n={tokens} rate={rate:g} batch={batch}", model=MODEL)
        if ramp:
            await asyncio.sleep(ramp / count)
    limit = 60 + 3 * (tokens / rate if rate else tokens / 500)
    errors = await ended(sockets, within=limit)
    wall, after = loop.time() - began, watched.cpu()
    verdict = judge([each.transcript for each in sockets], expected=tokens)
    used = {name: after[name] - before[name] for name in after}
    run = StreamRun(
        verdict=verdict,
        completed=count - sum(errors.values()),
        errors=errors,
        wall_s=wall,
        cpu_per_million={name: used[name] / max(1, verdict.tokens) * 1e6 for name in used},
        web_cores=used["web"] / wall,
        memory_mib=watched.memory_mib(),
    )
    close(sockets)
    await asyncio.sleep(0.5)
    return run


async def ended(sockets: list[StreamSocket], *, within: float) -> dict[str, int]:
    """Wait for the ends of all answers; how often which end was not `done`."""
    ends = await asyncio.gather(*[asyncio.wait_for(each.done, within) for each in sockets], return_exceptions=True)
    errors: dict[str, int] = {}
    for end in ends:
        if end != "done":
            told = (str(end) or type(end).__name__)[:100]
            errors[told] = errors.get(told, 0) + 1
    return errors


def close(sockets: list[StreamSocket]) -> None:
    """Leave."""
    for each in sockets:
        each.close()


@dataclass
class IdleRun:
    """What sockets cost that only wait."""

    sockets: int
    kib_per_socket: float
    cpu_percent: float


async def idle(target: Target, watched: Watched, *, count: int, watch_s: float = 10) -> IdleRun:
    """Open `count` sockets and let them be."""
    before = watched.memory_mib()
    sockets = await open_sockets(target, count)
    await asyncio.sleep(3)
    grown = watched.memory_mib() - before
    cpu = watched.cpu()["web"]
    await asyncio.sleep(watch_s)
    percent = (watched.cpu()["web"] - cpu) / watch_s * 100
    close(sockets)
    await asyncio.sleep(1)
    return IdleRun(count, grown * 1024 / count, percent)


async def direct(port: int, *, count: int, tokens: int, rate: float, ramp: float) -> Verdict:
    """Read the scripted upstream without us: what this machine and this client can do at best."""
    transcripts: list[Transcript] = []

    async def one(index: int) -> None:
        await asyncio.sleep(ramp * index / count)
        transcripts.append(await read_direct(port, content=f"n={tokens} rate={rate:g}"))

    await asyncio.gather(*[one(index) for index in range(count)])
    return judge(transcripts, expected=tokens)
