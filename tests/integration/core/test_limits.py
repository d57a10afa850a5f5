"""The limiter in Redis and its local twin keep the same promises."""

import asyncio

import pytest

from backend.core import limits
from backend.core.errors import RateLimited
from backend.core.redis import close_client

FAST = limits.Limit("test", 5, 1)
SLOW = limits.Limit("test", 5, 3600)


async def hit(limit: limits.Limit, key: str) -> limits.Verdict:
    verdict = await limits.hit(limit, key)
    assert verdict is not None
    return verdict


@pytest.fixture(params=["redis", "local"])
async def where(request, monkeypatch):
    limits._local.clear()
    monkeypatch.setattr(limits, "_away_until", float("inf") if request.param == "local" else 0.0)
    yield request.param
    await close_client()


async def test_a_bucket_takes_its_amount_and_then_refuses(where):
    verdicts = [await hit(SLOW, "a") for _ in range(6)]
    assert [each.allowed for each in verdicts] == [True] * 5 + [False]
    assert [each.remaining for each in verdicts] == [4, 3, 2, 1, 0, 0]
    last = verdicts[-1]
    assert 600 < last.retry_after_s <= 720
    assert 3500 < last.reset_s <= 3600


async def test_keys_are_counted_apart_and_a_refusal_costs_nothing(where):
    for _ in range(9):
        await hit(SLOW, "a")
    assert (await hit(SLOW, "b")).allowed
    assert (await hit(SLOW, "a")).retry_after_s <= 720


async def test_a_bucket_refills_evenly(where):
    for _ in range(5):
        await hit(FAST, "a")
    assert not (await hit(FAST, "a")).allowed
    await asyncio.sleep(0.25)
    assert (await hit(FAST, "a")).allowed
    assert not (await hit(FAST, "a")).allowed


async def test_simultaneous_hits_never_pass_more_than_the_amount(where):
    verdicts = await asyncio.gather(*(hit(SLOW, "a") for _ in range(40)))
    assert sum(each.allowed for each in verdicts) == 5


async def test_require_raises_with_the_time_to_come_back(where):
    await limits.hit(SLOW, "a", cost=5)
    with pytest.raises(RateLimited) as refused:
        await limits.require(SLOW, "a")
    assert 600_000 < (refused.value.retry_after_ms or 0) <= 720_000


async def test_limits_hold_while_redis_is_away(monkeypatch, settings):
    limits._local.clear()
    monkeypatch.setattr(limits, "_away_until", 0.0)
    settings.REDIS_CACHE_URL = "redis://127.0.0.1:1/0"
    verdicts = [await hit(SLOW, "a") for _ in range(6)]
    assert [each.allowed for each in verdicts] == [True] * 5 + [False]
    await close_client()


async def test_the_local_twin_does_not_grow_without_end(monkeypatch):
    limits._local.clear()
    monkeypatch.setattr(limits, "_away_until", float("inf"))
    monkeypatch.setattr(limits, "_LOCAL_KEYS", 100)
    for number in range(500):
        await hit(SLOW, str(number))
    assert len(limits._local) <= 100
