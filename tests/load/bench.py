"""`make bench`: start the product against the scripted upstream, put load on it, print a table.

Figures are for the machine at hand; compare within one run. Accounts, PostgreSQL, the log with its fsync policy and
checkpoints are on the path; limits and titles are off, since one person sends everything.
"""

import argparse
import json
import os
import platform
import time
from dataclasses import dataclass
from pathlib import Path

import uvloop

from tests.load.judge import shown
from tests.load.processes import family, memory_mib, pin
from tests.load.scenarios import IdleRun, StreamRun, Watched, direct, idle, streams
from tests.load.site import empty_home, new_key, site_on
from tests.load.socket_client import Target
from tests.support.product import Product
from tests.support.upstream import Upstream


@dataclass
class Load:
    """How much; `short` makes a run for a quick look."""

    tokens: int
    idle_sockets: int

    @classmethod
    def of(cls, *, short: bool) -> "Load":
        """The full load, or a tenth of it."""
        return cls(tokens=100, idle_sockets=200) if short else cls(tokens=500, idle_sockets=2000)


def watched(site: Product) -> Watched:
    """The processes of the site that work for a stream."""
    pids = {"web": family(site.pid("web-1"))}
    for name in ("redis", "postgres"):
        try:
            pids[name] = family(site.pid(name))
        except OSError:
            continue
    return Watched(pids)


async def measure(site: Product, upstream_port: int, load: Load, *, ready_s: float) -> list[tuple[str, str, str]]:
    """Rows of (what, asked, measured)."""
    key = new_key(site, "bench@example.com")
    target = Target("127.0.0.1", site.port, key)
    processes = watched(site)
    rows: list[tuple[str, str, str]] = []
    add = rows.append
    add(("start on a warm home", "≤ 8 s", f"{ready_s:.1f} s"))
    add(("web process, idle", "≤ 160 MiB", f"{sum(map(memory_mib, processes.pids['web'])):.0f} MiB"))
    await streams(target, processes, count=20, tokens=50, rate=50, ramp=0.5)  # warm
    rows += idle_rows(await idle(target, processes, count=load.idle_sockets))
    limit = await direct(upstream_port, count=200, tokens=load.tokens, rate=50, ramp=1)
    add(
        (
            "direct read of the upstream, added p50 / p99",
            "",
            f"{limit.added_ms(0.5):.2f} / {limit.added_ms(0.99):.2f} ms",
        )
    )
    steady = await streams(target, processes, count=200, tokens=load.tokens, rate=50, ramp=1)
    rows += stream_rows(steady)
    rows += burst_rows(await streams(target, processes, count=200, tokens=20, rate=50, ramp=0))
    fast = await streams(target, processes, count=20, tokens=1000, rate=0, ramp=0)
    add(("20 × 1,000 tokens unpaced", "", f"{fast.verdict.tokens_per_second:,.0f}/s, {whole(fast)}"))
    return rows


def whole(run: StreamRun) -> str:
    """Whether nothing was lost, in words."""
    verdict = run.verdict
    if verdict.whole and not run.errors:
        return "whole"
    return (
        f"LOST {verdict.lost}, repeated {verdict.repeated}, disordered {verdict.disordered}, "
        f"holes {verdict.holes}, errors {run.errors}"
    )


def idle_rows(run: IdleRun) -> list[tuple[str, str, str]]:
    """Rows of the idle sockets."""
    return [
        (f"an idle socket ({run.sockets:,} open)", "≤ 35 KiB", f"{run.kib_per_socket:.1f} KiB"),
        ("CPU while they idle", "", f"{run.cpu_percent:.1f} %"),
    ]


def stream_rows(run: StreamRun) -> list[tuple[str, str, str]]:
    """Rows of the steady load."""
    verdict, cost = run.verdict, run.cpu_per_million
    beside = ", ".join(f"{name} {cost[name]:.0f}" for name in cost if name != "web")
    return [
        ("200 streams × 50 tokens/s: delivered", "all", f"{verdict.tokens:,} tokens, {whole(run)}"),
        ("added p50 / p99", "< 1 / < 10 ms", f"{shown(verdict.added_ms(0.5))} / {shown(verdict.added_ms(0.99))} ms"),
        (
            "CPU-s of the web process per 1M tokens",
            "≤ 80",
            f"{cost['web']:.0f}  (beside it: {beside or 'not counted'})",
        ),
        ("cores of the web process", "", f"{run.web_cores:.2f}"),
        ("web process after it", "", f"{run.memory_mib:.0f} MiB"),
    ]


def burst_rows(run: StreamRun) -> list[tuple[str, str, str]]:
    """Rows of the sends that come all at once."""
    verdict = run.verdict
    first = f"{verdict.first_token_ms(0.5):.0f} / {verdict.first_token_ms(0.99):.0f} ms"
    return [(f"200 sends at once, {whole(run)}: first token p50 / p99", "< 500 / < 1,500 ms", first)]


def machine() -> str:
    """What it ran on, for the table's foot."""
    model = next(
        (line.split(":")[1].strip() for line in Path("/proc/cpuinfo").read_text().splitlines() if "model name" in line),
        platform.machine(),
    )
    return f"{os.cpu_count()} cores of {model}, Python {platform.python_version()}, Linux {platform.release()}"


def print_table(rows: list[tuple[str, str, str]]) -> None:
    """A Markdown table."""
    widths = [max(len(row[column]) for row in [*rows, ("what", "asked", "measured")]) for column in range(3)]
    for row in [("what", "asked", "measured"), tuple("-" * width for width in widths), *rows]:
        print("| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |")
    print(f"\n{machine()}; {os.getloadavg()[0]:.1f} load at the end.")


def pin_all(site: Product, provider: Upstream) -> None:
    """The web process on one core, the scripted provider and the client on the other."""
    for pid in (provider.pid, os.getpid()):
        pin(pid, {1})
    for pid in family(site.pid("web-1")):
        pin(pid, {0})


async def without_checkpoints(site: Product, load: Load) -> float:
    """CPU seconds of the web process for a million tokens when nothing is copied to PostgreSQL in mid-answer."""
    target = Target("127.0.0.1", site.port, new_key(site, "bare@example.com"))
    processes = watched(site)
    await streams(target, processes, count=20, tokens=50, rate=50, ramp=0.5)  # warm
    steady = await streams(target, processes, count=200, tokens=load.tokens, rate=50, ramp=1)
    return steady.cpu_per_million["web"]


def run(*, short: bool) -> list[tuple[str, str, str]]:
    """Start everything, twice (the first start fills the home), and measure the second; then once more, bare."""
    load = Load.of(short=short)
    with empty_home() as home, Upstream() as provider:
        with site_on(home, provider):
            pass
        began = time.monotonic()
        with site_on(home, provider) as site:
            ready_s = site.ready_at - began
            pin_all(site, provider)
            rows = uvloop.run(measure(site, provider.port, load, ready_s=ready_s))
        with site_on(home, provider, CHECKPOINT_SECONDS="3600") as site:
            pin_all(site, provider)
            bare = uvloop.run(without_checkpoints(site, load))
    place = next(index for index, (what, _, _) in enumerate(rows) if what.startswith("CPU-s of the web"))
    rows.insert(place + 1, ("the same without checkpoints in mid-answer", "", f"{bare:.0f}"))
    return rows


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--short", action="store_true", help="a tenth of the load, for a quick look")
    parser.add_argument("--json", action="store_true", help="print rows as JSON")
    arguments = parser.parse_args()
    rows = run(short=arguments.short)
    if arguments.json:
        print(json.dumps(rows, ensure_ascii=False, indent=1))
    else:
        print_table(rows)


if __name__ == "__main__":
    main()
