"""Access tokens: short-lived JWTs, signed by a key that their `kid` names, refused unless every claim is ours.

HS256 only, by an allow-list: the verifier is always this site. Keys derive from SECRET_KEY and its fallbacks, so a
rotation keeps running tokens good for as long as the former key is listed.
"""

import hashlib
import hmac
import time
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from uuid import UUID

import jwt
from django.conf import settings

from backend.core.errors import Unauthenticated
from backend.core.ids import new_id

ALGORITHM = "HS256"
ISSUER = "rivulet"
AUDIENCE = "rivulet:api"
TYPE = "at+jwt"
_CLAIMS = ["exp", "iat", "iss", "aud", "sub", "sid", "jti", "typ"]


@dataclass(frozen=True, slots=True)
class AccessToken:
    """A verified token: the person, the token family and the end in epoch seconds."""

    user_id: UUID
    family_id: UUID
    expires_at: float


def issue(*, user_id: UUID, family_id: UUID, life_s: int | None = None) -> str:
    """A signed access token; it lasts `life_s` seconds, else as long as the settings say."""
    kid, key = next(iter(_keys().items()))
    now = int(time.time())
    claims = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "typ": "access",
        "sub": str(user_id),
        "sid": str(family_id),
        "jti": str(new_id()),
        "iat": now,
        "exp": now + (settings.RIVULET.access_token_seconds if life_s is None else life_s),
    }
    return jwt.encode(claims, key, algorithm=ALGORITHM, headers={"kid": kid, "typ": TYPE})


def verify(token: str) -> AccessToken:
    """Check signature and claims. Raises `Unauthenticated`, its reason `expired` or `malformed`."""
    try:
        header = jwt.get_unverified_header(token)
        key = _keys().get(str(header.get("kid")))
        if key is None or header.get("typ") != TYPE:
            raise Unauthenticated("The access token is not one of ours.", reason="malformed")
        claims: dict[str, Any] = jwt.decode(
            token, key, algorithms=[ALGORITHM], audience=AUDIENCE, issuer=ISSUER, options={"require": _CLAIMS}
        )
        if claims["typ"] != "access":
            raise Unauthenticated("This token is not an access token.", reason="malformed")
        return AccessToken(UUID(claims["sub"]), UUID(claims["sid"]), float(claims["exp"]))
    except jwt.ExpiredSignatureError as error:
        raise Unauthenticated("The access token is over. Refresh it.", reason="expired") from error
    except (jwt.PyJWTError, ValueError, TypeError, AttributeError) as error:
        raise Unauthenticated("The access token is not valid.", reason="malformed") from error


def _keys() -> dict[str, bytes]:
    return _derived(settings.SECRET_KEY, tuple(settings.SECRET_KEY_FALLBACKS))


@lru_cache(maxsize=4)
def _derived(current: str, former: tuple[str, ...]) -> dict[str, bytes]:
    keys = [hmac.digest(value.encode(), b"rivulet access tokens", "sha256") for value in (current, *former)]
    return {hashlib.sha256(key).hexdigest()[:12]: key for key in keys}
