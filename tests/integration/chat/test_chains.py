"""Another model stands in: recorded before the first word, declared after it; a line tells the place in it."""

import asyncio
from dataclasses import replace
from decimal import Decimal
from functools import partial
from typing import Any

import msgspec

from backend.care.care import Care
from backend.chat import services
from backend.chat.fold import fold
from backend.chat.topics.generation import GenerationKind
from backend.providers.base import Finish, ReasoningDelta, TextDelta, ToolDelta, Usage
from backend.providers.errors import ProviderError
from backend.providers.retry import RetryPolicy
from backend.usage import ledger
from tests.integration.chat.test_left_behind import abandon, swept
from tests.support.bench import Bench
from tests.support.care import QUICK, alone, chained, down, limits, member
from tests.support.scripted import ScriptedProvider, steps, words

PATIENT = replace(QUICK, retry=RetryPolicy(attempts=3, base=30.0, cap=60.0))
REFUSED = ProviderError("a refused the key.", code="model_unavailable", temporary=False)


def chain(bench: Bench, *providers: ScriptedProvider, care: Care | None = None, **more: Any) -> None:
    """The model `a` is now these, in this order."""
    bench.registry.chains["a"] = chained(care or alone(), [member(one, **more) for one in providers])


def scripted(name: str, *given: Any) -> ScriptedProvider:
    return ScriptedProvider(steps(*given), name)


async def log_of(bench: Bench, started: Any) -> list[tuple[str, dict[str, Any]]]:
    found = [msgspec.json.decode(event) for event in await bench.log(started)]
    return [(event["type"], event["data"]) for event in found]


async def test_before_the_first_word_it_is_recorded_and_not_declared(bench: Bench) -> None:
    chain(bench, scripted("a", REFUSED), scripted("b", words(2), [Usage(3, 2)], [Finish("stop")]))
    ada = await bench.person()
    started = await bench.send(ada, model="a")
    message = await bench.ended(started)
    given_up = {"model": "a", "provider": "a", "code": "model_unavailable"}
    assert (message.status, message.model, message.text) == ("done", "b", "tok0 tok1 ")
    assert message.instead_of == [{**given_up, "at": 0}]
    log = await log_of(bench, started)
    assert [data for kind, data in log if kind == "started"] == [
        {"model": "a", "provider": "a"},
        {"model": "b", "provider": "b", "instead_of": [given_up]},
    ]
    assert "resumed" not in [kind for kind, _ in log]
    snapshot = await bench.kinds["generation"].snapshot(topic=started.topic)
    assert snapshot.data["instead_of"] == message.instead_of
    again = await bench.retry(ada, started.message)
    assert (await bench.ended(again)).instead_of == message.instead_of, "again asks the model that was chosen"


async def test_after_a_word_another_goes_on_from_the_text_and_that_is_declared(bench: Bench) -> None:
    one = scripted("a", words(2), [Usage(5, 2)], down())
    two = scripted("b", words(2, 2), [Usage(7, 2)], [Finish("stop")])
    chain(bench, one, two)
    ada = await bench.person()
    started = await bench.send(ada, model="a")
    message = await bench.ended(started)
    assert (message.status, message.model, message.text) == ("done", "b", "tok0 tok1 tok2 tok3 ")
    assert message.instead_of == [{"model": "a", "provider": "a", "code": "provider_error", "at": 10}]
    assert (two.calls[0].continue_text, two.calls[0].continuation) == ("tok0 tok1 ", "prefix")
    log = await log_of(bench, started)
    kinds = [kind for kind, _ in log]
    assert kinds[kinds.index("resumed") :][:2] == ["resumed", "started"]
    assert dict(log)["resumed"] == {"attempt": 1, "exact": True}
    assert kinds.count("part.added") == kinds.count("part.done") == 1
    assert "reset" not in kinds
    raw = await bench.log(started)
    assert fold(raw).plain_parts() == message.parts
    assert message.usage is not None
    # What was counted of a call that was cut, 2, is less than its ten characters are reckoned at, 3.
    assert (message.usage["input_tokens"], message.usage["output_tokens"]) == (12, 3 + 2)
    assert message.cost == (12 * 2 + 5 * 10) / 1_000_000


async def test_what_a_model_wrote_in_one_burst_before_it_broke_off_is_paid_for(bench: Bench) -> None:
    """No read of the network comes between its last words and its end, so that none of them is in the log yet."""
    chain(bench, scripted("a", words(50), down()), scripted("b", words(2, 50), [Usage(60, 2)], [Finish("stop")]))
    started = await bench.send(await bench.person(), model="a")
    message = await bench.ended(started)
    assert len(message.text.split()) == 52
    assert message.usage is not None
    assert message.usage["output_tokens"] >= 50 + 2
    booked = await ledger.booked(started.generation)
    assert [call.status for call in booked] == ["estimated", "settled"]


async def test_a_model_that_is_asked_to_go_on_says_that_the_seam_may_show(bench: Bench) -> None:
    two = scripted("b", words(1, 2), [Finish("stop")])
    chain(bench, scripted("a", words(2), down()), two, continuation="none")
    started = await bench.send(await bench.person(), model="a")
    message = await bench.ended(started)
    assert (message.text, two.calls[0].continuation) == ("tok0 tok1 tok2 ", "ask")
    assert dict(await log_of(bench, started))["resumed"] == {"attempt": 1, "exact": False}


async def test_thoughts_and_half_a_tool_call_are_taken_back_openly(bench: Bench) -> None:
    half = [ToolDelta(0, "c1", "look", '{"q":')]
    for shown in ([ReasoningDelta("hm")], half):
        chain(bench, scripted("a", shown, down()), scripted("b", [TextDelta("so")], [Finish("stop")]))
        started = await bench.send(await bench.person(f"p{id(shown)}@example.org"), model="a")
        message = await bench.ended(started)
        assert [part["kind"] for part in message.parts] == ["text"]
        assert message.text == "so"
        raw = await bench.log(started)
        assert "reset" in [kind for kind, _ in await log_of(bench, started)]
        assert fold(raw).plain_parts() == message.parts


async def test_at_the_end_of_a_chain_the_text_stands_and_the_error_is_told(bench: Bench) -> None:
    chain(bench, scripted("a", words(1), down()), scripted("b", words(1, 1), down("b broke off.")))
    message = await bench.ended(await bench.send(await bench.person(), model="a"))
    assert (message.status, message.text, message.model) == ("error", "tok0 tok1 ", "b")
    assert message.error == {"code": "provider_error", "message": "b broke off."}


async def test_a_takeover_goes_on_with_the_model_that_had_stood_in(bench: Bench) -> None:
    one, two = scripted("a", words(1), down()), scripted("b", words(1, 1), asyncio.Event())
    chain(bench, one, two)
    started = await bench.send(await bench.person(), model="a")
    await bench.running(started, "tok1")
    two.script = steps(words(1, 2), [Finish("stop")])
    await abandon(bench, started)
    message = await swept(bench, started)
    assert (message.status, message.model, message.text) == ("done", "b", "tok0 tok1 tok2 ")
    assert len(one.calls) == 1
    assert message.instead_of == [{"model": "a", "provider": "a", "code": "provider_error", "at": 5}]


async def test_the_place_in_line_is_told_to_who_listens_and_who_comes(bench: Bench) -> None:
    going = asyncio.Event()
    provider = scripted("a", words(1), going, [Finish("stop")])
    chain(bench, provider, limits=limits(1))
    ada = await bench.person()
    first = await bench.send(ada, model="a")
    await bench.running(first, "tok0")
    second = await bench.send(ada, model="a")
    third = await bench.send(ada, model="a")
    kind: GenerationKind = bench.kinds["generation"]  # type: ignore[assignment]

    async def told() -> bool:
        snapshots = [(await kind.snapshot(topic=one.topic)).data for one in (second, third)]
        return [(data["status"], data.get("place")) for data in snapshots] == [("queued", 1), ("queued", 2)]

    await bench.until(told)
    await services.generation_cancel(principal=ada, generation=second.generation)
    assert (await bench.ended(second)).status == "cancelled"
    assert await booked(second) == [("released", 0, None)], "it was never asked"
    going.set()
    assert (await bench.ended(third)).text == "tok0 "
    log = await log_of(bench, third)
    assert [kind for kind, _ in log][:4] == ["created", "queued", "queued", "started"]
    assert [data for kind, data in log if kind == "queued"] == [{"place": 2}, {"place": 1}]
    assert len(provider.calls) == 2


async def test_what_waited_in_line_at_a_planned_stop_waits_on_elsewhere(bench: Bench) -> None:
    going = asyncio.Event()
    care = alone()
    chain(bench, scripted("a", words(1), going, [Finish("stop")]), care=care, limits=limits(1))
    ada = await bench.person()
    first = await bench.send(ada, model="a")
    await bench.running(first, "tok0")
    second = await bench.send(ada, model="a")
    await bench.until(lambda: _waits(care))
    await abandon(bench, second)
    await bench.until(lambda: _waits(care))
    going.set()
    message = await swept(bench, second)
    assert (message.status, message.text) == ("done", "tok0 ")


async def test_who_stops_it_while_a_refusal_is_waited_out_pays_nothing(bench: Bench) -> None:
    """Of a provider that only refused, and is asked again later; one that was asked and not refused is paid."""
    ada = await bench.person()
    for refused, outcome in ((True, "released"), (False, "estimated")):
        provider = scripted("a", down() if refused else asyncio.Event())
        chain(bench, provider, care=alone(PATIENT))
        started = await bench.send(ada, model="a")
        await bench.until(partial(_said, provider, refused=refused))
        await services.generation_cancel(principal=ada, generation=started.generation)
        assert (await bench.ended(started)).status == "cancelled"
        assert [status for status, _, _ in await booked(started)] == [outcome]


async def test_what_dies_in_line_was_never_asked_and_pays_nothing(bench: Bench) -> None:
    going = asyncio.Event()
    care = alone()
    chain(bench, scripted("a", words(1), going, [Finish("stop")]), care=care, limits=limits(1))
    ada = await bench.person()
    first = await bench.send(ada, model="a")
    await bench.running(first, "tok0")
    second = await bench.send(ada, model="a")
    await bench.until(lambda: _waits(care))
    await abandon(bench, second)
    chain(bench, scripted("a", words(1), [Usage(3, 1)], [Finish("stop")]))
    going.set()
    assert (await swept(bench, second)).status == "done"
    *before, last = await booked(second)
    assert last == ("settled", 3 + 1, (3 * 2 + 1 * 10) / Decimal(1_000_000))
    assert before in ([], [("released", 0, None)]), "taken over in the same call, or in another"


async def booked(started: Any) -> list[tuple[str, int, Decimal | None]]:
    """The answer's calls: how each ended, with all of its tokens and its cost."""
    found = await ledger.booked(started.generation)
    return [(call.status, call.spent.input_tokens + call.spent.output_tokens, call.spent.cost) for call in found]


async def _said(provider: ScriptedProvider, *, refused: bool) -> bool:
    return len(provider.calls) == 1 and provider.closed == int(refused)


async def _waits(care: Care) -> bool:
    return care.waiting("line") == 1
