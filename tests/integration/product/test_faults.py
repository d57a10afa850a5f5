"""What dies under the running product costs nobody a word, and is back soon."""

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest

from tests.integration.product.conftest import Ada
from tests.support.device import Follower
from tests.support.product import Product

BACK_WITHIN = 5.0
GOES_ON_WITHIN = 20.0


@asynccontextmanager
async def following(ada: Ada, content: str) -> AsyncIterator[tuple[Follower, dict[str, str]]]:
    """A new answer and the device that shows it."""
    result = await asyncio.to_thread(ada.asked, content)
    follower = Follower(ada.product.url, ada.key, result["topic"])
    task = asyncio.create_task(follower.follow())
    try:
        yield follower, result
    finally:
        task.cancel()
        outcome = (await asyncio.gather(task, return_exceptions=True))[0]
        assert outcome is None or isinstance(outcome, asyncio.CancelledError), repr(outcome)


async def end(follower: Follower, within: float) -> None:
    async with asyncio.timeout(within):
        while follower.ended is None:  # noqa: ASYNC110 - another process ends it
            await asyncio.sleep(0.02)


async def ready(product: Product) -> None:
    async with httpx.AsyncClient(base_url=product.url, trust_env=False) as client, asyncio.timeout(30):
        while True:
            try:
                if (await client.get("/health/ready")).status_code == 200:
                    return
            except httpx.HTTPError:
                pass
            await asyncio.sleep(0.05)


@pytest.mark.alone
async def test_a_web_process_that_is_killed_is_back_at_once_and_its_answers_go_on(product: Product, ada: Ada) -> None:
    async with following(ada, "n=400 rate=30") as (follower, result):
        await follower.shows(800)
        killed = time.monotonic()
        os.kill(product.pid("web-1"), signal.SIGKILL)
        shown = follower.longest
        await ready(product)
        page = time.monotonic() - killed
        async with asyncio.timeout(30):
            while follower.sockets < 2:  # noqa: ASYNC110
                await asyncio.sleep(0.02)
        socket = follower.connected_at - killed
        await follower.shows(len(shown) + 400)
        on = time.monotonic() - killed
        print(f"ready after {page:.1f} s, socket back after {socket:.1f} s, answer goes on after {on:.1f} s")
        await end(follower, 60)
    assert follower.ended is not None
    assert follower.ended["type"] == "done"
    assert follower.text.startswith(shown)
    assert len(follower.text) == 400 * 20
    message = await asyncio.to_thread(ada.message, result["message"])
    assert (message["status"], message["text"]) == ("done", follower.text)
    assert max(page, socket) < BACK_WITHIN
    assert on < GOES_ON_WITHIN


async def test_a_restart_of_the_database_in_mid_answer_is_not_seen(product: Product, ada: Ada) -> None:
    async with following(ada, "n=180 rate=30") as (follower, result):
        await follower.shows(600)
        os.kill(product.pid("postgres"), signal.SIGQUIT)
        await end(follower, 60)
    assert follower.sockets == 1
    assert follower.ended is not None
    assert follower.ended["type"] == "done"
    assert len(follower.text) == 180 * 20
    message = await asyncio.to_thread(ada.message, result["message"])
    assert (message["status"], message["text"]) == ("done", follower.text)
    for _ in range(3):
        reads = [asyncio.to_thread(ada.message, result["message"]) for _ in range(10)]
        assert await asyncio.gather(*reads) == [message] * 10
    for _ in range(3):
        await asyncio.to_thread(ada.asked, "n=1 rate=0")


async def test_a_restart_of_redis_in_mid_answer_is_not_seen(product: Product, ada: Ada) -> None:
    for how in (signal.SIGTERM, signal.SIGKILL):
        async with following(ada, "n=180 rate=30") as (follower, result):
            await follower.shows(600)
            os.kill(product.pid("redis"), how)
            await end(follower, 60)
        assert follower.sockets == 1
        assert follower.ended is not None
        assert follower.ended["type"] == "done"
        assert len(follower.text) == 180 * 20
        message = await asyncio.to_thread(ada.message, result["message"])
        assert (message["status"], message["text"]) == ("done", follower.text)
