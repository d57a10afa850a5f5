"""The scripts that nodes share do exactly what their twins in the process do."""

from collections.abc import Iterator
from typing import Any

import pytest
import redis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from backend.care import line, troubles
from backend.care.policy import BreakerPolicy
from backend.care.trouble import Trouble
from backend.care.turns import turns

POLICY = BreakerPolicy(threshold=3, window=10.0, cool=1.0, longest=4.0, probe=2.0)
QUICKLY = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture(scope="module")
def client(redis_url: str) -> Iterator[redis.Redis]:
    with redis.Redis.from_url(redis_url) as made:
        yield made


STEP = st.tuples(
    st.sampled_from(["admit", "admit", "failed", "failed", "failed", "answered", "rested", "dropped"]),
    st.sampled_from([0, 1, 900, 1100, 2500, 11_000]),
    st.sampled_from(["", "t1", "t2", "t3"]),
    st.sampled_from([0, 700, 6000]),
)


@QUICKLY
@given(st.lists(STEP, max_size=25))
def test_what_is_known_against_a_model(client: redis.Redis, steps: list[tuple[str, int, str, int]]) -> None:
    client.flushall()
    state, now = Trouble(POLICY), 1_700_000_000_000
    for what, later, token, retry in steps:
        now += later
        code, message = ("provider_error", "no") if what in ("failed", "rested") else ("", "")
        told: Any = {"code": code, "message": message, "retry_ms": retry}
        given_ = (what, now, "m", token, code, message, retry, *troubles.arguments(POLICY))
        shared = troubles.view_of(_run(client, troubles.SCRIPT.body, [troubles.INDEX, f"{troubles.INDEX}:m"], given_))
        assert shared == troubles.apply(state, what, now, token, **told)
        listed = _run(client, troubles.SCRIPT.body, [troubles.INDEX], ("all", now))
        assert [row[0] for row in listed] == ([] if shared.clean else [b"m"])
        if listed:
            assert troubles.view_of(listed[0][1:]) == state.view(now)


MODELS = "abc"
LINE_STEP = st.one_of(
    st.tuples(st.just("come"), st.sampled_from(MODELS)),
    st.tuples(st.just("go"), st.integers(0, 20)),
    st.just(("look", 0)),
)


@QUICKLY
@given(
    st.lists(LINE_STEP, max_size=25),
    st.integers(0, 4),
    st.fixed_dictionaries({model: st.integers(0, 3) for model in MODELS}),
)
def test_whose_turn_it_is(
    client: redis.Redis, steps: list[tuple[str, Any]], limit: int, limits: dict[str, int]
) -> None:
    client.flushall()
    waiting: list[tuple[str, str]] = []
    running: list[tuple[str, str]] = []
    numbers: dict[str, int] = {}

    def shared(what: str, *values: Any) -> Any:
        return _run(client, line.SCRIPT.body, ["line"], (what, 60_000, 60_000, 60_000, limit, *values))

    for count, (what, which) in enumerate(steps):
        if what == "come":
            waiting.append((f"t{count}", which))
        elif what == "go" and running + waiting:
            there = running + waiting
            ticket, model = there[which % len(there)]
            left = shared("leave", model, ticket)
            running = [one for one in running if one[0] != ticket]
            waiting = [one for one in waiting if one[0] != ticket]
            assert left == len([one for one in waiting if one[0] in numbers])
        given_ = [v for ticket, model in waiting for v in (model, limits[model], ticket, numbers.get(ticket, 0), "")]
        counts = {model: sum(m == model for _, m in running) for model in MODELS}
        expected = turns(waiting, running=counts, limit=limit, limits=limits)
        *found, total = shared("take", *given_)
        for index, (ticket, _) in enumerate(waiting):
            served, number, place = found[3 * index : 3 * index + 3]
            assert (bool(served), place) == (expected[ticket].served, expected[ticket].place)
            numbers[ticket] = int(number) or numbers.get(ticket, 0)
        running += [one for one in waiting if expected[one[0]].served]
        waiting = [one for one in waiting if not expected[one[0]].served]
        assert total == len(waiting)


def _run(client: redis.Redis, body: str, keys: list[str], values: tuple[Any, ...]) -> Any:
    return client.eval(body, len(keys), *keys, *values)
