"""The parts of the bench: each measures a running site and gives rows of the table."""

import asyncio
import os
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.load.back import resume, storm
from tests.load.batch import AT_ONCE, batch
from tests.load.edge import tls_edge
from tests.load.judge import shown
from tests.load.lists import Asked, lists
from tests.load.processes import family, percentile, pin
from tests.load.scenarios import StreamRun, Watched, direct, idle, streams
from tests.load.site import new_key
from tests.load.slow import SLEEPERS, beside_slow_readers
from tests.load.socket_client import Target
from tests.load.table import Row, beside, pair, whole
from tests.load.two_nodes import read_elsewhere
from tests.support.product import Product
from tests.support.upstream import Upstream

HOST = "127.0.0.1"


@dataclass
class Load:
    """How much; `short` makes a run for a quick look."""

    tokens: int
    idle_sockets: int
    storm_sockets: int
    returns: int
    rows: int
    calls: int

    @classmethod
    def of(cls, *, short: bool) -> "Load":
        """The full load, or a tenth of it."""
        if short:
            return cls(100, 500, 100, 20, 1000, 100_000)
        return cls(500, 5000, 1000, 100, 10_000, 1_000_000)


@dataclass
class Bench:
    """A running site and what is needed to load it."""

    site: Product
    provider: Upstream
    home: Path
    load: Load
    ready_s: float

    def __post_init__(self) -> None:
        self.key = new_key(self.site, f"bench-{os.urandom(4).hex()}@example.com")
        self.watched = Watched.of(self.site)

    @property
    def target(self) -> Target:
        """The site's front door."""
        return Target(HOST, self.site.port, self.key)

    def pin(self) -> None:
        """The web process on one core, the scripted provider and the client on the other."""
        for pid in (self.provider.pid, os.getpid()):
            pin(pid, {1})
        for pid in family(self.site.pid("web-1")):
            pin(pid, {0})

    async def warm(self) -> None:
        """First requests import and connect."""
        await streams(self.target, self.watched, count=20, tokens=50, rate=50, ramp=0.5)

    async def steady(self, targets: Target | list[Target] | None = None, *, streams_: int = 200) -> StreamRun:
        """The standing load: `streams_` answers at 50 tokens a second, starts spread over a second."""
        return await streams(
            targets or self.target, self.watched, count=streams_, tokens=self.load.tokens, rate=50, ramp=1
        )


@dataclass
class Part:
    """One start of the site and what is measured on it."""

    measure: Callable[[Bench], Coroutine[Any, Any, list[Row]]]
    pinned: bool = True
    settings: dict[str, str] = field(default_factory=dict)


async def steady(bench: Bench) -> list[Row]:
    """200 streams of 50 tokens a second, a burst of sends, and one that goes as fast as it can."""
    rows: list[Row] = [
        ("start on a warm home", "≤ 8 s", f"{bench.ready_s:.1f} s"),
        ("web process, idle", "≤ 160 MiB", f"{bench.watched.memory_mib():.0f} MiB"),
    ]
    await bench.warm()
    limit = await direct(bench.provider.port, count=200, tokens=bench.load.tokens, rate=50, ramp=1)
    run = await bench.steady()
    burst = await streams(bench.target, bench.watched, count=200, tokens=20, rate=50, ramp=0)
    fast = await streams(bench.target, bench.watched, count=20, tokens=1000, rate=0, ramp=0)
    first = burst.verdict.first_token_ms
    return [
        *rows,
        ("direct read of the upstream, added p50 / p99", "", pair(limit)),
        ("200 streams × 50 tokens/s: delivered", "all", f"{run.verdict.tokens:,} tokens, {all_of(run)}"),
        ("added p50 / p99", "< 0.7 / < 3 ms", pair(run.verdict)),
        ("CPU-s of the web process per 1M tokens", "≤ 55", beside(run.cpu_per_million)),
        ("cores of the web process", "", f"{run.web_cores:.2f}"),
        ("web process after it", "", f"{run.memory_mib:.0f} MiB"),
        (
            f"200 sends at once, {all_of(burst)}: first token p50 / p99",
            "< 500 / < 1,500 ms",
            f"{first(0.5):.0f} / {first(0.99):.0f} ms",
        ),
        ("20 × 1,000 tokens unpaced", "", f"{fast.verdict.tokens_per_second:,.0f}/s, {all_of(fast)}"),
    ]


async def bare(bench: Bench) -> list[Row]:
    """The standing load when nothing is copied to PostgreSQL in mid-answer."""
    await bench.warm()
    run = await bench.steady()
    return [("200 × 50 without checkpoints in mid-answer: CPU-s per 1M tokens", "", beside(run.cpu_per_million))]


async def fast(bench: Bench) -> list[Row]:
    """500 streams of 50 tokens a second, or as many as the direct read of the upstream keeps up with."""
    await bench.warm()
    count = 500
    while True:
        limit = await direct(bench.provider.port, count=count, tokens=bench.load.tokens, rate=50, ramp=1)
        if limit.added_ms(0.99) < 5 or count <= 200:
            break
        count -= 50
    run = await bench.steady(streams_=count)
    return [
        (f"direct read of {count} × 50, added p50 / p99", "", pair(limit)),
        (f"{count} streams × 50 tokens/s: delivered", "all", f"{run.verdict.tokens:,} tokens, {all_of(run)}"),
        ("added p50 / p99", "p99 < 50 ms", pair(run.verdict)),
        ("CPU-s of the web process per 1M tokens", "", beside(run.cpu_per_million)),
        ("cores of the web process", "", f"{run.web_cores:.2f}"),
    ]


async def tls(bench: Bench) -> list[Row]:
    """The standing load through nginx with TLS."""
    await bench.warm()
    with tls_edge([bench.site.port], token=bench.key) as (target, nginx):
        bench.watched.pids["nginx"] = family(nginx)
        run = await bench.steady(target)
    return [
        ("200 × 50 through nginx with TLS: delivered", "all", f"{run.verdict.tokens:,} tokens, {all_of(run)}"),
        ("added p50 / p99", "", pair(run.verdict)),
        ("CPU-s of the web process per 1M tokens", "", beside(run.cpu_per_million)),
    ]


async def nodes(bench: Bench) -> list[Row]:
    """Two nodes behind nginx; then answers that are read from the node that does not write them."""
    await bench.warm()
    run = await bench.steady()
    here, there = (Target(HOST, bench.site.port + number, bench.key) for number in (1, 2))
    elsewhere, errors = await read_elsewhere(here, there, answers=100, tokens=bench.load.tokens, rate=50)
    return [
        ("two nodes behind nginx, 200 × 50: delivered", "all", f"{run.verdict.tokens:,} tokens, {all_of(run)}"),
        ("added p50 / p99", "", pair(run.verdict)),
        ("CPU-s of both web processes per 1M tokens", "", beside(run.cpu_per_million)),
        ("100 answers read from the other node: delivered", "all", f"{elsewhere.tokens:,}, {whole(elsewhere, errors)}"),
        ("added p50 / p99 there", "", pair(elsewhere)),
    ]


async def back(bench: Bench) -> list[Row]:
    """One client that comes back to a long answer, and a thousand that come back at once."""
    await bench.warm()
    await resume(bench.target, tokens=4000, times=5)
    one = await resume(bench.target, tokens=4000, times=bench.load.returns)
    many = await storm(bench.target, bench.home, sockets=bench.load.storm_sockets)
    return [
        (
            "resume of a 4,000-token answer by the Python client, new connection to last token p50 / p99",
            "< 50 / < 150 ms",
            f"{one.ms(0.5):.0f} / {one.ms(0.99):.0f} ms",
        ),
        (
            f"{many.sockets:,} sockets cut at once: back",
            "all within 5 s",
            f"{many.back:,}, the last after {max(many.seconds):.1f} s",
        ),
        ("database transactions for a socket that came back", "bounded", shown(many.queries_per_socket)),
    ]


async def slow(bench: Bench) -> list[Row]:
    """Readers that stop, beside 200 good ones."""
    await bench.warm()
    without = await bench.steady()
    run, grown = await beside_slow_readers(bench.target, bench.watched, tokens=bench.load.tokens)
    return [
        ("200 × 50 alone: added p50 / p99", "", pair(without.verdict)),
        (f"beside {SLEEPERS} readers that stop, {all_of(run)}: added p50 / p99", "no effect", pair(run.verdict)),
        ("memory that each stopped reader takes", "< 1 MiB", f"{grown:.1f} MiB"),
    ]


async def still(bench: Bench) -> list[Row]:
    """Sockets that only wait."""
    await bench.warm()
    await idle(bench.target, bench.watched, count=200, watch_s=1)
    run = await idle(bench.target, bench.watched, count=bench.load.idle_sockets, watch_s=30)
    return [
        (f"an idle socket ({run.sockets:,} open)", "≤ 30 KiB", f"{run.kib_per_socket:.1f} KiB"),
        ("CPU while they idle", "< 2 % of a core", f"{run.cpu_percent:.1f} %"),
    ]


async def jobs(bench: Bench) -> list[Row]:
    """A batch over a table, through worker, ledger and progress, with somebody who watches."""
    await batch(bench.target, bench.site, rows=200)
    run = await batch(bench.target, bench.site, rows=bench.load.rows)
    cpu = ", ".join(f"{name} {seconds:.2f}" for name, seconds in run.cpu.items())
    lost = "whole" if run.told == run.done == run.rows else f"DONE {run.done}, TOLD {run.told}"
    return [
        (f"a batch of {run.rows:,} rows, {AT_ONCE} at a time: {lost}", "≥ 300 rows/s", f"{run.rate:.0f} rows/s"),
        ("CPU-s for 1,000 rows", "", cpu),
        (
            "a row, from the provider's last word to a subscriber p50 / p99",
            "p99 < 250 ms",
            f"{run.ms(0.5):.0f} / {run.ms(0.99):.0f} ms",
        ),
        (
            "progress behind the last row that it counts p50 / p99",
            "p99 < 250 ms",
            f"{percentile(run.behind_ms, 0.5):.0f} / {percentile(run.behind_ms, 0.99):.0f} ms",
        ),
    ]


async def long_lists(bench: Bench) -> list[Row]:
    """A year's ledger and thousands of templates, asked for by one client, one answer after the other."""
    templates = bench.load.calls // 200
    run = await asyncio.to_thread(
        lists, bench.target, bench.site, bench.home, calls=bench.load.calls, templates=templates, times=40
    )
    rows = [
        (
            f"usage of a year over {run.calls:,} calls, by {one.what} ({one.items:,} groups) p50 / p99",
            "p50 < 50 ms",
            took(one),
        )
        for one in run.reports
    ]
    rows += [(f"of {run.templates:,} templates, {one.what} p50 / p99", "p50 < 50 ms", took(one)) for one in run.lists]
    return [*rows, (f"adding up the days of {run.calls:,} calls, once", "", f"{run.rolled_s:.1f} s")]


def took(asked: Asked) -> str:
    """p50 / p99, and the CPU time of one."""
    cpu = ", ".join(f"{name} {spent:.0f}" for name, spent in asked.cpu_ms.items())
    return f"{asked.ms(0.5):.1f} / {asked.ms(0.99):.1f} ms  (CPU-ms: {cpu})"


def all_of(run: StreamRun) -> str:
    """Whether nothing was lost, in words."""
    return whole(run.verdict, run.errors)


PARTS = {
    "steady": Part(steady),
    "bare": Part(bare, settings={"CHECKPOINT_SECONDS": "3600"}),
    "fast": Part(fast),
    "tls": Part(tls),
    "nodes": Part(nodes, pinned=False, settings={"NODES": "2"}),
    "back": Part(back),
    "slow": Part(slow),
    "idle": Part(still),
    "jobs": Part(jobs, pinned=False),
    "lists": Part(long_lists, pinned=False),
}
