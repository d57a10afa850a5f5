"""A person signs up, in, out, changes the password and sees sessions, as the page does it."""

import re
from urllib.parse import unquote

import pytest
from django.core import mail

from backend.core import limits
from backend.core.db import in_thread
from tests.support.site import PASSWORD


def mailed(pattern: str) -> str:
    """What the last mail says at `pattern`."""
    found = re.search(pattern, str(mail.outbox[-1].body))
    assert found is not None
    return unquote(found[1])


async def test_the_first_person_administers_the_site_and_the_next_is_a_member(site):
    first, second = await site.browser(), await site.browser()
    assert (await first.sign_up(name="Ada")).status_code == 200
    assert (await second.sign_up("bob@example.org")).status_code == 200
    me = (await first.me()).json()
    assert (me["role"], me["name"], me["email"]) == ("admin", "Ada", "ada@example.org")
    assert (await second.me()).json()["role"] == "member"


async def test_only_one_of_two_simultaneous_first_people_administers_the_site(site):
    import asyncio

    browsers = [await site.browser() for _ in range(4)]
    await asyncio.gather(*(each.sign_up(f"p{number}@example.org") for number, each in enumerate(browsers)))
    roles = sorted([(await each.me()).json()["role"] for each in browsers])
    assert roles == ["admin", "member", "member", "member"]


async def test_signing_up_can_be_closed_but_never_for_the_first_person(site, settings):
    settings.RIVULET = settings.RIVULET.model_copy(update={"signup": "closed"})
    assert (await (await site.browser()).sign_up()).status_code == 200
    assert (await (await site.browser()).sign_up("bob@example.org")).status_code == 403


async def test_log_in_and_out(site):
    await site.person()
    browser = await site.browser()
    assert (await browser.log_in(password="wrong one 77")).status_code == 400
    assert (await browser.log_in("ADA@Example.org")).status_code == 200
    assert (await browser.me()).json()["method"] == "session"
    assert (await browser.account("DELETE", "auth/session")).status_code == 401
    assert (await browser.me()).json()["reason"] == "missing"


async def test_a_stolen_cookie_is_worth_nothing_after_logout(site):
    await site.person()
    browser = await site.browser()
    await browser.log_in()
    thief = site.client()
    thief.cookies = browser.client.cookies
    assert (await thief.get("/api/v1/me")).status_code == 200
    await browser.account("DELETE", "auth/session")
    refused = await thief.get("/api/v1/me")
    assert (refused.status_code, refused.json()["code"]) == (401, "unauthenticated")


async def test_a_wiped_redis_signs_nobody_out(site):
    from backend.core.redis import client

    await site.person()
    browser = await site.browser()
    await browser.log_in()
    await client().flushdb()
    assert (await browser.me()).status_code == 200
    assert (await browser.account("GET", "auth/session")).status_code == 200


@pytest.mark.parametrize(
    "origin",
    ["https://evil.example", "null", "https://chat.test", "http://chat.test.evil.example", "http://chat.test:81"],
)
async def test_a_good_cookie_from_a_foreign_origin_is_forbidden(site, origin):
    await site.person()
    browser = await site.browser()
    await browser.log_in()
    for method, path in (("GET", "/api/v1/me"), ("PATCH", "/api/v1/me"), ("POST", "/api/v1/tickets")):
        refused = await browser.send(method, path, headers={"Origin": origin}, json={} if method != "GET" else None)
        assert (refused.status_code, refused.json()["code"]) == (403, "forbidden")


async def test_a_write_by_cookie_needs_the_csrf_header(site):
    await site.person()
    browser = await site.browser()
    await browser.log_in()
    for token in ("", "a" * 32):
        refused = await browser.send("PATCH", "/api/v1/me", json={"name": "Eve"}, headers={"X-CSRFToken": token})
        assert refused.status_code == 403
    assert (await browser.send("PATCH", "/api/v1/me", json={"name": "Ada"})).json()["name"] == "Ada"


async def test_a_new_password_ends_all_other_sign_ins_and_keeps_this_one(site):
    await site.person()
    here, there = await site.browser(), await site.browser()
    await here.log_in()
    await there.log_in()
    app = await site.app_login()
    changed = await here.account(
        "POST", "account/password/change", json={"current_password": PASSWORD, "new_password": "another horse 8"}
    )
    assert changed.status_code == 200
    assert (await here.me()).status_code == 200
    assert (await there.me()).status_code == 401
    refused = await site.client(Authorization=f"Bearer {app['access_token']}").get("/api/v1/me")
    assert refused.json()["reason"] == "revoked"
    assert (await there.log_in(password="another horse 8")).status_code == 200


async def test_a_forgotten_password_is_reset_by_mail(site):
    await site.person()
    old = await site.browser()
    await old.log_in()
    browser = await site.browser()
    assert (
        await browser.account("POST", "auth/password/request", json={"email": "ada@example.org"})
    ).status_code == 200
    key = mailed(r"/reset-password/(\S+)")
    reset = await browser.account("POST", "auth/password/reset", json={"key": key, "password": "another horse 8"})
    assert reset.status_code in {200, 401}
    assert (await old.me()).status_code == 401
    assert (await browser.log_in(password="another horse 8")).status_code == 200
    again = await browser.account("POST", "auth/password/reset", json={"key": key, "password": "a third horse 9"})
    assert again.status_code == 400


async def test_an_address_is_verified_by_mail_before_the_first_sign_in_when_that_is_asked(site, settings):
    settings.ACCOUNT_EMAIL_VERIFICATION = "mandatory"
    browser = await site.browser()
    pending = await browser.sign_up()
    assert pending.status_code == 401
    assert (await browser.me()).status_code == 401
    key = mailed(r"/verify-email/(\S+)")
    verified = await browser.account("POST", "auth/email/verify", json={"key": key})
    assert verified.status_code in {200, 401}
    if verified.status_code == 401:
        assert (await browser.log_in()).status_code == 200
    assert (await browser.me()).status_code == 200


async def test_sessions_are_listed_and_ended(site):
    await site.person()
    here, there = await site.browser(), await site.browser(**{"User-Agent": "Other/1"})
    await here.log_in()
    await there.log_in()
    listed = (await here.send("GET", "/api/v1/sessions")).json()["items"]
    assert [entry["current"] for entry in listed] == [False, True]
    other = listed[0]
    assert other["user_agent"] == "Other/1"
    stranger = await site.person("eve@example.org")
    assert (await (await site.script(stranger)).delete(f"/api/v1/sessions/{other['id']}")).status_code == 404
    assert (await there.me()).status_code == 200
    assert (await here.send("DELETE", f"/api/v1/sessions/{other['id']}")).status_code == 204
    assert (await there.me()).status_code == 401
    assert (await here.send("DELETE", f"/api/v1/sessions/{other['id']}")).status_code == 404


async def test_a_disabled_person_is_out_at_once_by_every_credential(site):
    from backend.accounts.services.people import user_disable

    user = await site.person()
    browser = await site.browser()
    await browser.log_in()
    app, script = await site.app_login(), await site.script(user)
    await in_thread(user_disable, user=user)
    assert (await browser.me()).status_code == 401
    assert (await script.get("/api/v1/me")).json()["reason"] == "closed"
    refused = await site.client(Authorization=f"Bearer {app['access_token']}").get("/api/v1/me")
    assert refused.json()["reason"] == "revoked"
    assert (await browser.log_in()).status_code != 200


async def test_passwords_are_kept_as_argon2id(site):
    assert (await site.person()).password.startswith("argon2$argon2id$")


async def test_guessing_from_one_address_is_slowed_down(site, monkeypatch):
    monkeypatch.setattr(limits, "SIGN_IN", limits.Limit("sign-in", 3, 3600))
    guesser = site.client(address="203.0.113.9")
    await guesser.get("/_allauth/browser/v1/config")
    replies = [
        await guesser.post(
            "/_allauth/app/v1/auth/login", json={"email": f"p{number}@example.org", "password": "wrong one 77"}
        )
        for number in range(4)
    ]
    assert [reply.status_code for reply in replies] == [400, 400, 400, 429]
    assert int(replies[-1].headers["retry-after"]) >= 1
    await site.person()
    assert (await (await site.browser()).log_in()).status_code == 200


async def test_a_session_that_is_half_over_goes_on_for_who_comes_back(site):
    from datetime import UTC, datetime, timedelta

    from django.contrib.sessions.models import Session

    await site.person()
    browser = await site.browser()
    await browser.log_in()
    assert "set-cookie" not in (await browser.me()).headers

    def soon() -> None:
        Session.objects.update(expire_date=datetime.now(UTC) + timedelta(days=6))

    await in_thread(soon)
    renewed = await browser.me()
    assert "rivulet_session=" in renewed.headers["set-cookie"]
    assert "HttpOnly" in renewed.headers["set-cookie"]
    end = await in_thread(lambda: Session.objects.get().expire_date)
    assert end - datetime.now(UTC) > timedelta(days=13)
    assert "set-cookie" not in (await browser.me()).headers


async def test_a_session_that_is_over_says_so(site):
    from datetime import UTC, datetime, timedelta

    from django.contrib.sessions.models import Session

    await site.person()
    browser = await site.browser()
    await browser.log_in()
    await in_thread(lambda: Session.objects.update(expire_date=datetime.now(UTC) - timedelta(seconds=1)))
    assert (await browser.me()).json()["reason"] == "expired"
