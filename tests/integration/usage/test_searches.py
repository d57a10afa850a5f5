"""Web searches are in the ledger as calls are, count for budgets and answers, and are limited for each person."""

import asyncio
from collections.abc import AsyncIterator
from decimal import Decimal
from typing import Any
from uuid import uuid4

import msgspec
import pytest
from django.core.cache.backends.locmem import LocMemCache
from redis.exceptions import ConnectionError as Away

from backend.core import db, limits, redis
from backend.core.errors import QuotaExceeded
from backend.providers.base import Finish, TextDelta, Usage
from backend.search import kept, service
from backend.search.account import Account
from backend.search.base import Found, Hit, SearchError
from backend.search.options import Options
from backend.search.service import Service
from backend.usage import books, reports, rollup, searches
from backend.usage.schemas import UsageQuery
from backend.usage.searches import Payer
from backend.usage.table import csv_of
from tests.integration.usage.rows import budget, calls, run
from tests.support.bench import Bench
from tests.support.scripted import Step
from tests.support.tools import call

SEARCH = [{"type": "web_search"}]


class Paid:
    """A service that counts two credits for a search, or does what `trouble` says."""

    name = "Tavily"

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.trouble: SearchError | None = None
        self.wait: asyncio.Event | None = None

    async def search(self, query: str, **_: Any) -> Found:
        self.asked.append(query)
        if self.wait is not None:
            await self.wait.wait()
        if self.trouble is not None:
            raise self.trouble
        hits = [Hit(url="https://rivers.example/Nile", title="The Nile", snippet="6,650 km")]
        return Found(query=query, provider=self.name, hits=hits, credits=2)


@pytest.fixture
async def paid(bench: Bench, monkeypatch: pytest.MonkeyPatch, settings: Any) -> AsyncIterator[Paid]:
    made = Service(Options(tavily_key="k", tavily_price=Decimal("0.008")))
    made._providers = [found := Paid()]

    async def current() -> Service:
        return made

    cache = LocMemCache(f"searches-{uuid4()}", {})
    monkeypatch.setattr(kept, "cache", cache)
    monkeypatch.setattr(service, "_current", current)
    monkeypatch.setattr(service, "available", lambda: True)
    monkeypatch.setattr(searches, "_rows", {})
    monkeypatch.setattr(limits, "_local", {})
    settings.RIVULET = settings.RIVULET.model_copy(update={"limits": "on"})
    yield found
    await made.close()


def asks(bench: Bench, *queries: str) -> None:
    """The model searches for these at once, then answers."""
    left: list[list[Step]] = [
        [
            [call(query, index=at, name="web_search") for at, query in enumerate(queries)],
            [Usage(10, 5)],
            [Finish("tool_calls")],
        ],
        [[TextDelta("It is long [1].")], [Usage(30, 7)], [Finish("stop")]],
    ]
    bench.provider.script = lambda _: left.pop(0)


def on(person: Any, **more: Any) -> Account:
    async def payer() -> Payer:
        return Payer(user_id=person.user_id)

    return Account(person.user_id, payer, **more)


async def test_an_answers_searches_are_booked_on_its_account_and_in_its_cost(bench: Bench, paid: Paid) -> None:
    ada = await bench.person(team_ids=(team := uuid4(),), key_id=(key := uuid4()))
    asks(bench, "Nile", "Congo")
    started = await bench.send(ada, "How long is the Nile?", tools=SEARCH)
    message = await bench.ended(started)
    rows = [row for row in await calls(started.generation) if row["purpose"] == "search"]
    assert [(row["status"], row["provider"], row["model"], row["credits"], row["cost"]) for row in rows] == [
        ("settled", "Tavily", "web search", 2, Decimal("0.016"))
    ] * 2
    assert {(row["user_id"], row["team_id"], row["key_id"], row["step"]) for row in rows} == {
        (ada.user_id, team, key, 0)
    }
    assert {row["reserved_cost"] for row in rows} == {Decimal("0.008")}
    models = sum(row["cost"] for row in await calls(started.generation) if row["purpose"] == "chat")
    assert message.cost == pytest.approx(float(models) + 0.032)
    told = [msgspec.json.decode(one) for one in await bench.log(started)]
    costs = [one["data"]["cost"] for one in told if one["type"] == "usage"]
    assert len(costs) >= 4, "each search shows at once"
    assert costs == sorted(costs)
    assert costs[-1] == pytest.approx(message.cost)
    prices = await db.rows("SELECT id, service, price FROM usage_searchprice", {})
    assert [(one["service"], one["price"]) for one in prices] == [("Tavily", Decimal("0.008"))]
    assert {row["price_id"] for row in rows} == {prices[0]["id"]}
    assert (await db.in_thread(books.reconcile)).problems == []


async def test_what_is_found_in_the_cache_is_not_booked_and_a_failure_costs_nothing(bench: Bench, paid: Paid) -> None:
    ada = await bench.person()
    for _ in range(2):
        await service.search("Nile", account=on(ada))
    assert [row["status"] for row in await calls()] == ["settled"]
    paid.trouble = SearchError("upstream", "It broke.")
    with pytest.raises(SearchError):
        await service.search("Congo", account=on(ada))
    paid.trouble = SearchError("timeout", "It took too long.")
    with pytest.raises(SearchError):
        await service.search("Rhine", account=on(ada))
    paid.trouble, paid.wait = None, asyncio.Event()
    task = asyncio.create_task(service.search("Elbe", account=on(ada)))
    await bench.until(lambda: found(paid, "Elbe"))
    task.cancel()
    await asyncio.wait([task])
    rows = {row["error"] or row["status"]: row for row in await calls()}
    assert (rows["upstream"]["status"], rows["upstream"]["cost"], rows["upstream"]["credits"]) == ("released", None, 0)
    assert (rows["timeout"]["status"], rows["timeout"]["cost"]) == ("estimated", Decimal("0.008"))
    assert (rows["estimated"]["status"], rows["estimated"]["cost"]) == ("estimated", Decimal("0.008"))


async def found(paid: Paid, query: str) -> bool:
    return query in paid.asked


@pytest.mark.parametrize(("measure", "most"), [("cost", Decimal("0.01")), ("requests", 1)])
async def test_a_budget_stops_a_search_and_the_answer_goes_on(
    bench: Bench, paid: Paid, measure: str, most: Decimal | int
) -> None:
    ada = await bench.person()
    await service.search("Nile", account=on(ada))
    await budget(scope="user", period="day", measure=measure, most=most)
    with pytest.raises(QuotaExceeded, match="Your budget for the day"):
        await service.search("Congo", account=on(ada))
    assert paid.asked == ["Nile"]


async def test_an_answer_whose_search_was_refused_is_told_why(bench: Bench, paid: Paid) -> None:
    ada = await bench.person()
    await budget(scope="user", period="day", measure="requests", most=1)
    asks(bench, "Nile")
    message = await bench.ended(await bench.send(ada, "How long is the Nile?", tools=SEARCH))
    assert (message.status, paid.asked) == ("done", [])
    assert "Your budget for the day does not allow this" in message.parts[0]["text"]


async def test_reports_and_their_table_have_searches(bench: Bench, paid: Paid) -> None:
    ada = await bench.person()
    await service.search("Nile", account=on(ada))
    await run("UPDATE usage_call SET created = created - interval '1 day'")
    for rolled in (False, True):
        if rolled:
            await db.in_thread(rollup.days_roll)
        report = await reports.report(query=UsageQuery(by="model"), user=ada.user_id)
        [one] = report.items
        assert (one.provider, one.model, one.searches, one.credits, one.cost) == ("Tavily", "web search", 1, 2, 0.016)
        assert csv_of(report).splitlines()[1].startswith("Tavily,web search,1,0,0,0,0,0,0,1,2,0.016")


async def test_a_price_that_changed_enters_the_history_once(bench: Bench) -> None:
    first = await searches.price_row("Tavily", Decimal("0.008"))
    searches._rows.clear()
    assert await searches.price_row("Tavily", Decimal("0.008")) == first
    second = await searches.price_row("Tavily", Decimal("0.01"))
    assert second != first
    assert len(await db.rows("SELECT 1 FROM usage_searchprice", {})) == 2


@pytest.mark.parametrize("away", [False, True])
async def test_a_person_has_so_many_searches_in_a_minute_and_in_a_day(
    bench: Bench, paid: Paid, settings: Any, monkeypatch: pytest.MonkeyPatch, away: bool
) -> None:
    ada, bob = await bench.person(), await bench.person("bob@example.org")
    if away:

        class Gone:
            def eval(self, *_: Any) -> Any:
                raise Away

        monkeypatch.setattr(redis, "client", Gone)
        monkeypatch.setattr(limits, "_away_until", 0.0)
    settings.RIVULET = settings.RIVULET.model_copy(update={"searches_per_minute": 2, "searches_per_day": 3})
    await asyncio.gather(*(service.search(name, account=on(ada)) for name in ("Nile", "Congo")))
    with pytest.raises(SearchError, match="2 a minute") as refused:
        await service.search("Rhine", account=on(ada))
    assert refused.value.code == "rate_limited"
    assert 0 < (refused.value.retry_after or 0) <= 30
    await service.search("Nile", account=on(ada))  # from the cache: no search
    await service.search("Elbe", account=on(bob))
    settings.RIVULET = settings.RIVULET.model_copy(update={"searches_per_minute": 0})
    await service.search("Rhine", account=on(ada))
    with pytest.raises(SearchError, match="3 a day"):
        await service.search("Danube", account=on(ada, patience=1))
    assert paid.asked.count("Danube") == 0
    asks(bench, "Amazon")
    message = await bench.ended(await bench.send(ada, "How long is the Nile?", tools=SEARCH))
    assert message.status == "done"
    assert "as many searches as one person may make: 3 a day" in message.parts[0]["text"]
