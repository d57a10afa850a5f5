"""Who may no longer see something is told within two seconds, on every transport, without any hint."""

import asyncio
import time
from contextlib import asynccontextmanager

import pytest

from backend.core.db import in_thread
from tests.support.live import LiveSite
from tests.support.protocol import conversation, sent
from tests.support.scripted import steps, words

pytestmark = pytest.mark.alone
SOON = 2.0 * 0.2 + 1.0  # the promise at this time scale, and what a busy machine adds


@asynccontextmanager
async def within(seconds: float):
    started = time.monotonic()
    async with asyncio.timeout(10):
        yield
    assert time.monotonic() - started < seconds


async def test_a_deleted_conversation_takes_its_running_answer_along(live: LiveSite) -> None:
    live.provider.script = steps(words(2), asyncio.Event())
    script, key = await live.someone()
    ada, bystander = await live.socket(key), await live.socket(key)
    result = await sent(ada)
    other = await sent(ada)
    for topic in (result["topic"], f"conversation.{result['conversation']}", other["topic"]):
        await bystander.subscribe(topic)
    async with within(SOON):
        assert (await script.delete(f"/api/v1/conversations/{result['conversation']}")).status_code == 204
        refused = await bystander.call("subscribe", topic=result["topic"])
        assert refused["error"]["code"] == "not_found"
        gone = {frame["topic"]: frame["code"] for frame in [(await bystander.until("unsubscribed"))[-1] for _ in "12"]}
    assert gone == {result["topic"]: "not_found", f"conversation.{result['conversation']}": "not_found"}
    await script.patch(f"/api/v1/conversations/{result['conversation']}", json={"deleted": False})
    assert "result" in await bystander.call("subscribe", topic=result["topic"])
    for client in (ada, bystander):
        await client.leave()


async def test_a_revoked_key_ends_its_own_sockets_and_streams_and_no_others(live: LiveSite) -> None:
    user = await live.person()
    row, lost = await live.key(user)
    _, kept = await live.key(user)
    script, other = live.client(Authorization=f"Bearer {lost}"), live.client(Authorization=f"Bearer {kept}")
    topic = f"conversation.{await conversation(other)}"
    losing, keeping = await live.socket(lost), await live.socket(kept)
    for client in (losing, keeping):
        await client.subscribe(topic)
    stream = asyncio.create_task(script.get(f"/api/v1/topics/{topic}/events"))
    await asyncio.sleep(0.3)
    async with within(SOON):
        assert (await other.delete(f"/api/v1/keys/{row.pk}")).status_code == 204
        assert await losing.close_code(5) == 4500
        await stream
    assert "result" in await keeping.call("subscribe", topic=topic)
    await keeping.leave()


async def test_a_person_who_is_shut_out_is_shut_out_everywhere(live: LiveSite) -> None:
    user = await live.person()
    _, key = await live.key(user)
    script = live.client(Authorization=f"Bearer {key}")
    ada = await live.socket(key)
    topic = f"user.{user.pk}"
    await ada.subscribe(topic)
    stream = asyncio.create_task(script.get(f"/api/v1/topics/{topic}/events"))
    poll = asyncio.create_task(
        script.get(f"/api/v1/topics/{topic}/events?wait=1", headers={"Accept": "application/json"})
    )
    await asyncio.sleep(0.3)

    def shut_out() -> None:
        user.is_active = False
        user.save()

    async with within(SOON):
        await in_thread(shut_out)
        assert await ada.close_code(5) == 4507
        await stream
    assert (await poll).status_code in (200, 401)
    assert (await script.get("/api/v1/me")).status_code == 401


@pytest.mark.parametrize("way", ["app", "browser"])
async def test_signing_out_ends_the_sockets_of_that_session(live: LiveSite, way: str) -> None:
    await live.person()
    if way == "app":
        meta = await live.app_login()
        ada = await live.socket(meta["access_token"])
        leave = live.client(**{"X-Session-Token": meta["session_token"]}).delete("/_allauth/app/v1/auth/session")
    else:
        browser = await live.browser()
        await browser.log_in()
        ticket = (await browser.send("POST", "/api/v1/tickets")).json()["ticket"]
        ada = await live.socket_by(ticket=ticket)
        leave = browser.account("DELETE", "auth/session")
    async with within(SOON):
        await leave
        assert await ada.close_code(5) == 4500
