"""What keeps a job right: one worker at a time, rows that happen once in effect, pauses, cancels, deaths."""

import asyncio
import time
from collections import Counter
from dataclasses import replace
from typing import Any

import pytest

from backend.core import db
from backend.core.errors import Unavailable
from backend.jobs import pusher
from backend.jobs.engine import commit as commits
from backend.jobs.engine import lease, loop
from backend.jobs.models import Job
from backend.providers.base import CompletionRequest, Finish, TextDelta, Usage
from tests.integration.jobs.conftest import FAST, PLACE, JobSite

OTHER = replace(PLACE, worker="there.1", name="there.1.2")
ANSWER: list[Any] = [[TextDelta("x")], [Usage(1, 1), Finish("stop")]]


class Gate:
    """A provider's script that answers the first `free` calls and holds the others."""

    def __init__(self, free: int) -> None:
        self.free, self.open = free, asyncio.Event()
        self.calls: list[str] = []

    def __call__(self, request: CompletionRequest) -> list[Any]:
        self.calls.append(request.messages[-1]["content"])
        return ANSWER if len(self.calls) <= self.free else [self.open, *ANSWER]


async def until(check: Any, within: float = 10) -> None:
    async with asyncio.timeout(within):
        while not await check():  # noqa: ASYNC110 - what is waited for is in the database
            await asyncio.sleep(0.02)


async def counts(job: dict[str, Any]) -> dict[str, Any]:
    found = await db.row(
        "SELECT status, done, failed, fence, wanted, lease_owner, input_tokens, output_tokens, cost FROM jobs_job "
        "WHERE id = %(id)s",
        {"id": job["id"]},
    )
    assert found is not None
    return found


async def lost_and_begun(job: dict[str, Any]) -> tuple[int, int]:
    row = await db.row("SELECT sum(lost) l, sum(attempt) a FROM jobs_jobrow WHERE job_id = %(id)s", {"id": job["id"]})
    assert row is not None
    return row["l"], row["a"]


async def booked(site: JobSite, job: dict[str, Any]) -> dict[str, int]:
    """How many calls the ledger has, by status. Their sums are the job's."""
    calls, seen = await site.calls(job), await counts(job)
    for name in ("input_tokens", "output_tokens", "cost"):
        assert sum(call[name] or 0 for call in calls) == seen[name], name
    return dict(Counter(call["status"] for call in calls))


async def expired(job: dict[str, Any]) -> None:
    """As if the worker had said nothing for long."""
    async with db.connect() as connection:
        await connection.execute("UPDATE jobs_job SET lease_until = now() - interval '1 s' WHERE id = %s", [job["id"]])


async def test_after_a_death_only_what_was_under_way_is_done_again_and_counted_as_lost(site: JobSite):
    gate = site.provider.script = Gate(free=7)
    client = await site.ada()
    job = await site.batch(client, rows=20, concurrency=4)
    dead = asyncio.create_task(site.work(job, settings=replace(FAST, tick=60)))
    await until(lambda: _done(job, 7))
    await until(lambda: _calls(gate, 11))
    assert not await site.work(job, place=OTHER), "its lease holds"
    await expired(job)
    again = site.provider.script = Gate(free=100)
    assert await site.work(job, place=OTHER)
    found = await counts(job)
    assert (found["status"], found["done"]) == ("done", 20)
    assert await lost_and_begun(job) == (4, 24)
    assert await booked(site, job) == {"settled": 20, "lost": 4}
    assert len(gate.calls) + len(again.calls) == 24
    gate.open.set()
    assert await dead, "whoever comes back from the dead"
    assert await counts(job) == found, "writes nothing"
    told = [event["data"] for event in await site.events(job) if event["type"] == "progress"]
    assert told == sorted(told, key=lambda data: data["done"]), "progress never goes back"
    rows = [event["data"]["index"] for event in await site.events(job) if event["type"] == "row"]
    assert sorted(rows) == list(range(20)), "each row is told once"
    assert any("died" in event["data"]["text"] for event in await site.events(job) if event["type"] == "log")


async def test_a_worker_that_was_frozen_for_longer_than_its_lease_asks_nobody_any_more(site: JobSite):
    """It can't know who has the job now; what failed while it stood still it would ask for once more."""
    client = await site.ada()
    job = await site.batch(client, rows=4, concurrency=2)
    calls = 0

    def freeze(request: CompletionRequest) -> list[Any]:
        nonlocal calls
        calls += 1
        if calls == 2:
            time.sleep(FAST.lease + 0.1)
        return [asyncio.Event()]

    site.provider.script = freeze
    assert await site.work(job)
    assert (calls, site.provider.closed) == (2, 2)
    site.provider.script = lambda request: ANSWER
    assert await site.work(job, place=OTHER)
    assert await lost_and_begun(job) == (2, 6)
    assert await booked(site, job) == {"settled": 4, "lost": 2}


async def test_a_pause_lets_calls_end_and_a_resume_goes_on(site: JobSite):
    gate = site.provider.script = Gate(free=2)
    client = await site.ada()
    job = await site.batch(client, rows=9, concurrency=3)
    running = asyncio.create_task(site.work(job))
    await until(lambda: _calls(gate, 5))
    reply = (await client.post(f"/api/v1/jobs/{job['id']}/pause")).json()
    assert (reply["status"], reply["wanted"]) == ("running", "pause")
    gate.open.set()
    await running
    paused = await site.seen(client, job)
    assert (paused["status"], paused["done"], paused["wanted"]) == ("paused", 5, "")
    assert not await site.work(job)
    assert (await client.post(f"/api/v1/jobs/{job['id']}/resume")).json()["status"] == "queued"
    assert (await client.post(f"/api/v1/jobs/{job['id']}/resume")).status_code == 409
    await site.work(job)
    assert (await site.seen(client, job))["done"] == 9
    assert len(gate.calls) == 9
    assert (await client.post(f"/api/v1/jobs/{job['id']}/pause")).status_code == 409


async def test_a_resume_in_the_moment_in_which_it_pauses_is_the_last_word(site: JobSite, monkeypatch):
    gate = site.provider.script = Gate(free=2)
    client = await site.ada()
    job = await site.batch(client, rows=9, concurrency=3)
    end = lease.end

    def late(**values: Any) -> bool:
        Job.objects.filter(id=job["id"], wanted="pause").update(wanted="")
        return end(**values)

    running = asyncio.create_task(site.work(job))
    await until(lambda: _calls(gate, 5))
    await client.post(f"/api/v1/jobs/{job['id']}/pause")
    higher = await client.post(f"/api/v1/jobs/{job['id']}/resume", json={"cost_cap": 10})
    assert higher.status_code == 409, "a cap is not dropped in silence"
    monkeypatch.setattr(lease, "end", late)
    gate.open.set()
    await running
    seen = await site.seen(client, job)
    assert (seen["status"], seen["wanted"]) == ("running", "")
    assert await site.work(job)
    seen = await site.seen(client, job)
    assert (seen["status"], seen["done"], len(gate.calls)) == ("done", 9, 9)


async def test_a_cancel_breaks_calls_off_keeps_what_is_done_and_can_be_taken_up_again(site: JobSite):
    gate = site.provider.script = Gate(free=2)
    client = await site.ada()
    job = await site.batch(client, rows=9, concurrency=3)
    running = asyncio.create_task(site.work(job))
    await until(lambda: _calls(gate, 5))
    await client.post(f"/api/v1/jobs/{job['id']}/cancel")
    await running
    ended = await site.seen(client, job)
    assert (ended["status"], ended["done"]) == ("cancelled", 2)
    assert site.provider.closed == 5
    assert await booked(site, job) == {"settled": 2, "estimated": 3}
    assert ended["lost_calls"] == 3, "no row has what they cost"
    assert len((await site.seen(client, job, "/rows?status=cancelled"))["items"]) == 7
    await client.post(f"/api/v1/jobs/{job['id']}/retry")
    gate.open.set()
    await site.work(job)
    assert (await site.seen(client, job))["done"] == 9


async def test_what_nobody_works_on_is_cancelled_at_once(site: JobSite):
    client = await site.ada()
    job = await site.batch(client)
    assert (await client.post(f"/api/v1/jobs/{job['id']}/cancel")).json()["status"] == "cancelled"
    assert not await site.work(job)
    assert site.provider.calls == []


async def test_a_worker_that_is_told_to_stop_hands_its_job_over(site: JobSite):
    gate = site.provider.script = Gate(free=2)
    client = await site.ada()
    job = await site.batch(client, rows=6, concurrency=2)
    told = asyncio.Event()
    running = asyncio.create_task(site.work(job, stopping=told.is_set))
    await until(lambda: _calls(gate, 4))
    site.pushed.clear()
    told.set()
    await running
    assert (await counts(job))["lease_owner"] == ""
    assert [str(ident) for ident, _ in site.pushed][:1] == [job["id"]]
    gate.open.set()
    assert await site.work(job, place=OTHER)
    assert (await counts(job))["done"] == 6
    assert await lost_and_begun(job) == (2, 8)
    assert await booked(site, job) == {"settled": 6, "estimated": 2}


async def test_a_row_that_kills_its_worker_again_and_again_is_given_up(site: JobSite):
    client = await site.ada()
    job = await site.batch(client, rows=2, concurrency=1)
    for _ in range(3):
        gate = site.provider.script = Gate(free=0)
        dead = asyncio.create_task(site.work(job, settings=replace(FAST, tick=60)))
        await until(lambda gate=gate: _calls(gate, 1))
        await expired(job)
        dead.cancel()
        await asyncio.gather(dead, return_exceptions=True)
    site.provider.script = lambda request: ANSWER
    await site.work(job)
    ended = await site.seen(client, job)
    assert (ended["status"], ended["done"], ended["failed"]) == ("done", 1, 1)
    [row] = (await site.seen(client, job, "/rows?status=failed"))["items"]
    assert "died 3 times" in row["error"]["message"]


@pytest.mark.parametrize("stored", [True, False])
async def test_a_database_that_goes_away_loses_and_doubles_nothing(site: JobSite, monkeypatch, stored: bool):
    """Whether the statement whose answer was lost had happened or not."""
    site.provider.script = lambda request: ANSWER
    client = await site.ada()
    job = await site.batch(client, rows=30, concurrency=4)
    real, times = commits.commit, 0

    async def commit(**values: Any) -> Any:
        nonlocal times
        times += 1
        if times in {2, 3, 5}:
            if stored:
                await real(**values)
            raise Unavailable
        return await real(**values)

    monkeypatch.setattr(loop, "commit", commit)
    monkeypatch.setattr(loop, "AWAY_PAUSE", 0.01)
    await site.work(job)
    ended = await site.seen(client, job)
    assert (ended["status"], ended["done"]) == ("done", 30)
    rows = [event["data"]["index"] for event in await site.events(job) if event["type"] == "row"]
    assert sorted(rows) == list(range(30))
    assert len(site.provider.calls) == 30
    found = await booked(site, job)
    assert found.pop("settled") == 30
    assert set(found) <= {"released"}, "rows whose taking nobody heard of were not asked for"


async def test_what_the_broker_forgot_is_told_again_and_what_somebody_has_is_not(site: JobSite):
    gate = site.provider.script = Gate(free=0)
    client = await site.ada()
    waiting, held = await site.batch(client), await site.batch(client)
    running = asyncio.create_task(site.work(held))
    await until(lambda: _calls(gate, 3))
    site.pushed.clear()
    assert await db.in_thread(pusher.requeue) == 1
    assert [(str(ident), kind) for ident, kind in site.pushed] == [(waiting["id"], "batch")]
    assert await db.in_thread(pusher.requeue) == 0, "it was told a moment ago"
    gate.open.set()
    await running


async def test_jobs_over_a_persons_limit_or_without_a_place_wait_and_say_so(site: JobSite):
    gate = site.provider.script = Gate(free=0)
    client = await site.ada()
    jobs = [await site.batch(client, rows=1) for _ in range(3)]
    running = [asyncio.create_task(site.work(job)) for job in jobs[:2]]
    await until(lambda: _calls(gate, 2))
    assert not await site.work(jobs[2], place=replace(OTHER, most=2))
    assert "another job of yours" in (await site.seen(client, jobs[2]))["step"]
    assert not await site.work(jobs[2]), "two of three places have batches, the third is for others"
    assert (await site.seen(client, jobs[2]))["step"] == "Waiting for a place."
    site.pushed.clear()
    gate.open.set()
    await asyncio.gather(*running)
    assert jobs[2]["id"] in {str(ident) for ident, _ in site.pushed}, "a place is free"
    assert await site.work(jobs[2])


async def test_two_devices_see_the_same_and_one_comes_back_to_exactly_the_rest(site: JobSite):
    gate = site.provider.script = Gate(free=3)
    client, key = await site.someone()
    job = await site.batch(client, rows=8, concurrency=2)
    one, other = await site.socket(key), await site.socket(key)
    reply = await one.call("subscribe", topic=job["topic"])
    assert reply["result"]["snapshot"]["total"] == 8
    running = asyncio.create_task(site.work(job))
    await until(lambda: _done(job, 3))
    late = (await other.call("subscribe", topic=job["topic"]))["result"]
    assert not late["recovered"]
    assert late["snapshot"]["done"] >= 3
    gate.open.set()
    await running
    end = (await site.seen(client, job))["position"]
    first = await one.events(end["offset"] - reply["result"]["position"]["offset"])
    again = await one.call("subscribe", topic=job["topic"], since=late["position"])
    assert again["result"]["recovered"]
    second = await other.events(end["offset"] - late["position"]["offset"])
    assert first[-len(second) :] == second
    assert second[-1]["type"] == "status"
    await one.leave()
    await other.leave()


async def _done(job: dict[str, Any], number: int) -> bool:
    return bool((await counts(job))["done"] >= number)


async def _calls(gate: Gate, number: int) -> bool:
    return len(gate.calls) >= number


async def test_one_persons_long_jobs_make_room_for_anothers_short_one(site: JobSite):
    ada, bob = await site.ada(), (await site.someone("bob@example.org"))[0]
    site.provider.script = lambda request: [0.02, *ANSWER]
    long = [await site.batch(ada, rows=400, concurrency=2) for _ in range(2)]
    fair = replace(FAST, share=0.5)
    at_work = [asyncio.create_task(site.work(job, settings=fair)) for job in long]
    await until(lambda: _running(2))
    short = await site.batch(bob, rows=3, concurrency=3)
    assert not await site.work(short), "both places are taken"
    await until(lambda: _running(1))
    assert await site.work(short, settings=fair)
    assert (await counts(short))["status"] == "done"
    assert [(await counts(job))["status"] for job in long] == ["running"] * 2
    [waits] = [job for job, work in zip(long, at_work, strict=True) if work.done()]
    assert (await site.seen(ada, waits))["step"] == "Waiting for a place."
    for job in long:
        await ada.post(f"/api/v1/jobs/{job['id']}/cancel")
    await site.work(waits)
    await asyncio.gather(*at_work)
    assert await lost_and_begun(waits) == (0, (await counts(waits))["done"]), "nothing was broken off for it"


async def _running(count: int) -> bool:
    row = await db.row("SELECT count(*) n FROM jobs_job WHERE status = 'running' AND lease_until > now()", {})
    assert row is not None
    return bool(row["n"] == count)
