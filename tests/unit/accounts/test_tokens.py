"""Forged, expired and foreign tokens are refused, each with its reason."""

import time
import warnings
from uuid import UUID

import jwt as pyjwt
import pytest

from backend.accounts import jwt, secrets
from backend.core.errors import Unauthenticated

USER, FAMILY = UUID(int=1), UUID(int=2)


def claims(**changes):
    now = int(time.time())
    good = {
        "iss": jwt.ISSUER,
        "aud": jwt.AUDIENCE,
        "typ": "access",
        "sub": str(USER),
        "sid": str(FAMILY),
        "jti": "1",
        "iat": now,
        "exp": now + 3600,
    }
    return {name: value for name, value in {**good, **changes}.items() if value is not None}


def signed(payload, *, key=None, algorithm="HS256", **header):
    kid, own = next(iter(jwt._keys().items()))
    with warnings.catch_warnings(action="ignore"):
        return pyjwt.encode(
            payload, own if key is None else key, algorithm=algorithm, headers={"kid": kid, "typ": jwt.TYPE, **header}
        )


def test_an_issued_token_is_good_for_ten_minutes():
    found = jwt.verify(jwt.issue(user_id=USER, family_id=FAMILY))
    assert (found.user_id, found.family_id) == (USER, FAMILY)
    assert 590 < found.expires_at - time.time() <= 600


@pytest.mark.parametrize(
    ("token", "reason"),
    [
        (signed(claims(exp=1)), "expired"),
        (signed(claims(aud="other")), "malformed"),
        (signed(claims(iss="other")), "malformed"),
        (signed(claims(typ="refresh")), "malformed"),
        (signed(claims(sub="not-a-uuid")), "malformed"),
        (signed(claims(sid=None)), "malformed"),
        (signed(claims(exp=None)), "malformed"),
        (signed(claims(), key=b"x" * 32), "malformed"),
        (signed(claims(), kid="unknown"), "malformed"),
        (signed(claims(), typ="JWT"), "malformed"),
        (signed(claims(), key="", algorithm="none"), "malformed"),
        (signed(claims(), algorithm="HS512"), "malformed"),
        ("", "malformed"),
        ("a.b.c", "malformed"),
        ("é.é.é", "malformed"),
        ("null", "malformed"),
    ],
)
def test_a_token_that_is_not_ours_is_refused(token, reason):
    with pytest.raises(Unauthenticated) as refused:
        jwt.verify(token)
    assert refused.value.reason == reason


def test_a_former_secret_still_verifies_while_it_is_listed(settings):
    token = jwt.issue(user_id=USER, family_id=FAMILY)
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "another secret of sufficient length, for this test"
    assert jwt.verify(token).user_id == USER
    settings.SECRET_KEY_FALLBACKS = []
    with pytest.raises(Unauthenticated):
        jwt.verify(token)


@pytest.mark.parametrize("kind", ["rvk_", "rvr_", "rvt_"])
def test_a_mistyped_secret_is_told_from_one_of_ours(kind):
    value = secrets.new_secret(kind)
    assert secrets.well_formed(kind, value)
    swapped = value[:10] + ("x" if value[10] != "x" else "y") + value[11:]
    for wrong in (swapped, value[:-1], value + "a", kind, "", value.replace(kind, "rvx_"), value[:-1] + "é"):
        assert not secrets.well_formed(kind, wrong)


def test_the_successor_of_a_refresh_token_is_always_the_same_and_well_formed():
    token = secrets.new_secret("rvr_")
    assert secrets.successor(token) == secrets.successor(token) != token
    assert secrets.well_formed("rvr_", secrets.successor(token))
