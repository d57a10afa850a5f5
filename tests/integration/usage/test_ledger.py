"""Every call is in the ledger before it goes out, and settled once, whatever becomes of it."""

import asyncio
from contextlib import suppress
from dataclasses import replace
from decimal import Decimal
from uuid import UUID, uuid4

import pytest

from backend.chat import finish, services
from backend.chat.order import Ending
from backend.core import db
from backend.providers.base import CompletionRequest, Finish, ProviderError, TextDelta, Usage
from backend.usage import books, ledger
from backend.usage.ledger import Reservation, Settlement
from backend.usage.meter import metered
from tests.integration.chat.test_left_behind import abandon, begin, hopeless, swept
from tests.integration.usage.rows import calls, run
from tests.support.bench import FAST, Bench
from tests.support.care import alone, chained, down, member
from tests.support.scripted import Entry, Resolved, ScriptedProvider, Step, steps, words


def taken(row: dict[str, object]) -> tuple[object, ...]:
    return row["status"], row["input_tokens"], row["output_tokens"], row["cost"]


async def adds_up() -> None:
    assert (await db.in_thread(books.reconcile)).problems == []


async def test_a_call_is_reserved_with_the_send_and_settled_with_the_end(bench: Bench) -> None:
    go = asyncio.Event()
    bench.provider.script = steps(words(2), go, [Usage(12, 34, 2, 5)], [Finish("stop")])
    ada = await bench.person(team_ids=(team := uuid4(),), key_id=(key := uuid4()))
    started = await bench.send(ada, "x" * 400, params={"max_tokens": 500})
    [row] = await calls()
    assert (row["status"], row["purpose"], row["step"], row["generation"]) == (
        "reserved",
        "chat",
        1,
        started.generation,
    )
    assert (row["user_id"], row["team_id"], row["key_id"]) == (ada.user_id, team, key)
    assert (row["input_tokens"], row["output_tokens"]) == (104, 500)
    assert row["cost"] == row["reserved_cost"] == Decimal("0.005208")
    go.set()
    message = await bench.ended(started)
    [row] = await calls()
    assert taken(row) == ("settled", 12, 34, Decimal("0.000364"))
    assert (row["cached_tokens"], row["reasoning_tokens"], row["reserved_cost"]) == (2, 5, Decimal("0.005208"))
    assert row["settled"] is not None
    assert 0 <= row["first_token_ms"] <= row["duration_ms"]
    assert (message.cost, message.usage and message.usage["output_tokens"]) == (0.000364, 34)
    await adds_up()


async def test_cached_input_costs_what_it_costs(bench: Bench) -> None:
    bench.registry.entries["scripted"] = Entry(cached_price=Decimal("0.5"))
    bench.provider.script = steps(words(1), [Usage(1000, 0, 600)], [Finish("stop")])
    message = await bench.ended(await bench.send(await bench.person()))
    assert message.cost == 0.0011


async def test_an_answer_cut_before_its_usage_carries_a_marked_estimate(bench: Bench) -> None:
    bench.provider.script = steps([TextDelta("x" * 200)], asyncio.Event())
    ada = await bench.person()
    started = await bench.send(ada, "y" * 80)
    await bench.running(started, "x")
    await services.generation_cancel(principal=ada, generation=started.generation)
    message = await bench.ended(started)
    [row] = await calls()
    assert taken(row) == ("estimated", 24, 50, Decimal("0.000548"))
    assert message.usage is not None
    assert (message.usage["estimated"], message.cost) == (True, 0.000548)
    assert b'"usage"' in (await bench.log(started))[-2]
    await adds_up()


async def test_a_call_that_came_to_nothing_costs_nothing(bench: Bench) -> None:
    bench.provider.script = steps(ProviderError("no", code="rate_limited"))
    message = await bench.ended(await bench.send(await bench.person()))
    [row] = await calls()
    assert taken(row) == ("released", 0, 0, None)
    assert (row["error"], message.usage, message.cost) == ("rate_limited", None, None)
    await adds_up()


async def test_the_same_send_twice_is_one_call(bench: Bench) -> None:
    ada = await bench.person()
    first, second = await asyncio.gather(bench.send(ada, key="k"), bench.send(ada, key="k"))
    await bench.ended(first)
    assert first == second
    assert len(await calls()) == 1


async def test_a_takeover_settles_what_the_dead_attempt_took_and_reserves_its_own(bench: Bench) -> None:
    started = await begin(bench)
    await run("UPDATE usage_call SET team_id = %s", [team := uuid4()])
    bench.provider.script = steps(words(2, 3), [Usage(30, 7)], [Finish("stop")])
    await abandon(bench, started)
    message = await swept(bench, started)
    first, second = await calls(started.generation)
    assert taken(first)[:3] == ("lost", 6, 4)  # "tok0 tok1 tok2 " and what was guessed of the question
    assert taken(second)[:3] == ("settled", 30, 7)
    assert (first["step"], second["step"], second["team_id"], second["purpose"]) == (1, 2, team, "chat")
    assert message.usage is not None
    assert (message.usage["input_tokens"], message.usage["output_tokens"]) == (36, 11)
    assert message.usage["estimated"]
    assert Decimal(str(message.cost)) == first["cost"] + second["cost"]
    await adds_up()


async def test_what_the_dead_attempt_had_counted_is_taken_as_counted(bench: Bench) -> None:
    bench.provider.script = steps(words(3), [Usage(10, 3)], asyncio.Event())
    started = await bench.send(await bench.person())
    await bench.until(lambda: _logged(bench, started, b'"usage"'))
    bench.provider.script = steps(words(2, 3), [Usage(14, 2)], [Finish("stop")])
    await abandon(bench, started)
    message = await swept(bench, started)
    assert [taken(row)[:3] for row in await calls()] == [("settled", 10, 3), ("settled", 14, 2)]
    assert message.usage is not None
    assert "estimated" not in message.usage
    await adds_up()


async def _logged(bench: Bench, started: object, what: bytes) -> bool:
    return any(what in event for event in await bench.log(started))  # type: ignore[arg-type]


async def test_what_is_ended_by_another_node_is_settled_there(bench: Bench) -> None:
    started = await begin(bench)
    await hopeless(bench)
    await abandon(bench, started)
    message = await swept(bench, started)
    [row] = await calls()
    assert taken(row)[:3] == ("lost", 6, 4)
    assert message.usage is not None
    assert message.usage["output_tokens"] == 4
    await adds_up()


async def test_an_attempt_that_was_fenced_settles_nothing(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    stored = []
    original = finish._store

    async def late(ending: Ending) -> bool:
        await run("UPDATE chat_generation SET attempt = attempt + 1")
        stored.append(await original(ending))
        return stored[-1]

    monkeypatch.setattr(finish, "_store", late)
    await bench.ended(await bench.send(await bench.person()))
    assert stored == [False]
    assert (await calls())[0]["status"] == "reserved"


async def test_a_crash_between_reserving_and_settling_is_found(bench: Bench) -> None:
    started = await begin(bench)
    await abandon(bench, started)
    await run("UPDATE chat_generation SET status = 'incomplete'")
    assert await db.in_thread(books.sweep) == 0
    await run("UPDATE usage_call SET created = created - interval '2 minutes'")
    assert await db.in_thread(books.sweep) == 1
    [row] = await calls()
    assert (row["status"], row["cost"]) == ("lost", row["reserved_cost"])
    assert await db.in_thread(books.sweep) == 0


async def test_a_missing_call_and_a_wrong_one_are_told(bench: Bench) -> None:
    ada = await bench.person()
    bench.provider.script = steps(words(1), [Usage(1, 1)], [Finish("stop")])
    first = await bench.send(ada)
    second, third = await bench.send(ada), await bench.send(ada)
    for started in (first, second, third):
        await bench.ended(started)
    await adds_up()
    await run("DELETE FROM usage_call WHERE generation = %s", [second.generation])
    await run("UPDATE usage_call SET output_tokens = 9 WHERE generation = %s", [third.generation])
    problems = (await db.in_thread(books.reconcile)).problems
    assert [str(second.generation) in problems[0], str(third.generation) in problems[1]] == [True, True]
    assert len(problems) == 2


async def test_a_call_settled_five_times_at_once_is_settled_once(bench: Bench) -> None:
    ada = await bench.person()
    call = Reservation(purpose="v1", user_id=ada.user_id, provider="p", model="m", output_tokens=100)
    await ledger.reserve(call)
    found = await asyncio.gather(
        *(ledger.settle(Settlement(status="settled", id=call.id, output_tokens=number)) for number in range(1, 6))
    )
    assert sum(len(settled) for settled in found) == 1
    [row] = await calls()
    assert await ledger.settle(Settlement(status="settled", id=call.id, output_tokens=99)) == set()
    assert (await calls())[0]["output_tokens"] == row["output_tokens"] in range(1, 6)


async def test_a_call_that_was_given_up_is_settled_when_it_ends_after_all(bench: Bench) -> None:
    ada = await bench.person()
    call = Reservation(purpose="v1", user_id=ada.user_id, provider="p", model="m", output_tokens=100)
    await ledger.reserve(call)
    await run("UPDATE usage_call SET created = created - interval '3 hours'")
    assert await db.in_thread(books.sweep) == 1
    assert await ledger.settle(Settlement(status="settled", id=call.id, output_tokens=7)) == {call.id}
    assert taken((await calls())[0])[:3] == ("settled", 0, 7)


async def test_a_watched_call_is_settled_however_it_ends(bench: Bench) -> None:
    ada = await bench.person()
    request = CompletionRequest(model="scripted", messages=[{"role": "user", "content": "x" * 40}])

    async def ask(*script: object) -> tuple[object, ...]:
        bench.provider.script = steps(*script)
        call = Reservation(purpose="v1", user_id=ada.user_id, provider="p", model="m")
        with suppress(ProviderError, ZeroDivisionError):
            async with metered(Resolved(bench.provider), call) as provider:
                async for _ in provider.stream(request):
                    pass
                raise ZeroDivisionError
        return taken((await db.rows("SELECT * FROM usage_call WHERE id = %s", [call.id]))[0])[:3]

    assert await ask([TextDelta("a")], [Usage(5, 6)], [Finish("stop")]) == ("settled", 5, 6)
    assert await ask([TextDelta("abcdefgh")]) == ("estimated", 14, 2)
    assert await ask(ProviderError("no")) == ("released", 0, 0)
    assert await ask([TextDelta("abcdefgh")], ProviderError("no")) == ("estimated", 14, 2)


async def test_a_caller_that_is_cancelled_while_its_call_is_settled_leaves_it_settled(
    bench: Bench, monkeypatch
) -> None:
    ada = await bench.person()
    call = Reservation(purpose="v1", user_id=ada.user_id, provider="p", model="m")
    settling, settle = asyncio.Event(), ledger.settle

    async def slowly(*calls: Settlement) -> set[UUID]:
        settling.set()
        await asyncio.sleep(0.05)
        return await settle(*calls)

    monkeypatch.setattr(ledger, "settle", slowly)
    bench.provider.script = steps(words(1), [Usage(5, 6)], [Finish("stop")])

    async def ask() -> None:
        async with metered(Resolved(bench.provider), call) as provider:
            async for _ in provider.stream(CompletionRequest(model="scripted", messages=[])):
                pass

    asking = asyncio.create_task(ask())
    await settling.wait()
    asking.cancel()
    await asyncio.wait([asking])
    assert asking.cancelled()
    for _ in range(100):
        if (await calls())[0]["status"] == "settled":
            return
        await asyncio.sleep(0.02)
    raise AssertionError("it was never settled")


async def test_a_title_is_a_call_of_its_own_on_the_same_account(bench: Bench) -> None:
    bench.host.settings = replace(FAST, titles=True)

    def script(request: CompletionRequest) -> list[Step]:
        title = str(request.messages[0]["content"]).startswith("Write a title")
        return [words(1), [Usage(20, 4) if title else Usage(3, 1)], [Finish("stop")]]

    bench.provider.script = script
    ada = await bench.person(key_id=(key := uuid4()))
    started = await bench.send(ada, "please count")

    async def titled() -> bool:
        return [row["status"] for row in await calls()] == ["settled", "settled"]

    await bench.until(titled)
    answer, title = await calls(started.generation)
    assert (title["purpose"], title["step"], title["key_id"], taken(title)[1:3]) == ("title", 0, key, (20, 4))
    assert (answer["purpose"], taken(answer)[1:3]) == ("chat", (3, 1))
    await adds_up()


async def test_a_model_that_stands_in_before_the_first_word_is_the_one_that_is_booked(bench: Bench) -> None:
    refused = ProviderError("a refused the key.", code="model_unavailable", temporary=False)
    one = ScriptedProvider(steps(refused), "a")
    two = ScriptedProvider(steps(words(2), [Usage(3, 2)], [Finish("stop")]), "b")
    bench.registry.chains["a"] = chained(alone(), [member(one), member(two)])
    await bench.ended(await bench.send(await bench.person(), model="a"))
    [row] = await calls()
    assert (row["model"], row["provider"], row["status"], row["output_tokens"]) == ("b", "b", "settled", 2)
    await adds_up()


async def test_a_model_that_goes_on_after_the_first_word_has_a_call_of_its_own(bench: Bench) -> None:
    one = ScriptedProvider(steps(words(2), [Usage(5, 2)], down()), "a")
    two = ScriptedProvider(steps(words(2, 2), [Usage(7, 2)], [Finish("stop")]), "b")
    bench.registry.chains["a"] = chained(alone(), [member(one), member(two)])
    message = await bench.ended(await bench.send(await bench.person(), model="a"))
    first, second = sorted(await calls(), key=lambda row: row["step"])
    assert (first["model"], first["status"], first["error"]) == ("a", "estimated", "provider_error")
    assert (second["model"], second["status"]) == ("b", "settled")
    assert message.usage is not None
    assert first["output_tokens"] + second["output_tokens"] == message.usage["output_tokens"]
    await adds_up()
