"""Apps hold a pair of tokens: rotated, revoked as a family, and never worth more than their sign-in."""

from datetime import timedelta

import jwt
import pytest

from backend.core.db import in_thread


async def exchange(site, token: str):
    return await site.client().post("/_allauth/app/v1/tokens/refresh", json={"refresh_token": token})


async def status_of(site, access: str):
    reply = await site.client(Authorization=f"Bearer {access}").get("/api/v1/me")
    return reply.json().get("reason", reply.status_code)


async def age(refresh_token: str, seconds: float) -> None:
    """Make an exchange look as if it were longer ago."""
    from backend.accounts import secrets
    from backend.accounts.models import RefreshToken

    def back() -> None:
        row = RefreshToken.objects.get(hash=secrets.hashed(refresh_token))
        row.used = (row.used or row.created) - timedelta(seconds=seconds)
        row.save()

    await in_thread(back)


async def test_an_app_signs_in_and_calls_with_its_access_token(site):
    await site.person()
    pair = await site.app_login()
    assert pair["expires_in"] == 600
    reply = await site.client(Authorization=f"Bearer {pair['access_token']}").get("/api/v1/me")
    assert (reply.status_code, reply.json()["method"]) == (200, "jwt")
    assert "set-cookie" not in reply.headers


async def test_a_refresh_token_is_rotated_at_each_use(site):
    await site.person()
    pair = await site.app_login()
    next_pair = (await exchange(site, pair["refresh_token"])).json()["data"]
    assert next_pair["refresh_token"] != pair["refresh_token"]
    assert await status_of(site, next_pair["access_token"]) == 200
    assert (await exchange(site, next_pair["refresh_token"])).status_code == 200


async def test_an_exchange_whose_reply_was_lost_gives_the_same_successor_for_thirty_seconds(site):
    await site.person()
    first = (await site.app_login())["refresh_token"]
    one = (await exchange(site, first)).json()["data"]["refresh_token"]
    await age(first, 20)
    assert (await exchange(site, first)).json()["data"]["refresh_token"] == one
    assert (await exchange(site, one)).status_code == 200


@pytest.mark.parametrize("late", [True, False], ids=["after the grace", "after the successor was used"])
async def test_a_reused_refresh_token_revokes_the_whole_family(site, late):
    user = await site.person()
    pair = await site.app_login()
    first = pair["refresh_token"]
    successor = (await exchange(site, first)).json()["data"]
    if late:
        await age(first, 31)
    else:
        await exchange(site, successor["refresh_token"])
    other = await site.app_login()
    before = await in_thread(lambda: type(user).objects.get(pk=user.pk).auth_version)
    assert (await exchange(site, first)).status_code == 400
    assert (await exchange(site, successor["refresh_token"])).status_code == 400
    assert await status_of(site, pair["access_token"]) == "revoked"
    assert await status_of(site, successor["access_token"]) == "revoked"
    assert await status_of(site, other["access_token"]) == 200
    assert await in_thread(lambda: type(user).objects.get(pk=user.pk).auth_version) > before


async def test_simultaneous_exchanges_of_one_token_agree(site):
    import asyncio

    await site.person()
    first = (await site.app_login())["refresh_token"]
    replies = await asyncio.gather(*(exchange(site, first) for _ in range(4)))
    assert {reply.json()["data"]["refresh_token"] for reply in replies if reply.status_code == 200} != set()
    assert len({reply.text.split("refresh_token")[1] for reply in replies}) == 1


async def test_logging_out_ends_the_tokens_of_that_sign_in_alone(site):
    await site.person()
    here, there = await site.app_login(), await site.app_login()
    left = site.client(Authorization=f"Bearer {here['access_token']}")
    assert (await left.delete("/_allauth/app/v1/auth/session")).status_code == 401
    assert await status_of(site, here["access_token"]) == "revoked"
    assert (await exchange(site, here["refresh_token"])).status_code == 400
    assert await status_of(site, there["access_token"]) == 200


async def test_an_app_that_changes_the_password_keeps_its_own_tokens(site):
    await site.person()
    here, there = await site.app_login(), await site.app_login()
    changed = await site.client(**{"X-Session-Token": here["session_token"]}).post(
        "/_allauth/app/v1/account/password/change",
        json={"current_password": "correct horse 7", "new_password": "another horse 8"},
    )
    assert changed.status_code == 200
    assert await status_of(site, here["access_token"]) == 200
    assert await status_of(site, there["access_token"]) == "revoked"


@pytest.mark.parametrize(
    ("header", "reason"),
    [
        ("Bearer ", "malformed"),
        ("Bearer x.y.z", "malformed"),
        ("Basic YTpi", "malformed"),
        ("Bearer " + "x" * 5000, "malformed"),
        ("Bearer rvk_short", "malformed"),
        ("Bearer " + jwt.encode({"sub": "1"}, "", algorithm="none"), "malformed"),
    ],
)
async def test_a_bad_bearer_is_refused_with_its_reason_even_beside_a_good_cookie(site, header, reason):
    await site.person()
    browser = await site.browser()
    await browser.log_in()
    reply = await browser.send("GET", "/api/v1/me", headers={"Authorization": header})
    assert (reply.status_code, reply.json()["reason"]) == (401, reason)
    assert "Bearer" in reply.headers["www-authenticate"]


async def test_an_expired_access_token_says_so(site):
    from backend.accounts.jwt import issue

    user = await site.person()
    token = issue(user_id=user.pk, family_id=user.pk, life_s=-1)
    assert await status_of(site, token) == "expired"
