"""The cache is Redis, and local memory while Redis is away; what ended meanwhile does not come back."""

import pytest
import redis

from backend.core import cache as module
from backend.core.cache import FallbackCache

PARAMS = {"KEY_PREFIX": "test:cache", "OPTIONS": {"SOCKET_CONNECT_TIMEOUT": 0.3, "SOCKET_TIMEOUT": 0.5}}


@pytest.fixture(autouse=True)
def _fresh_state(monkeypatch):
    monkeypatch.setattr(module, "state", module.State())
    monkeypatch.setattr(module, "RETRY_AFTER_S", 0.0)


@pytest.fixture
def cache(redis_url):
    made = FallbackCache(redis_url, PARAMS)
    yield made
    made.clear()


def away(cache, monkeypatch):
    """Redis stops answering this cache."""

    def refuse(*_args, **_kwargs):
        raise redis.exceptions.ConnectionError("away")

    for name in ("get", "set", "add", "delete", "delete_pattern", "has_key"):
        monkeypatch.setattr(cache._remote, name, refuse)


def test_values_are_in_redis(cache, redis_url):
    cache.set("a", {"b": 1}, 60)
    assert cache.get("a") == {"b": 1}
    client = redis.Redis.from_url(redis_url)
    keys = client.keys("test:cache:*")
    assert len(keys) == 1
    assert 0 < client.ttl(keys[0]) <= 60
    client.close()
    assert not module.state.degraded


def test_without_redis_it_goes_on_in_memory_and_says_so(cache, monkeypatch, caplog):
    with monkeypatch.context() as patch:
        away(cache, patch)
        cache.set("a", 1)
        assert cache.get("a") == 1
        assert cache.add("a", 2) is False
        assert module.state.degraded
    assert [record.msg["event"] for record in caplog.records if record.name == "rivulet.cache"] == ["cache.degraded"]


def test_what_ended_while_redis_was_away_does_not_come_back(cache, monkeypatch, caplog):
    cache.set("session", "signed in")
    with monkeypatch.context() as patch:
        away(cache, patch)
        cache.delete("session")
        assert cache.get("session") is None
    assert cache.get("session") is None
    assert not module.state.degraded
    assert [record.msg["event"] for record in caplog.records if record.name == "rivulet.cache"][-1] == "cache.restored"


def test_clearing_the_cache_leaves_everything_else_in_redis(cache, redis_url):
    client = redis.Redis.from_url(redis_url)
    client.set("log:generation.1", "kept")
    cache.set("a", 1)
    cache.clear()
    assert cache.get("a") is None
    assert client.get("log:generation.1") == b"kept"
    client.close()
