"""Turns keep their order and their limits and waste no place; retries stay within their budget."""

from hypothesis import given
from hypothesis import strategies as st

from backend.care.budget import RetryBudget
from backend.care.turns import turns

MODELS = "abc"
models = st.sampled_from(MODELS)
counts = st.dictionaries(models, st.integers(0, 4))


@given(
    st.lists(models, max_size=12),
    counts,
    st.integers(0, 8),
    st.fixed_dictionaries({m: st.integers(0, 4) for m in MODELS}),
)
def test_turns_are_fair(asked, running, limit, limits) -> None:
    waiting = [(f"{number}", model) for number, model in enumerate(asked)]
    found = turns(waiting, running=running, limit=limit, limits=limits)
    served = [model for ticket, model in waiting if found[ticket].served]
    room = {m: limits[m] - running.get(m, 0) - served.count(m) if limits[m] else 99 for m in MODELS}
    free = limit - sum(running.values()) - len(served) if limit else 99
    assert free >= 0 or not served
    assert all(room[m] >= 0 or m not in served for m in MODELS)
    passed: set[str] = set()
    places: list[int] = []
    for ticket, model in waiting:
        if found[ticket].served:
            assert model not in passed, "who came later went before one of the same model"
        else:
            passed.add(model)
            places.append(found[ticket].place)
            assert free <= 0 or room[model] <= 0, "a place was left empty"
    if limit:
        assert places == list(range(1, len(places) + 1))


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@given(st.lists(st.one_of(st.just("call"), st.just("retry"), st.floats(0, 5)), max_size=200))
def test_retries_never_more_than_half_as_much_again_past_a_burst(steps) -> None:
    clock = Clock()
    budget = RetryBudget(ratio=0.5, burst=4, per_s=0.1, clock=clock)
    calls = retries = 0
    for step in steps:
        if step == "call":
            budget.called()
            calls += 1
        elif step == "retry":
            retries += budget.take()
        else:
            clock.now += step
        assert retries <= 4 + 0.1 * clock.now + 0.5 * calls


def test_a_quiet_site_may_try_again() -> None:
    clock = Clock()
    budget = RetryBudget(burst=2, per_s=0.5, clock=clock)
    assert [budget.take() for _ in range(3)] == [True, True, False]
    clock.now = 2.0
    assert budget.take()
