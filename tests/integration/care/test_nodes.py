"""What one node learns of a provider all know; a line is one line over all nodes, whatever dies meanwhile."""

import asyncio
import random
from collections.abc import Callable
from contextlib import aclosing

import pytest
import redis

from backend.care import line as line_module
from backend.care.care import Care
from backend.care.errors import NotAsked
from backend.care.line import Place
from backend.care.provider import CarefulProvider
from backend.providers.base import CompletionRequest, Finish, ProviderError, TextDelta
from realtime import hints
from tests.support.care import down, limits, member
from tests.support.scripted import ScriptedProvider, steps

Node = Callable[[], Care]
REQUEST = CompletionRequest(model="a", messages=[])


async def until(check: Callable[[], bool]) -> None:
    async with asyncio.timeout(8):
        while not check():  # noqa: ASYNC110 - what is waited for happens in Redis
            await asyncio.sleep(0.01)


async def text(careful: CarefulProvider) -> str:
    found = ""
    async with aclosing(careful.stream(REQUEST)) as reads:
        async for some in reads:
            found += "".join(delta.text for delta in some if isinstance(delta, TextDelta))
    return found


async def served(place: Place) -> None:
    await until(lambda: place.served)


def stand(care: Care, most: int, *, model: str = "m", of_model: int = 0, name: str = "") -> Place:
    return care.line("line").enter(model=model, limit=most, model_limit=of_model, name=name)


def die(care: Care) -> None:
    """As a process that is killed: it does nothing more."""
    line = care.line("line")
    line.wake = lambda: None  # type: ignore[method-assign]
    if line._task is not None:
        line._task.cancel()
    line._waiting.clear()
    line._serving.clear()


async def test_what_fails_on_one_node_is_left_alone_on_all_and_probed_by_one(node: Node) -> None:
    nodes = [node() for _ in range(3)]
    provider = ScriptedProvider(lambda _: [down("a is down.")], "a")
    carefuls = [CarefulProvider([member(provider)], care) for care in nodes]
    for careful in carefuls[:2]:
        with pytest.raises(ProviderError, match="a is down"):
            await text(careful)
    await nodes[2].troubles.look()
    with pytest.raises(NotAsked, match="failed 6 times in a row"):
        await text(carefuls[2])
    assert len(provider.calls) == 6
    going = asyncio.Event()
    provider.script = steps(going, [TextDelta("well")], [Finish("stop")])
    known = nodes[2].troubles.peek("key-a")
    assert known is not None
    await until(lambda: known.open == 0)
    probe = asyncio.create_task(text(carefuls[2]))
    await until(lambda: len(provider.calls) == 7)
    await nodes[0].troubles.look()
    with pytest.raises(NotAsked):
        await text(carefuls[0])
    going.set()
    assert await probe == "well"
    await nodes[0].troubles.look()
    assert nodes[0].troubles.known == {}
    assert await text(carefuls[0]) == "well"


async def test_a_line_is_in_the_order_of_coming_over_all_nodes(node: Node) -> None:
    nodes = [node() for _ in range(3)]
    places: list[Place] = []
    for count in range(9):
        places.append(stand(nodes[count % 3], 1))
        await until(lambda: places[-1].served or places[-1].place == len(places) - 1 > 0)
    for count, place in enumerate(places):
        await served(place)
        assert not any(later.served for later in places[count + 1 :])
        nodes[count % 3].line("line").leave(place)


async def test_a_node_that_dies_frees_its_places_and_its_turns(node: Node) -> None:
    dead, alive = node(), node()
    holding = [stand(dead, 2), stand(dead, 2)]
    for place in holding:
        await served(place)
    first = stand(dead, 2)
    await until(lambda: first.place == 1)
    second = stand(alive, 2)
    await until(lambda: second.place == 2)
    die(dead)
    await until(lambda: second.served or second.place == 1)
    await served(second)


async def test_whoever_takes_a_call_over_stands_where_it_stood(node: Node) -> None:
    dead, alive, other = node(), node(), node()
    holding = stand(other, 1)
    await served(holding)
    lost = stand(dead, 1, name="answer")
    await until(lambda: lost.place == 1)
    later = stand(alive, 1)
    await until(lambda: later.place == 2)
    die(dead)
    await until(lambda: later.place == 1)
    again = stand(other, 1, name="answer")
    await until(lambda: (again.place, later.place) == (1, 2))


async def test_a_wiped_redis_leaves_nobody_behind(node: Node, redis_url: str) -> None:
    one, two = node(), node()
    holding = stand(one, 1)
    await served(holding)
    waiting = [(care, stand(care, 1)) for care in (one, two, one)]
    await until(lambda: one.line("line").total == 3)
    with redis.Redis.from_url(redis_url) as client:
        client.flushall()
        await until(lambda: client.zscore("care:line:line:run:m", holding.ticket) is not None)
    one.line("line").leave(holding)
    for _ in waiting:
        await until(lambda: any(place.served for _, place in waiting))
        care, place = next(found for found in waiting if found[1].served)
        waiting.remove((care, place))
        care.line("line").leave(place)


async def test_while_redis_is_away_each_node_keeps_the_limits_itself(node: Node) -> None:
    care = node()
    first = stand(care, 1)
    await served(first)
    care._shared._away_until = float("inf")
    second, third = stand(care, 1), stand(care, 1)
    await until(lambda: (second.place, third.place) == (1, 2))
    care.line("line").leave(first)
    await served(second)
    assert not third.served
    care._shared._away_until = 0.0
    await until(lambda: third.number > 0)
    other = stand(node(), 1)
    await until(lambda: other.place == 2)
    care.line("line").leave(second)
    await served(third)


async def test_a_free_place_is_told_to_the_node_whose_turn_it_is(node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[object] = []
    monkeypatch.setattr(hints, "signal", lambda name, data: told.append((name, data)))
    one, two = node(), node()
    first = stand(one, 1)
    await served(first)
    second = stand(two, 1)
    await until(lambda: second.place == 1)
    one.line("line").leave(first)
    await until(lambda: bool(told))
    assert told[0] == (line_module.FREED_SIGNAL, {"line": "line"})


async def test_never_more_at_a_time_than_the_limits_say_while_calls_come_and_go(node: Node) -> None:
    """Three nodes, two models, calls of any length, some of them called off while they wait or are served."""
    chance, at_once, most = random.Random(7), {"a": 0, "b": 0}, {"a": 0, "b": 0, "all": 0}
    nodes = [node() for _ in range(3)]
    answered = 0

    async def call(care: Care, name: str) -> None:
        nonlocal answered
        pause = chance.random() / 100

        async def work(_: object) -> None:
            at_once[name] += 1
            most[name] = max(most[name], at_once[name])
            most["all"] = max(most["all"], sum(at_once.values()))
            try:
                await asyncio.sleep(pause)
            finally:
                at_once[name] -= 1

        provider = ScriptedProvider(steps([TextDelta("x")], [Finish("stop")]), name)
        careful = CarefulProvider([member(provider, limits=limits(4, of_model=3))], care)
        async with aclosing(careful.stream(REQUEST)) as reads:
            async for some in reads:
                if isinstance(some[0], TextDelta):
                    await work(None)
                    answered += 1

    tasks = [asyncio.create_task(call(chance.choice(nodes), chance.choice("ab"))) for _ in range(150)]
    await asyncio.sleep(0.05)
    for task in chance.sample(tasks, 30):
        task.cancel()
    done = await asyncio.gather(*tasks, return_exceptions=True)
    assert most["all"] <= 4
    assert most["a"] <= 3
    assert most["b"] <= 3
    assert most["all"] >= 3, "places were left empty"
    assert answered >= 120 - sum(isinstance(one, Exception) for one in done)
    assert not any(isinstance(one, Exception) for one in done)
