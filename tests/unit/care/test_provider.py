"""Who is asked, when, how often, and who instead; told as it happens, and never after a word."""

import asyncio
import time
from collections.abc import Callable
from contextlib import aclosing
from dataclasses import replace
from typing import Any

import pytest

from backend.care.budget import RetryBudget
from backend.care.care import Care
from backend.care.errors import NotAsked
from backend.care.policy import BreakerPolicy
from backend.care.provider import CarefulProvider
from backend.providers.base import Asking, CompletionRequest, Finish, Passing, ProviderError, TextDelta, Waiting
from tests.support.care import QUICK, Untouched, alone, down, limits, member
from tests.support.scripted import ScriptedProvider, steps, words

REQUEST = CompletionRequest(model="a", messages=[{"role": "user", "content": "hi"}])
TOLD = (Waiting, Passing, Asking)


def answers(name: str) -> ScriptedProvider:
    return ScriptedProvider(steps([TextDelta(name)], [Finish("stop")]), name)


def fails(name: str, error: ProviderError | None = None) -> ScriptedProvider:
    return ScriptedProvider(lambda _: [error or down(f"{name} is down.")], name)


async def until(check: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not check():  # noqa: ASYNC110 - what is waited for tells nobody
            await asyncio.sleep(0.005)


async def read(provider: CarefulProvider, request: CompletionRequest = REQUEST) -> tuple[str, list[Any]]:
    text = ""
    told: list[Any] = []
    async with aclosing(provider.stream(request)) as reads:
        async for some in reads:
            text += "".join(delta.text for delta in some if isinstance(delta, TextDelta))
            told += [delta for delta in some if isinstance(delta, TOLD)]
    return text, told


async def test_one_model_without_limits_tells_nothing_but_its_answer() -> None:
    provider = answers("a")
    careful = CarefulProvider([member(provider)], alone())
    assert (await read(careful), careful.announces) == (("a", []), False)
    assert provider.calls == [REQUEST]


async def test_a_model_without_limits_of_which_nothing_is_known_costs_no_round_trip() -> None:
    care = Care(QUICK, shared=Untouched())
    careful = CarefulProvider([member(answers("a")), member(answers("b"))], care)
    assert await read(careful) == ("a", [Asking()])
    with pytest.raises(AssertionError, match="a round trip was made"):
        await read(CarefulProvider([member(fails("a"))], care))


async def test_it_is_tried_again_and_then_another_stands_in() -> None:
    one, two = fails("a"), answers("b")
    text, told = await read(CarefulProvider([member(one), member(two)], alone()))
    assert (text, len(one.calls)) == ("b", 2)
    assert told == [Asking(), Asking(), Passing("provider_error", "b"), Asking()]
    assert two.calls[0].model == "b"


async def test_alone_it_is_tried_more_often() -> None:
    one = fails("a")
    with pytest.raises(ProviderError, match="a is down"):
        await read(CarefulProvider([member(one)], alone()))
    assert len(one.calls) == 3


@pytest.mark.parametrize("code", ["model_unavailable", "quota_exceeded"])
async def test_a_refused_key_or_an_empty_account_is_passed_on_at_once(code) -> None:
    one = fails("a", ProviderError("No.", code=code, temporary=False))
    assert (await read(CarefulProvider([member(one), member(answers("b"))], alone())))[0] == "b"
    assert len(one.calls) == 1


@pytest.mark.parametrize("code", ["bad_request", "too_large", "provider_error"])
async def test_a_refused_request_is_told_and_not_passed_on(code) -> None:
    two = answers("b")
    refused = ProviderError("No.", code=code, temporary=False, status=400)
    with pytest.raises(ProviderError, match=r"No\."):
        await read(CarefulProvider([member(fails("a", refused)), member(two)], alone()))
    assert two.calls == []


async def test_nothing_is_switched_after_a_word() -> None:
    one, two = ScriptedProvider(steps(words(2), down()), "a"), answers("b")
    with pytest.raises(ProviderError) as caught:
        await read(CarefulProvider([member(one), member(two)], alone()))
    assert caught.value.started
    assert (len(one.calls), two.calls) == (1, [])


async def test_where_nobody_can_the_one_that_was_asked_for_says_why() -> None:
    with pytest.raises(ProviderError, match=r"a is down\. The models that stand in for it could not answer either\."):
        await read(CarefulProvider([member(fails("a")), member(fails("b")), member(fails("c"))], alone()))


async def test_what_keeps_failing_is_left_alone_then_tried_by_one_call_and_asked_again_by_all() -> None:
    provider = fails("a")
    careful = CarefulProvider([member(provider)], alone())
    for _ in range(2):
        with pytest.raises(ProviderError, match="a is down"):
            await read(careful)
    with pytest.raises(NotAsked, match=r"a has failed 6 times in a row .* a is down") as caught:
        await read(careful)
    assert len(provider.calls) == 6
    assert 0 < (caught.value.retry_after or 0) <= 0.2
    going = asyncio.Event()
    provider.script = steps(going, [TextDelta("a")], [Finish("stop")])
    await asyncio.sleep(0.21)
    probe = asyncio.create_task(read(careful))
    await until(lambda: len(provider.calls) == 7)
    with pytest.raises(NotAsked):
        await read(careful)
    going.set()
    assert (await probe)[0] == (await read(careful))[0] == "a"


async def test_a_probe_that_is_called_off_leaves_its_turn_to_the_next() -> None:
    provider = fails("a")
    careful = CarefulProvider([member(provider)], alone())
    for _ in range(2):
        with pytest.raises(ProviderError):
            await read(careful)
    provider.script = steps(asyncio.Event())
    await asyncio.sleep(0.21)
    probe = asyncio.create_task(read(careful))
    await until(lambda: len(provider.calls) == 7)
    probe.cancel()
    await asyncio.wait([probe])
    await asyncio.sleep(0)
    provider.script = steps([TextDelta("well")], [Finish("stop")])
    assert (await read(careful))[0] == "well"


async def test_what_is_left_alone_is_passed_by_without_a_call() -> None:
    one, care = fails("a"), alone()
    careful = CarefulProvider([member(one), member(answers("b"))], care)
    for _ in range(3):
        await read(careful)
    assert await read(careful) == ("b", [Passing("provider_error", "b"), Asking()])
    assert len(one.calls) == 6


async def test_a_short_request_for_patience_is_waited_for_by_all() -> None:
    first = [down(code="rate_limited", retry_after=0.15, status=429)]
    provider = ScriptedProvider(lambda _: [first.pop()] if first else [[TextDelta("a")]], "a")
    careful, begun = CarefulProvider([member(provider)], alone()), time.monotonic()
    found = await asyncio.gather(read(careful), asyncio.create_task(_later(careful)))
    assert [text for text, _ in found] == ["a", "a"]
    assert time.monotonic() - begun >= 0.15
    assert len(provider.calls) == 3


async def _later(careful: CarefulProvider) -> tuple[str, list[Any]]:
    await asyncio.sleep(0.05)
    return await read(careful)


async def test_a_long_request_for_patience_is_told_or_passed_on() -> None:
    busy, care = fails("a", down(code="rate_limited", retry_after=30.0, status=429)), alone()
    with pytest.raises(ProviderError) as caught:
        await read(CarefulProvider([member(busy)], care))
    assert caught.value.retry_after == 30.0
    with pytest.raises(NotAsked, match="asked again in 30 s"):
        await read(CarefulProvider([member(busy)], care))
    assert (await read(CarefulProvider([member(busy), member(answers("b"))], care)))[0] == "b"
    assert len(busy.calls) == 1


async def test_without_budget_nothing_is_tried_again() -> None:
    one, care = fails("a"), alone()
    care.budget = RetryBudget(burst=0, ratio=0)
    with pytest.raises(ProviderError):
        await read(CarefulProvider([member(one)], care))
    assert len(one.calls) == 1


async def test_calls_wait_in_line_and_are_told_their_place() -> None:
    going = asyncio.Event()
    provider = ScriptedProvider(steps([TextDelta("x")], going, [Finish("stop")]), "a")
    care = alone()
    careful = CarefulProvider([member(provider, limits=limits(1))], care)
    line = care.line("line")
    tasks = []
    for number in range(3):
        tasks.append(asyncio.create_task(read(careful)))
        await until(lambda: len(provider.calls) == 1 and line.total == number)  # noqa: B023
    assert len(provider.calls) == 1
    going.set()
    told = [told for _, told in await asyncio.gather(*tasks)]
    assert told == [[Asking()], [Waiting(1), Asking()], [Waiting(2), Waiting(1), Asking()]]
    assert len(provider.calls) == 3


async def test_whoever_leaves_the_line_is_in_nobodys_way() -> None:
    going = asyncio.Event()
    provider, care = ScriptedProvider(steps([TextDelta("x")], going), "a"), alone()
    careful = CarefulProvider([member(provider, limits=limits(1))], care)
    tasks = []
    for number in range(3):
        tasks.append(asyncio.create_task(read(careful)))
        await until(lambda: len(provider.calls) == 1 and care.line("line").total == number)  # noqa: B023
    for task in tasks[:2]:
        task.cancel()
    await asyncio.wait(tasks[:2])
    going.set()
    assert (await tasks[2])[0] == "x"
    assert len(provider.calls) == 2


async def test_a_line_that_takes_too_long_is_left_for_another_model_or_told() -> None:
    provider, care = ScriptedProvider(steps([TextDelta("x")], asyncio.Event()), "a"), alone()
    first = member(provider, limits=limits(1, patience=0.05))
    holding = asyncio.create_task(read(CarefulProvider([first], care)))
    await until(lambda: len(provider.calls) == 1)
    with pytest.raises(NotAsked, match="a is busy: 1 call waits") as caught:
        await read(CarefulProvider([first], care))
    assert caught.value.code == "rate_limited"
    assert (await read(CarefulProvider([first, member(answers("b"))], care)))[0] == "b"
    holding.cancel()
    await asyncio.wait([holding])


async def test_who_waits_in_line_hears_that_the_model_is_left_alone_meanwhile() -> None:
    going = asyncio.Event()
    care = alone(replace(QUICK, breaker=BreakerPolicy(threshold=6)))
    provider = ScriptedProvider(steps(going, down()), "a")
    careful = CarefulProvider([member(provider, limits=limits(1))], care)
    first = asyncio.create_task(read(careful))
    await until(lambda: len(provider.calls) == 1)
    second = asyncio.create_task(read(careful))
    await until(lambda: care.waiting("line") == 1)
    for _ in range(6):
        await care.troubles.failed("key-a", "", down())
    with pytest.raises(NotAsked, match="left alone for 5 s"):
        await second
    first.cancel()
    await asyncio.wait([first])


async def test_who_stands_in_goes_on_from_the_very_text_only_where_it_can() -> None:
    request = CompletionRequest(model="a", messages=[], continue_text="so far", continuation="prefix")
    two, three = answers("b"), answers("c")
    await read(CarefulProvider([member(fails("a")), member(two, continuation="none")], alone()), request)
    await read(CarefulProvider([member(fails("a")), member(three)], alone()), request)
    assert (two.calls[0].continuation, three.calls[0].continuation) == ("ask", "prefix")
    assert (two.calls[0].continue_text, request.model) == ("so far", "a")
