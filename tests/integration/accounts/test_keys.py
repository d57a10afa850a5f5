"""API keys and tickets."""

from datetime import UTC, datetime, timedelta

import pytest

from backend.accounts import auth
from backend.core.db import in_thread
from backend.core.errors import Unauthenticated


async def test_a_key_is_shown_once_and_stored_as_a_hash(site):
    user = await site.person()
    script = await site.script(user)
    made = await script.post("/api/v1/keys", json={"name": "CI", "scopes": ["completions"], "store_default": True})
    assert made.status_code == 201
    value = made.json()["key"]
    listed = (await script.get("/api/v1/keys")).json()["items"]
    assert [entry["name"] for entry in listed] == ["CI", ""]
    assert "key" not in listed[0]
    assert value.startswith(listed[0]["prefix"])

    def rows() -> str:
        from backend.accounts.models import ApiKey

        return str(list(ApiKey.objects.values()))

    assert value not in await in_thread(rows)
    principal = await auth.authenticate_token(value)
    assert (principal.method, principal.scopes, principal.store_default) == ("key", frozenset({"completions"}), True)


async def test_a_limited_key_can_not_reach_the_account(site):
    script = await site.script(await site.person(), scopes=["completions"])
    refused = await script.get("/api/v1/me")
    assert (refused.status_code, refused.json()["code"]) == (403, "forbidden")
    assert "account" in refused.json()["detail"]


async def test_a_key_can_not_make_a_key_that_may_do_more(site):
    script = await site.script(await site.person(), scopes=["account", "completions"])
    assert (await script.post("/api/v1/keys", json={})).status_code == 403
    assert (await script.post("/api/v1/keys", json={"scopes": ["chat:read"]})).status_code == 403
    assert (await script.post("/api/v1/keys", json={"scopes": ["completions"]})).status_code == 201


async def test_a_deleted_key_is_dead_and_anothers_key_does_not_exist(site):
    ada, eve = await site.person(), await site.person("eve@example.org")
    row, value = await site.key(ada)
    script, stranger = await site.script(ada), await site.script(eve)
    refused = await stranger.delete(f"/api/v1/keys/{row.pk}")
    never = await stranger.delete("/api/v1/keys/01890000-0000-7000-8000-000000000000")
    assert refused.status_code == never.status_code == 404
    assert refused.json()["detail"] == never.json()["detail"]
    assert (await auth.authenticate_token(value)).user_id == ada.pk
    assert (await script.delete(f"/api/v1/keys/{row.pk}")).status_code == 204
    with pytest.raises(Unauthenticated) as dead:
        await auth.authenticate_token(value)
    assert dead.value.reason == "revoked"
    assert (await script.delete(f"/api/v1/keys/{row.pk}")).status_code == 404


async def test_an_expired_key_says_so(site):
    user = await site.person()
    row, value = await site.key(user, expires=datetime.now(UTC) + timedelta(hours=1))

    def expire() -> None:
        row.expires = datetime.now(UTC) - timedelta(seconds=1)
        row.save()

    assert (await auth.authenticate_token(value)).expires_at is not None
    await in_thread(expire)
    with pytest.raises(Unauthenticated) as over:
        await auth.authenticate_token(value)
    assert over.value.reason == "expired"


async def test_the_last_use_is_written_at_most_once_a_minute(site):
    from backend.accounts.models import ApiKey

    row, value = await site.key(await site.person())
    await auth.authenticate_token(value)
    first = await in_thread(lambda: ApiKey.objects.get(pk=row.pk).last_used)
    await auth.authenticate_token(value)
    assert first is not None
    assert await in_thread(lambda: ApiKey.objects.get(pk=row.pk).last_used) == first


async def test_keys_are_paged(site):
    user = await site.person()
    script = await site.script(user)
    for number in range(4):
        await site.key(user, name=str(number))
    first = (await script.get("/api/v1/keys?limit=3")).json()
    second = (await script.get(f"/api/v1/keys?limit=3&cursor={first['next']}")).json()
    assert [entry["name"] for entry in first["items"] + second["items"]] == ["3", "2", "1", "0", ""]
    assert second["next"] is None


async def test_a_ticket_is_good_once_for_thirty_seconds_and_stands_for_its_credential(site):
    user = await site.person()
    _, value = await site.key(user, scopes=["account", "chat:read"])
    made = await site.client(Authorization=f"Bearer {value}").post("/api/v1/tickets")
    assert (made.status_code, made.json()["expires_in"]) == (201, 30)
    ticket = made.json()["ticket"]
    principal = await auth.redeem_ticket(ticket)
    assert (principal.user_id, principal.scopes) == (user.pk, frozenset({"account", "chat:read"}))
    with pytest.raises(Unauthenticated) as used:
        await auth.redeem_ticket(ticket)
    assert used.value.reason == "revoked"


async def test_a_ticket_takes_no_fields(site):
    _, value = await site.key(await site.person("ada@example.org"))
    client = site.client(Authorization=f"Bearer {value}")
    refused = await client.post("/api/v1/tickets", json={"x": 1})
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, "x")
    assert (await client.post("/api/v1/tickets", json={})).status_code == 201
    assert (await client.post("/api/v1/tickets")).status_code == 201


async def test_tickets_of_sessions_and_apps_stand_for_them(site):
    await site.person()
    browser = await site.browser()
    await browser.log_in()
    ticket = (await browser.send("POST", "/api/v1/tickets")).json()["ticket"]
    assert (await auth.redeem_ticket(ticket)).method == "session"
    app = site.client(Authorization=f"Bearer {(await site.app_login())['access_token']}")
    ticket = (await app.post("/api/v1/tickets")).json()["ticket"]
    principal = await auth.redeem_ticket(ticket)
    assert principal.method == "jwt"
    assert principal.expires_at is not None


async def test_an_old_ticket_is_expired(site):
    from backend.accounts.models import Ticket

    script = await site.script(await site.person())
    ticket = (await script.post("/api/v1/tickets")).json()["ticket"]
    await in_thread(lambda: Ticket.objects.update(expires=datetime.now(UTC)))
    with pytest.raises(Unauthenticated) as over:
        await auth.redeem_ticket(ticket)
    assert over.value.reason == "expired"
