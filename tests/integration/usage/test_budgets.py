"""A budget holds against any number of calls at once, warns before its end, and says plainly that it is used up."""

import asyncio
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import msgspec
import pytest

from backend.chat.events import EVENTS
from backend.chat.schemas import Started
from backend.core import db
from backend.core.errors import QuotaExceeded
from backend.providers.base import Finish, Usage
from backend.usage import books, budgets, ledger
from backend.usage.ledger import Reservation, Settlement
from tests.integration.chat.test_left_behind import abandon, swept
from tests.integration.usage.rows import budget, calls, run
from tests.support.bench import Bench
from tests.support.scripted import steps, words


async def used(bench: Bench) -> Decimal:
    found: Decimal = await bench.value("SELECT used FROM usage_spend")
    return found.normalize()


async def sends(bench: Bench, count: int, principal: Any) -> tuple[list[Started], list[QuotaExceeded]]:
    found = await asyncio.gather(*(bench.send(principal) for _ in range(count)), return_exceptions=True)
    wrong = [one for one in found if not isinstance(one, Started | QuotaExceeded)]
    assert not wrong, wrong
    return [one for one in found if isinstance(one, Started)], [one for one in found if isinstance(one, QuotaExceeded)]


async def test_of_many_calls_at_once_as_many_go_out_as_the_budget_has(bench: Bench) -> None:
    ada = await bench.person()
    await budget(scope="user", period="day", measure="requests", most=5, name="Trial")
    sent, refused = await sends(bench, 12, ada)
    assert (len(sent), len(refused)) == (5, 7)
    tomorrow = (datetime.now(UTC) + timedelta(days=1)).date()
    assert refused[0].message == (
        "Your budget for the day (Trial) does not allow this: 5 of 5 requests are used or reserved. "
        f"It begins anew on {tomorrow} at 00:00 UTC."
    )
    assert len(await calls()) == await bench.value("SELECT count(*) FROM chat_generation") == 5
    assert await bench.value("SELECT count(*) FROM core_idempotencykey") == 5
    assert await used(bench) == 5
    for started in sent:
        await bench.ended(started)
    assert (await db.in_thread(books.reconcile)).problems == []


async def test_a_key_that_was_answered_is_answered_again_over_budget(bench: Bench) -> None:
    ada = await bench.person()
    await budget(scope="everybody", measure="requests", most=1)
    first = await bench.send(ada, key="once")
    with pytest.raises(QuotaExceeded, match="This site's budget"):
        await bench.send(ada, key="twice")
    assert await bench.send(ada, key="once") == first


async def test_what_was_reserved_gives_way_to_what_was_taken(bench: Bench) -> None:
    ada = await bench.person()
    await budget(scope="user", subject=ada.user_id, measure="cost", most=Decimal("0.02"))
    go = asyncio.Event()
    bench.provider.script = steps(words(1), go, [Usage(100, 10)], [Finish("stop")])
    started = await bench.send(ada)
    assert await used(bench) == Decimal("0.010012")
    with pytest.raises(QuotaExceeded, match=r"reckoned at up to \$0\.010012; \$0\.010012 of \$0\.02 are used"):
        await bench.send(ada)
    go.set()
    await bench.ended(started)
    assert await used(bench) == Decimal("0.0003")
    await bench.ended(await bench.send(ada))
    assert await used(bench) == Decimal("0.0006")


async def test_it_limits_whom_it_is_for_and_nobody_else(bench: Bench) -> None:
    team, other = uuid4(), uuid4()
    ada = await bench.person(team_ids=(team,), key_id=(key := uuid4()))
    bob = await bench.person("bob@example.org", team_ids=(other,), key_id=uuid4())
    for scope, subject in (("team", team), ("key", key), ("user", ada.user_id)):
        await budget(scope=scope, subject=subject, measure="requests", most=0)
        with pytest.raises(QuotaExceeded):
            await bench.send(ada)
        await bench.ended(await bench.send(bob))
        await run("DELETE FROM usage_spend")
        await run("DELETE FROM usage_budget")
    await run("DELETE FROM usage_call")
    await budget(scope="team", measure="requests", most=1)
    await bench.ended(await bench.send(ada))
    with pytest.raises(QuotaExceeded, match="Your team's"):
        await bench.send(ada)
    await bench.ended(await bench.send(bob))


async def test_a_free_model_answers_when_the_money_is_used_up(bench: Bench) -> None:
    ada = await bench.person()
    await budget(scope="user", measure="cost", most=0)
    free = bench.registry.entries["other"]
    free.input_price = free.output_price = None
    assert (await bench.ended(await bench.send(ada, model="other"))).status == "done"
    with pytest.raises(QuotaExceeded):
        await bench.send(ada)


async def warnings(user: UUID) -> list[dict[str, Any]]:
    rows = await db.rows(
        "SELECT body FROM core_outboxevent WHERE topic = %s AND body LIKE '%%\"usage\"%%' ORDER BY id", [f"user.{user}"]
    )
    found = [msgspec.json.decode(row["body"]) for row in rows]
    return [EVENTS["user"]["usage"].model_validate(event["data"]).model_dump() for event in found]


async def test_a_warning_goes_out_once_at_80_percent_and_once_at_the_end(bench: Bench) -> None:
    ada = await bench.person()
    await budget(scope="user", period="month", measure="tokens", most=10_000, name="Mine")

    async def take(tokens: int) -> list[int]:
        bench.provider.script = steps(words(1), [Usage(0, tokens)], [Finish("stop")])
        await bench.ended(await bench.send(ada, params={"max_tokens": 100}))
        return [warning["percent"] for warning in await warnings(ada.user_id)]

    assert await take(7000) == []
    assert await take(1000) == [80]
    assert await take(500) == [80]
    assert await take(1600) == [80, 100]
    last = (await warnings(ada.user_id))[-1]
    assert (last["name"], last["used"], last["limit"], last["subject"]) == ("Mine", 10_100, 10_000, ada.user_id)
    assert last["resets"].day == 1


async def test_a_new_budget_counts_what_its_period_took_already(bench: Bench) -> None:
    ada = await bench.person()
    await bench.ended(await bench.send(ada))
    await bench.ended(await bench.send(ada))
    await budget(scope="user", measure="requests", most=3)
    assert [(one.used, one.limit, one.percent) for one in await budgets.own(ada)] == [(2, 3, 66.7)]
    await bench.ended(await bench.send(ada))
    with pytest.raises(QuotaExceeded):
        await bench.send(ada)
    [mine] = await budgets.own(ada)
    assert (mine.used, mine.each, mine.subject) == (3, True, ada.user_id)


async def test_an_answer_that_goes_on_is_not_stopped_by_a_budget(bench: Bench) -> None:
    ada = await bench.person()
    await budget(scope="user", measure="requests", most=1)
    bench.provider.script = steps(words(3), asyncio.Event())
    started = await bench.send(ada)
    await bench.running(started, "tok2")
    bench.provider.script = steps(words(2, 3), [Finish("stop")])
    await abandon(bench, started)
    assert (await swept(bench, started)).status == "done"
    assert await used(bench) == 2


async def test_a_count_that_went_wrong_is_told_and_mended(bench: Bench) -> None:
    ada = await bench.person()
    await budget(scope="user", measure="requests", most=10)
    await bench.ended(await bench.send(ada))
    await run("UPDATE usage_spend SET used = 7")
    [problem] = (await db.in_thread(books.reconcile)).problems
    assert "was 7.000000000 and is 1" in problem
    assert await used(bench) == 1


async def test_groups_of_calls_count_as_each_of_them_would(bench: Bench) -> None:
    ada, bob = await bench.person(), await bench.person("bob@example.org")
    await budget(scope="user", measure="tokens", most=1000)

    def call(person: Any, tokens: int) -> Reservation:
        return Reservation(
            purpose="job", user_id=person.user_id, provider="p", model="m", input_tokens=tokens, job=uuid4()
        )

    group = [call(ada, 300), call(ada, 300), call(bob, 900)]
    await db.in_thread(ledger.calls_reserve, group)
    with pytest.raises(QuotaExceeded):
        await db.in_thread(ledger.calls_reserve, [call(bob, 50), call(ada, 500)])
    assert len(await calls()) == 3
    await db.in_thread(
        ledger.calls_settle, [Settlement(status="settled", id=one.id, input_tokens=100) for one in group]
    )
    counts = await db.rows("SELECT subject, used FROM usage_spend", {})
    assert {row["subject"]: int(row["used"]) for row in counts} == {ada.user_id: 200, bob.user_id: 100}
