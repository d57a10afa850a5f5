"""What breaks underneath while an answer is written is not seen by who reads it."""

import asyncio
from typing import Any
from uuid import uuid4

import psycopg
import redis

from backend.core import db
from backend.providers.base import Finish
from tests.support.live import LiveSite
from tests.support.protocol import ended, sent, stored
from tests.support.realtime import fold
from tests.support.scripted import steps, words


def exact(frames: list[dict[str, Any]], message: dict[str, Any]) -> None:
    """One epoch, offsets from 1 without holes, and the text that is stored."""
    assert [frame["offset"] for frame in frames] == list(range(1, len(frames) + 1))
    assert len({frame["epoch"] for frame in frames}) == 1
    assert fold(frames) == message["text"]


async def test_a_wiped_redis_in_mid_answer_is_seen_by_nobody(live: LiveSite, redis_url: str) -> None:
    more = asyncio.Event()
    live.provider.script = steps(words(5), more, *[words(5, n) for n in range(5, 50, 5)], [Finish("stop")])
    script, key = await live.someone()
    ada = await live.socket(key)
    result = await sent(ada)
    frames = [await ada.next() for _ in range(4)]
    with redis.Redis.from_url(redis_url) as client:
        client.flushall()
    more.set()
    frames += await ended(ada, result["topic"])
    message = await stored(script, result["message"])
    exact(frames, message)
    assert message["text"] == "".join(f"tok{n} " for n in range(50))
    late = await live.socket(key)
    again = await late.subscribe(result["topic"])
    assert again["position"]["offset"] == len(frames)
    assert "".join(part["text"] for part in again["snapshot"]["parts"]) == message["text"]
    for client in (ada, late):
        await client.leave()


async def test_a_database_that_drops_every_connection_in_mid_answer_is_seen_by_nobody(live: LiveSite) -> None:
    more = asyncio.Event()
    live.provider.script = steps(words(5), more, words(5, 5), [Finish("stop")])
    script, key = await live.someone()
    ada = await live.socket(key)
    result = await sent(ada)
    frames = [await ada.next() for _ in range(4)]
    await dropped()
    more.set()
    frames += await ended(ada, result["topic"])
    exact(frames, await stored(script, result["message"]))
    await ada.leave()


async def test_a_send_into_a_lost_connection_is_temporary_or_done_and_once_with_its_key(live: LiveSite) -> None:
    script, key = await live.someone()
    ada = await live.socket(key)
    fields = {"client_msg_id": str(uuid4()), "content": "hello"}
    for _ in range(3):
        await dropped()
        reply = await ada.call("message.send", **fields)
        assert "result" in reply or reply["error"] == {
            "code": "unavailable",
            "message": reply["error"]["message"],
            "temporary": True,
        }
    replies = []
    for _ in range(100):
        replies.append(await ada.call("message.send", **fields))
        if len(replies) > 1 and "result" in replies[-2]:
            break
        await asyncio.sleep(0.1)
    assert replies[-1]["result"] == replies[-2]["result"]
    assert (await stored(script, replies[-1]["result"]["message"]))["status"] == "done"
    assert len(live.provider.calls) == 1
    await ada.leave()


async def dropped() -> None:
    """Every connection of the product's pool is cut, as by a restart of the database."""
    mine = await psycopg.AsyncConnection.connect(db._conninfo(), autocommit=True, application_name="test")
    async with mine as connection:
        await connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND application_name = %s",
            [db.APPLICATION],
        )
