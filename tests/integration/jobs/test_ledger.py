"""Every call of a job is in the ledger: reserved as its row is taken, settled as its row ends."""

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from backend.core import db
from backend.jobs import books, kinds, room
from backend.jobs.calls import RowCalls
from backend.jobs.engine import begun
from backend.jobs.kinds.base import Checked, Kind, NewRow, Outcome, Rows
from backend.jobs.models import Job
from backend.providers.base import CompletionRequest, Delta, Finish, Passing, ProviderError, TextDelta, Usage, sending
from backend.usage.budgets import budget_create, budget_delete, budget_update
from backend.usage.money import dollars
from backend.usage.reports import report
from backend.usage.schemas import BudgetChange, BudgetNew, UsageQuery
from tests.integration.jobs.conftest import FAST, PLACE, JobSite
from tests.integration.usage.rows import run
from tests.support.scripted import Entry, Resolved, ScriptedProvider

OTHER = replace(PLACE, worker="there.1", name="there.1.2")


def answers(request: CompletionRequest) -> list[Any]:
    match request.messages[-1]["content"].partition("Say ")[2]:
        case "refused":
            return [ProviderError("No.", temporary=False)]
        case "cut":
            return [[TextDelta("x" * 40)], ProviderError("Gone.", temporary=True)]
        case "passed":
            return [[Passing("provider_error", "second")], [TextDelta("y")], [Usage(10, 2), Finish("stop")]]
        case _:
            return [[TextDelta("x")], [Usage(10, 2, cached_tokens=4), Finish("stop")]]


async def test_each_row_is_one_call_reserved_as_it_is_taken_and_settled_as_it_ends(site: JobSite):
    site.provider.script = answers
    second = Entry("second", input_price=Decimal(20), output_price=Decimal(100))
    first = Entry("scripted", cached_price=Decimal("0.5"))
    site.registry.chains["scripted"] = Resolved(site.provider, first, Resolved(site.provider, second))
    client = await site.ada()
    words = ["plain", "refused", "cut", "passed"]
    job = await site.batch(client, rows=[{"word": word} for word in words], concurrency=2, params={"max_tokens": 50})
    await site.work(job)
    [row] = await db.rows("SELECT owner_id, key, team FROM jobs_job WHERE id = %(id)s", {"id": job["id"]})
    rows = await db.rows(
        "SELECT input->>'word' AS word, r.*, to_jsonb(c) AS \"of\" FROM jobs_jobrow r "
        "JOIN usage_call c ON c.id = r.call WHERE r.job_id = %(id)s ORDER BY r.index",
        {"id": job["id"]},
    )
    calls = await site.calls(job)
    assert len(rows) == len(calls) == 4, "a row, a call"
    for call in calls:
        assert (call["purpose"], call["user_id"], call["key_id"]) == ("job", row["owner_id"], row["key"])
        assert call["reserved_cost"] == (call["reserved_cost"] or 0) > Decimal(50) * 10 / 1_000_000
        assert call["row"] in {one["id"] for one in rows}
    assert row["key"] is not None
    found = {one["word"]: one for one in rows}
    assert {word: one["of"]["status"] for word, one in found.items()} == {
        "plain": "settled",
        "refused": "released",
        "cut": "estimated",
        "passed": "settled",
    }
    assert found["plain"]["cost"] == (6 * Decimal(2) + 4 * Decimal("0.5") + 2 * 10) / 1_000_000, (
        "what was cached is cheap"
    )
    assert found["passed"]["of"]["model"] == "second"
    assert found["passed"]["cost"] == (10 * Decimal(20) + 2 * 100) / 1_000_000
    assert found["cut"]["usage"]["estimated"]
    assert found["cut"]["usage"]["output_tokens"] == 10
    assert (found["refused"]["usage"], found["refused"]["cost"]) == (None, None)
    ended = await site.seen(client, job)
    assert round(Decimal(ended["cost"]), 9) == sum(call["cost"] or 0 for call in calls)
    today = datetime.now(UTC).date()
    for by, groups in (("model", 2), ("key", 1)):
        query = UsageQuery.model_validate({"by": by, "from": today, "to": today})
        told = await report(query=query, user=row["owner_id"])
        assert (len(told.items), told.total.calls) == (groups, 4)


async def test_a_budget_pauses_a_job_loses_nothing_that_ended_and_lets_it_go_on(site: JobSite):
    site.provider.script = answers
    budget = await db.in_thread(
        budget_create, data=BudgetNew(scope="user", period="day", measure="requests", limit=5, name="Five")
    )
    client = await site.ada()
    job = await site.batch(client, rows=20, concurrency=8)
    await site.work(job)
    paused = await site.seen(client, job)
    assert (paused["status"], paused["reason"], paused["done"], paused["failed"]) == ("paused", "quota_exceeded", 5, 0)
    assert (paused["error"]["code"], paused["error"]["sentence"]) == ("quota_exceeded", "budget_used")
    assert "5 of 5 requests" in paused["error"]["message"]
    assert Counter(call["status"] for call in await site.calls(job)) == {"settled": 5}
    await db.in_thread(budget_update, budget=budget, data=BudgetChange(limit=100))
    assert (await client.post(f"/api/v1/jobs/{job['id']}/resume")).status_code == 200
    await site.work(job)
    assert (await site.seen(client, job))["done"] == 20
    assert len(site.provider.calls) == 20


async def test_a_job_that_a_budget_paused_goes_on_by_itself_once_there_is_room(site: JobSite):
    site.provider.script = answers
    budget = await db.in_thread(
        budget_create, data=BudgetNew(scope="user", period="day", measure="requests", limit=2, name="Two")
    )
    client = await site.ada()
    jobs = {name: await site.batch(client, rows=3, concurrency=1) for name in ("goes on", "paused", "cancelled")}
    for job in jobs.values():
        await site.work(job)
        assert (await site.seen(client, job))["reason"] == "quota_exceeded"
    for name, what in (("paused", "pause"), ("cancelled", "cancel")):
        assert (await client.post(f"/api/v1/jobs/{jobs[name]['id']}/{what}")).status_code == 200
    assert await db.in_thread(room.resume) == 0, "it is used up"
    await db.in_thread(budget_update, budget=budget, data=BudgetChange(limit=3))
    assert await db.in_thread(room.resume) == 1
    assert [(await site.seen(client, job))["status"] for job in jobs.values()] == ["queued", "paused", "cancelled"]
    own = jobs["goes on"]
    await site.work(own)
    assert (await site.seen(client, own))["reason"] == "", "the third call was the last that it needed"
    events = await site.events(own)
    assert [one["data"]["text"] for one in events if one["type"] == "log"].count(room.SAID.text) == 1
    assert [one["data"]["status"] for one in events if one["type"] == "status"].count("queued") == 1


@pytest.mark.parametrize("what", ["begins anew", "is removed", "is switched off"])
async def test_a_budget_has_room_again_when_it(site: JobSite, what: str):
    site.provider.script = answers
    budget = await db.in_thread(
        budget_create, data=BudgetNew(scope="everybody", period="month", measure="cost", limit=0, name="Nothing")
    )
    client = await site.ada()
    job = await site.batch(client, rows=1, concurrency=1)
    await site.work(job)
    assert await db.in_thread(room.resume) == 0
    if what == "begins anew":
        last = "to_jsonb((error #>> '{budget,start}')::timestamptz - interval '31 days')"
        await run(f"UPDATE jobs_job SET error = jsonb_set(error, '{{budget,start}}', {last})")
    elif what == "is removed":
        await db.in_thread(budget_delete, budget=budget)
    else:
        await db.in_thread(budget_update, budget=budget, data=BudgetChange(enabled=False))
    assert await db.in_thread(room.resume) == 1
    assert (await site.seen(client, job))["status"] == "queued"


class Twice(Kind):
    """Two rows, each of which asks twice."""

    name = "twice"
    concurrency = 1
    resolved: Resolved

    async def check(self, principal: Any, spec: dict[str, Any]) -> Checked:
        return Checked(spec={})

    def rows(self, job: Job) -> Rows:
        return Rows(iter([NewRow(input={}), NewRow(input={})]))

    @asynccontextmanager
    async def open(self, handle: Any) -> AsyncIterator[Any]:
        self.handle = handle
        yield self

    async def run(self, row: Any) -> Outcome:
        calls = RowCalls(self.handle.job, row)
        for _ in range(2):
            request = CompletionRequest(model="scripted", messages=[])
            async with calls.asked(self.resolved, request) as meter, aclosing(meter.stream(request)) as reads:
                async for _ in reads:
                    pass
        return Outcome(output="x", usage=calls.usage, cost=calls.cost)


async def test_a_row_that_makes_several_calls_books_each_and_stays_to_be_done_where_a_budget_stops_it(
    site: JobSite, monkeypatch: pytest.MonkeyPatch
):
    kind = Twice()
    kind.resolved = Resolved(site.provider)
    monkeypatch.setitem(kinds._KINDS, "twice", kind)
    site.provider.script = lambda request: [[TextDelta("x")], [Usage(10, 2), Finish("stop")]]
    budget = await db.in_thread(
        budget_create, data=BudgetNew(scope="everybody", period="month", measure="requests", limit=3)
    )
    client = await site.ada()
    job = (await client.post("/api/v1/jobs", json={"kind": "twice", "spec": {}})).json()
    await site.work(job)
    paused = await site.seen(client, job)
    assert (paused["status"], paused["reason"], paused["done"]) == ("paused", "quota_exceeded", 1)
    [done, left] = (await site.seen(client, job, "/rows"))["items"]
    assert (done["usage"]["input_tokens"], left["status"], left["attempt"]) == (20, "pending", 0)
    assert paused["input_tokens"] == 30, "what the row took that was stopped is the job's, too"
    await db.in_thread(budget_update, budget=budget, data=BudgetChange(limit=100))
    await client.post(f"/api/v1/jobs/{job['id']}/resume")
    await site.work(job)
    ended = await site.seen(client, job)
    assert (ended["status"], ended["done"], ended["input_tokens"]) == ("done", 2, 50)
    assert {call["row"] for call in await site.calls(job)} == {
        row["id"] for row in await db.rows("SELECT id FROM jobs_jobrow WHERE job_id = %(id)s", {"id": job["id"]})
    }


async def test_the_books_see_what_does_not_add_up_and_give_up_what_nobody_ends(site: JobSite):
    client = await site.ada()
    job = await site.batch(client, rows=2)
    await site.work(job)
    ident = {"id": UUID(job["id"])}
    async with db.connect() as connection:
        await connection.execute(
            "UPDATE jobs_jobrow SET usage = '{\"input_tokens\": 7}' WHERE job_id = %(id)s AND index = 0", ident
        )
        await connection.execute("UPDATE jobs_job SET input_tokens = 7 WHERE id = %(id)s", ident)
        await connection.execute(
            "UPDATE usage_call SET status = 'reserved', settled = NULL, created = now() - interval '1 h' "
            "WHERE id = (SELECT call FROM jobs_jobrow WHERE job_id = %(id)s AND index = 1)",
            ident,
        )
    assert len(await db.in_thread(books.prove)) == 2, "a row, and one whose call is open"
    assert await db.in_thread(books.sweep) == 1
    assert len(await db.in_thread(books.prove)) == 1
    await db.in_thread(Job.objects.filter(id=job["id"]).delete)


async def test_a_death_costs_what_was_sent_by_what_the_others_took_and_nothing_for_the_rest(site: JobSite):
    held, sent = asyncio.Event(), asyncio.Event()

    class Late(ScriptedProvider):
        """Some wait before they are sent, some for their answer."""

        async def stream(self, request: CompletionRequest) -> AsyncGenerator[list[Delta], None]:
            if "late" in request.messages[-1]["content"]:
                await held.wait()
            async with aclosing(super().stream(request)) as reads:
                async for some in reads:
                    yield some

    answer: list[Any] = [[TextDelta("x")], [Usage(10, 6), Finish("stop")]]
    late = Late(script=lambda request: answer if "plain" in request.messages[-1]["content"] else [sent, *answer])
    site.registry.chains["scripted"] = Resolved(late, Entry("scripted"))
    client = await site.ada()
    words = [*("plain",) * 3, "slow", "slow", "late", "late", "late"]
    job = await site.batch(client, rows=[{"word": word} for word in words], concurrency=5)
    dead = asyncio.create_task(site.work(job, settings=replace(FAST, tick=60)))
    async with asyncio.timeout(10):
        while len(late.calls) < 5 or (await site.seen(client, job))["done"] < 3:  # noqa: ASYNC110
            await asyncio.sleep(0.02)
    async with db.connect() as connection:
        await connection.execute("UPDATE jobs_job SET lease_until = now() - interval '1 s' WHERE id = %s", [job["id"]])
    next_one = ScriptedProvider(script=lambda request: answer)
    site.registry.chains["scripted"] = Resolved(next_one, Entry("scripted"))
    assert await site.work(job, place=OTHER)
    held.set()
    sent.set()
    await dead
    assert len(late.calls) == 5, "whoever comes back from the dead sends nothing more"
    calls = await site.calls(job)
    assert Counter(call["status"] for call in calls) == {"settled": 8, "lost": 2, "released": 3}
    lost = [call for call in calls if call["status"] == "lost"]
    assert {(call["output_tokens"], call["input_tokens"] < 10) for call in lost} == {(6, True)}
    ended, rows = await site.seen(client, job), (await site.seen(client, job, "/rows"))["items"]
    assert [(row["attempt"], row["lost"]) for row in rows] == [(1, 0)] * 3 + [(2, 1)] * 2 + [(1, 0)] * 3
    cost = sum(call["cost"] for call in lost)
    assert (ended["lost_calls"], round(ended["lost_cost"], 9)) == (2, round(float(cost), 9))
    assert round(sum(row["cost"] for row in rows) + ended["lost_cost"], 9) == round(ended["cost"], 9)
    said = [event["data"]["text"] for event in await site.events(job) if event["type"] == "log"]
    assert f"2 calls under way were cut off; they are reckoned at {dollars(cost)}, by estimate." in said


async def test_where_it_is_not_known_what_was_sent_all_of_it_counts(site: JobSite, monkeypatch: pytest.MonkeyPatch):
    job = UUID(int=7)
    with begun.marking(job), begun.sent_as(UUID(int=8)):
        sending()
        assert await db.in_thread(begun.taken, job) == [UUID(int=8)]
        with pytest.raises(begun.TakenAway):
            sending()
    assert await db.in_thread(begun.taken, job) is None, "the file went with the job"
    with begun.marking(job):
        monkeypatch.setattr(begun, "_boot", lambda: b"another")
        assert await db.in_thread(begun.taken, job) is None, "this machine was started anew"
