"""Rows 29 and 30: workers that die in a job, a broker that restarts or forgets everything. Nothing is lost or paid
twice without the ledger's knowing.
"""

import asyncio
import signal
import uuid
from collections import Counter
from contextlib import suppress
from typing import Any

import httpx
import pytest

from tests.faults.oracle import numbers
from tests.faults.world import World

ROWS = 60
TOKENS = 5
INPUT_TOKENS = 10
"""What the scripted provider counts for any question."""
AT_ONCE = 10


class Batch:
    """A batch whose rows the provider counts one by one, and what a client saw of it by long poll."""

    def __init__(self, world: World, job: dict[str, Any], name: str, rows: int) -> None:
        self.world, self.name, self.rows = world, name, rows
        self.id, self.topic = job["id"], job["topic"]
        self.events: list[dict[str, Any]] = []
        self.problems: list[str] = []

    @property
    def now(self) -> tuple[str, int]:
        """Status, and rows that are done."""
        [found] = self.world.rows("SELECT status, done FROM jobs_job WHERE id = %s", self.id)
        return found[0], found[1]

    async def until(self, done: int) -> None:
        """Wait until so many rows are done."""
        async with asyncio.timeout(self.world.limit(30)):
            while self.now[1] < done:
                await asyncio.sleep(0.02)

    async def follow(self) -> None:
        """See every event, in whatever pieces they come."""
        [(epoch,)] = self.world.rows("SELECT epoch FROM jobs_job WHERE id = %s", self.id)
        offset = 0
        async with self.world.http() as http:
            while not (self.events and self.events[-1]["type"] == "status" and self._ended):
                path = f"/api/v1/topics/{self.topic}/events?after={epoch}:{offset}&wait=5"
                with suppress(httpx.TransportError):
                    reply = await http.get(path, headers={"Accept": "application/json"})
                    for event in reply.json().get("events", []) if reply.is_success else []:
                        if event["offset"] != offset + 1:
                            self.problems.append(f"{offset} to {event['offset']}")
                        offset = event["offset"]
                        self.events.append(event)
                if not self.events:
                    await asyncio.sleep(0.05)

    @property
    def _ended(self) -> bool:
        return self.events[-1]["data"]["status"] in {"done", "failed", "cancelled"}

    async def verify(self, *, lost_at_most: int) -> None:
        """One result a row, told once; calls beyond the rows are known as lost; nothing went back."""
        async with asyncio.timeout(self.world.limit(40)):
            await self.follow()
        assert self.problems == []
        assert self.events[-1]["data"]["status"] == "done"
        rows = self.world.rows(
            "SELECT status, input->>'id', output, attempt, lost FROM jobs_jobrow WHERE job_id = %s", self.id
        )
        assert Counter(row[0] for row in rows) == {"done": self.rows}
        assert all(numbers(row[2]) == list(range(TOKENS)) for row in rows)
        told = [event["data"]["index"] for event in self.events if event["type"] == "row"]
        assert sorted(told) == list(range(self.rows))
        progress = [event["data"]["done"] for event in self.events if event["type"] == "progress"]
        assert progress == sorted(progress)
        assert progress[-1] == self.now[1] == self.rows
        calls = {ident: self.world.upstream.calls(ident) for _, ident, _, _, _ in rows}
        for _, ident, _, attempt, lost in rows:
            assert attempt == 1 + lost
            assert 1 <= calls[ident] <= attempt, "each call beyond the first is known as lost"
        assert sum(lost for *_, lost in rows) <= lost_at_most
        self.verify_ledger(lost=sum(lost for *_, lost in rows), asked=sum(calls.values()))

    def verify_ledger(self, *, lost: int, asked: int) -> None:
        """A row has one settled call, with what the provider counted; every other one is known as lost."""
        calls = self.world.rows(
            'SELECT status, "row", input_tokens, output_tokens, cost FROM usage_call WHERE job = %s', self.id
        )
        settled = [call for call in calls if call[0] == "settled"]
        assert len({call[1] for call in settled}) == len(settled) == self.rows
        assert {(call[2], call[3]) for call in settled} == {(INPUT_TOKENS, TOKENS)}
        statuses = Counter(call[0] for call in calls)
        assert set(statuses) <= {"settled", "lost", "released"}
        assert statuses["lost"] == lost
        assert asked <= self.rows + lost, "what the provider was asked, and nobody knows of"
        sums = tuple(sum(call[place] for call in calls) for place in (2, 3))
        [job] = self.world.rows("SELECT input_tokens, output_tokens FROM jobs_job WHERE id = %s", self.id)
        assert job == sums
        different = self.world.rows(
            "SELECT r.index FROM jobs_jobrow r JOIN usage_call c ON c.id = r.call WHERE r.job_id = %s "
            "AND ((r.usage->>'input_tokens')::bigint, (r.usage->>'output_tokens')::bigint) "
            "IS DISTINCT FROM (c.input_tokens, c.output_tokens)",
            self.id,
        )
        assert different == []


async def start(world: World, *, rows: int = ROWS, tokens: int = TOKENS) -> Batch:
    name = uuid.uuid4().hex[:8]
    spec = {
        "template": {"user": f"n={tokens} rate=20 id={{{{id}}}}"},
        "rows": [{"id": f"{name}-{number}"} for number in range(rows)],
        "model": "mock",
        "concurrency": AT_ONCE,
    }
    job = await world.call("POST", "jobs", {"kind": "batch", "spec": spec})
    return Batch(world, job, name, rows)


async def test_row_29_a_killed_worker_leaves_one_result_a_row(world: World) -> None:
    batch = await start(world)
    await batch.until(world.chance.randrange(5, ROWS // 2))
    pid = world.signal("worker", signal.SIGKILL)
    await batch.verify(lost_at_most=AT_ONCE)
    await world.back("worker", pid)


async def test_row_29_a_killed_place_of_a_worker_leaves_one_result_a_row(world: World) -> None:
    """The broker's message comes back at once, while the lease still holds, and again; each row happens once."""
    batch = await start(world)
    await batch.until(world.chance.randrange(5, ROWS // 2))
    place(world, batch, signal.SIGKILL)
    await batch.verify(lost_at_most=AT_ONCE)


async def test_row_29_a_worker_that_comes_back_from_the_dead_writes_nothing(world: World) -> None:
    batch = await start(world)
    await batch.until(world.chance.randrange(5, ROWS // 2))
    frozen = place(world, batch, signal.SIGSTOP)
    try:
        async with asyncio.timeout(world.limit(30)):
            while owner(world, batch) == frozen:
                await asyncio.sleep(0.02)
        await batch.until(ROWS // 2 + 5)
    finally:
        world.kill(frozen, signal.SIGCONT)
    await batch.verify(lost_at_most=AT_ONCE)


@pytest.mark.parametrize("how", ["with its data", "wiped"])
async def test_row_30_a_broker_that_restarts_loses_no_job_and_none_runs_twice(world: World, how: str) -> None:
    """Two run, the third waits for a place of theirs."""
    batches = [await start(world, rows=ROWS // 2) for _ in range(3)]
    await batches[0].until(world.chance.randrange(1, 10))
    pid = world.signal("redis", signal.SIGTERM)
    await world.back("redis", pid)
    if how == "wiped":
        with world.store() as client:
            client.flushall()
    for batch in batches:
        await batch.verify(lost_at_most=0)


@pytest.mark.alone
async def test_row_30_others_begin_soon_after_a_restart_of_the_broker_while_a_long_job_goes_on(world: World) -> None:
    """A worker that waits for its longest job before it takes another one is of no use to anybody else."""
    worker = world.product.pid("worker")
    long = await start(world, rows=1, tokens=2000)
    await until(world, long, "running")
    pid = world.signal("redis", signal.SIGKILL)
    await world.back("redis", pid)
    await exported(world)
    assert long.now[0] == "running"
    await world.call("POST", f"jobs/{long.id}/cancel")
    await until(world, long, "cancelled")
    await exported(world)  # what the broker's first life knew can't be acknowledged, which is no reason to stop
    assert world.product.pid("worker") == worker


async def test_row_30_a_wiped_broker_is_filled_again_from_the_rows(world: World) -> None:
    """Nobody works, and what the broker was told is gone before anybody has heard of it."""
    async with world.kept_down("worker"):
        batch = await start(world, rows=AT_ONCE)
        with world.store() as client:
            client.flushall()
    await batch.verify(lost_at_most=0)


async def until(world: World, batch: Batch, status: str) -> None:
    """Wait until it has this status."""
    async with asyncio.timeout(world.limit(30)):
        while batch.now[0] != status:
            await asyncio.sleep(0.02)


async def exported(world: World) -> None:
    """Have a job of another kind run, soon."""
    job = await world.call("POST", "jobs", {"kind": "export", "spec": {}})
    async with asyncio.timeout(world.limit(10)):
        while (await world.call("GET", f"jobs/{job['id']}"))["status"] != "done":
            await asyncio.sleep(0.1)


def owner(world: World, batch: Batch) -> int:
    """The process that has the job."""
    [(name,)] = world.rows("SELECT lease_owner FROM jobs_job WHERE id = %s", batch.id)
    return int(name.rpartition(".")[2] or 0)


def place(world: World, batch: Batch, which: signal.Signals) -> int:
    """Send a signal to the process that has the job; its pid."""
    pid = owner(world, batch)
    assert pid in world.places()
    world.kill(pid, which)
    return pid
