"""Each refused credential is one event in the security log, with what is known of it and without the credential."""

import logging
from typing import Any
from uuid import UUID

import jwt as pyjwt
import pytest

from backend.accounts import jwt
from backend.accounts.services import keys
from backend.core.db import in_thread
from tests.support.live import LiveSite
from tests.support.sockets import Client

ADDRESS = "203.0.113.7"


def events(caplog: pytest.LogCaptureFixture) -> list[dict[str, Any]]:
    found = [record.msg for record in caplog.records if isinstance(record.msg, dict)]
    return [line for line in found if line.get("event") == "credential.refused"]


def forged(good: str, *, how: str) -> str:
    """A token made from a good one."""
    claims = pyjwt.decode(good, options={"verify_signature": False})
    header = {name: value for name, value in pyjwt.get_unverified_header(good).items() if name in {"kid", "typ"}}
    key: Any = jwt._keys()[header["kid"]]
    if how == "wrong audience":
        return pyjwt.encode(claims | {"aud": "elsewhere"}, key, algorithm="HS256", headers=header)
    if how == "alg=none":
        return pyjwt.encode(claims, "", algorithm="none", headers=header)
    if how == "another's signature":
        return pyjwt.encode(claims, "not ours" * 8, algorithm="HS256", headers=header)
    return pyjwt.encode(claims | {"exp": 1_700_000_000}, key, algorithm="HS256", headers=header)


CAUSES = {
    "wrong audience": ("malformed", "InvalidAudienceError", logging.WARNING),
    "alg=none": ("malformed", "InvalidAlgorithmError", logging.WARNING),
    "another's signature": ("malformed", "InvalidSignatureError", logging.WARNING),
    "expired": ("expired", "ExpiredSignatureError", logging.INFO),
}


@pytest.mark.parametrize("how", CAUSES)
@pytest.mark.parametrize("way", ["rest", "events", "openai", "socket", "account"])
async def test_a_token_that_is_not_good_is_one_event(
    live: LiveSite, caplog: pytest.LogCaptureFixture, how: str, way: str
) -> None:
    person = await live.person()
    good = (await live.app_login())["access_token"]
    token = forged(good, how=how)
    with caplog.at_level(logging.INFO):
        caplog.clear()
        await presented(live, token, way)
    (event,) = events(caplog)
    reason, cause, level = CAUSES[how]
    claims = pyjwt.decode(good, options={"verify_signature": False})
    assert (event["reason"], event["cause"], event["kind"]) == (reason, cause, "access")
    assert (event["credential_id"], event["person"]) == (claims["jti"], str(person.pk))
    assert event["level"] == logging.getLevelName(level).lower()
    if way != "socket":  # this one comes from no network
        assert event["client"] == ADDRESS
        assert str(UUID(event["request_id"])) == event["request_id"]
    assert not any(token in str(record.msg) for record in caplog.records)


async def presented(live: LiveSite, token: str, way: str) -> None:
    paths = {
        "rest": "/api/v1/me",
        "events": "/api/v1/topics/user.1/events",
        "openai": "/v1/models",
        "account": "/_allauth/app/v1/auth/session",
    }
    if way == "socket":
        async with Client(live) as client:  # type: ignore[arg-type]  # only its node is used
            assert "error" in await client.connect(token)
            assert await client.close_code() in (4005, 4500)
        return
    caller = live.client(address=ADDRESS, Authorization=f"Bearer {token}")
    assert (await caller.get(paths[way])).status_code in (401, 410)


async def test_a_revoked_family_a_reused_refresh_token_and_a_deleted_key_are_events(
    live: LiveSite, caplog: pytest.LogCaptureFixture
) -> None:
    person = await live.person()
    meta = await live.app_login()
    row, value = await live.key(person)
    await in_thread(keys.key_revoke, user_id=person.pk, key_id=row.pk)
    caller = live.client(address=ADDRESS)
    await caller.delete("/_allauth/app/v1/auth/session", headers={"X-Session-Token": meta["session_token"]})
    with caplog.at_level(logging.INFO):
        caplog.clear()
        for credential in (meta["access_token"], value, "rvk_nonsense", "nonsense"):
            reply = await caller.get("/api/v1/me", headers={"Authorization": f"Bearer {credential}"})
            assert reply.status_code == 401
        reply = await caller.post("/_allauth/app/v1/tokens/refresh", json={"refresh_token": meta["refresh_token"]})
        assert reply.status_code == 400
    revoked, deleted, mistyped, nonsense, reused = events(caplog)
    assert (revoked["reason"], revoked["person"]) == ("revoked", str(person.pk))
    assert (deleted["kind"], deleted["reason"], deleted["credential_id"]) == ("key", "revoked", str(row.pk))
    assert (mistyped["kind"], mistyped["reason"]) == ("key", "malformed")
    assert (nonsense["kind"], nonsense["reason"]) == ("access", "malformed")
    assert (reused["kind"], reused["reason"], reused["person"]) == ("refresh", "revoked", str(person.pk))
    assert {event["client"] for event in events(caplog)} == {ADDRESS}
    for secret in (meta["access_token"], meta["refresh_token"], value):
        assert not any(secret in str(record.msg) for record in caplog.records)
