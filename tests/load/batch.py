"""A batch of rows through worker, ledger and progress, and somebody who watches it."""

import asyncio
import json
import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import httpx

from tests.load.processes import family_cpu_seconds, percentile
from tests.load.socket_client import StreamSocket, Target
from tests.support.product import Product

TOKENS = 5
AT_ONCE = 50
ENDS = {"done", "failed", "cancelled", "paused"}
WORKERS = ("worker", "postgres", "redis", "web-1")
_TOKEN = re.compile(r"(\d{13})\.\d{5}")


class Watcher(StreamSocket):
    """A socket that follows a job to its end."""

    def _text(self, now: int, payload: bytes) -> None:
        super()._text(now, payload)
        if b'"type":"status"' in payload and json.loads(payload)["data"]["status"] in ENDS and not self.done.done():
            self.done.set_result("done")


@dataclass
class BatchRun:
    """What a batch took: seconds from its start to its end, CPU seconds for 1,000 rows by process, and milliseconds
    from the provider's last write for a row to its event at the watcher."""

    rows: int
    done: int
    told: int
    seconds: float
    cpu: dict[str, float]
    seen_ms: list[float]
    behind_ms: list[float]

    @property
    def rate(self) -> float:
        """Rows a second."""
        return self.done / max(self.seconds, 0.001)

    def ms(self, share: float) -> float:
        """A percentile of what the watcher waited for a row."""
        return percentile(self.seen_ms, share)


async def batch(target: Target, site: Product, *, rows: int) -> BatchRun:
    """Upload a table, run it, and follow it by socket."""
    headers = {"Authorization": f"Bearer {target.token}"}
    base = f"http://{target.host}:{target.port}"
    async with httpx.AsyncClient(base_url=base, headers=headers, timeout=60) as http:
        table = "word\n" + "".join(f"w{number}\n" for number in range(rows))
        upload = await http.post("/api/v1/files", files={"file": ("words.csv", table.encode(), "text/csv")})
        upload.raise_for_status()
        spec = {
            "file": upload.json()["id"],
            "template": {"system": "You are a bench.", "user": f"n={TOKENS} rate=0 {{{{word}}}}"},
            "model": "mock",
            "concurrency": AT_ONCE,
        }
        before = _cpu(site)
        reply = await http.post("/api/v1/jobs", json={"kind": "batch", "spec": spec})
        reply.raise_for_status()
        job = reply.json()
        watcher = await _watch(target, job)
        await asyncio.wait_for(watcher.done, 600)
        after = _cpu(site)
        watcher.close()
        ended = (await http.get(f"/api/v1/jobs/{job['id']}")).json()
    seen, behind, told = _seen(watcher)
    took = datetime.fromisoformat(ended["finished"]) - datetime.fromisoformat(ended["started"])
    return BatchRun(
        rows=rows,
        done=ended["done"],
        told=told,
        seconds=took.total_seconds(),
        cpu={name: (after[name] - before[name]) / rows * 1000 for name in after},
        seen_ms=seen,
        behind_ms=behind,
    )


async def _watch(target: Target, job: dict[str, Any]) -> Watcher:
    loop = asyncio.get_running_loop()
    _, watcher = await loop.create_connection(lambda: Watcher(target), target.host, target.port)
    await watcher.ready
    watcher.subscribe(topic=job["topic"], **job["position"])
    await watcher.started
    return watcher


def _cpu(site: Product) -> dict[str, float]:
    return {name: family_cpu_seconds(site.pid(name)) for name in WORKERS if site.has_pid(name)}


def _seen(watcher: Watcher) -> tuple[list[float], list[float], int]:
    """What was waited for each row, and for each progress since the last row that it counts."""
    waits: list[float] = []
    behind: list[float] = []
    last = 0
    rows = 0
    for now, payload in watcher.transcript.frames:
        event = json.loads(payload)
        if event.get("type") == "row":
            rows += 1
            if tokens := _TOKEN.findall(event["data"]["output"]):
                last = int(tokens[-1])
                waits.append(now / 1e6 - last / 1e3)
        elif event.get("type") == "progress" and last:
            behind.append(now / 1e6 - last / 1e3)
    return waits, behind, rows
