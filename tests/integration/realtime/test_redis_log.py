"""The log in Redis keeps the logs' contract, and says plainly when Redis can't."""

import asyncio
from typing import Any

import msgspec
import pytest
import redis.asyncio

from realtime.log import LogAway, Verdict
from realtime.log.redis import CHANNEL, PREFIX_SIZE, RedisLog
from realtime.log.resp import parse_url
from tests.support.log_contract import E, LogContract, T, everything, item, one


@pytest.fixture
async def client(redis_url):
    client: Any = redis.asyncio.Redis.from_url(redis_url)
    yield client
    await client.aclose()


@pytest.fixture
async def log(redis_url):
    log = RedisLog(redis_url, node="0123456789abcdef", timeout=2.0)
    await log.start()
    await log.run_id()
    yield log
    await log.stop()


class TestRedisLog(LogContract):
    @pytest.fixture(autouse=True)
    def _client(self, client):
        self.client = client

    async def lose(self, log, end):
        if end is None:
            await self.client.flushall()
        else:
            await self.client.ltrim(f"rv:log:{T}:{E}", 0, end - 1)


async def test_a_hint_carries_the_sender_the_counter_and_only_what_was_appended(log, client):
    pubsub = client.pubsub()
    await pubsub.subscribe(CHANNEL)
    await pubsub.get_message(timeout=1)
    await log.append([item(b"a")])
    await log.append([item(b"zombie", fence=0, at=1), item(b"x", b"y", topic="generation.x")])
    first = await pubsub.get_message(timeout=1)
    second = await pubsub.get_message(timeout=1)
    assert first["data"][:PREFIX_SIZE] == log.prefix == b"0123456789abcdef:"
    assert msgspec.msgpack.decode(first["data"][PREFIX_SIZE:]) == [1, [[f"rv:log:{T}:{E}", 1, 1, ["a"]]]]
    assert msgspec.msgpack.decode(second["data"][PREFIX_SIZE:]) == [2, [["rv:log:generation.x:e1", 1, 2, ["x", "y"]]]]
    await pubsub.aclose()


async def test_a_finished_log_goes_after_its_hour_and_a_running_one_never(log, client):
    await one(log, item(b"a"))
    assert await client.ttl(f"rv:log:{T}:{E}") == -1
    await one(log, item(b"done", at=1, last=True))
    assert 3590 < await client.ttl(f"rv:log:{T}:{E}") <= 3600
    assert 3590 < await client.ttl(f"rv:fence:{T}") <= 3600


async def test_a_full_redis_takes_nothing_and_says_so_for_each_log(log, client):
    await one(log, item(b"a"))
    await client.config_set("maxmemory-policy", "noeviction")
    await client.config_set("maxmemory", 1)
    try:
        with_error = await one(log, item(b"b", at=1))
    finally:
        await client.config_set("maxmemory", 0)
    assert with_error.verdict is Verdict.FULL
    assert await everything(log) == [b"a"]
    assert (await one(log, item(b"b", at=1))).verdict is Verdict.OK


async def test_forgotten_scripts_are_loaded_again(log, client):
    await one(log, item(b"a"))
    await client.script_flush()
    assert await everything(log) == [b"a"]
    with pytest.raises(LogAway):
        await one(log, item(b"b", at=1))
    await asyncio.sleep(0.2)
    assert (await one(log, item(b"b", at=1))).verdict is Verdict.OK


async def test_a_redis_that_is_not_there_is_said_to_be_away_at_once():
    log = RedisLog("redis://127.0.0.1:1/0", node="n", timeout=0.2, pauses=(0.01, 0.02))
    await log.start()
    outcomes: list[Any] = []
    log.submit([item(b"a")], outcomes.append)
    assert isinstance(outcomes[0], LogAway)
    with pytest.raises(LogAway):
        await log.counter()
    await log.stop()


async def test_a_cut_connection_comes_back_by_itself(log, client):
    await one(log, item(b"a"))
    await client.client_kill_filter(_type="normal", skipme=True)
    await asyncio.sleep(0.3)
    assert (await one(log, item(b"b", at=1))).verdict is Verdict.OK


async def test_the_run_id_is_that_of_the_server(log, client):
    assert await log.run_id() == (await client.info("server"))["run_id"]


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("redis://:p%40ss@cache:7000/3", ("cache", 7000, None, "p@ss", 3, False)),
        ("rediss://ada:x@cache", ("cache", 6379, "ada", "x", 0, True)),
        ("redis://cache", ("cache", 6379, None, None, 0, False)),
    ],
)
def test_a_url_says_where_redis_is(url, expected):
    address = parse_url(url)
    found = (address.host, address.port, address.username, address.password, address.db, address.tls)
    assert found == expected


def test_a_unix_url_has_a_path_and_a_database():
    address = parse_url("unix:///tmp/redis.sock?db=2")
    assert (address.path, address.db) == ("/tmp/redis.sock", 2)


def test_another_scheme_is_refused_with_a_sentence():
    with pytest.raises(ValueError, match="begins with redis"):
        parse_url("http://cache")
