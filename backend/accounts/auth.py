"""One natively async path of authentication for cookie session, access token, API key and ticket.

Every transport asks here: REST, SSE, WebSocket and /v1, by `authenticate_scope` (an ASGI scope) or `authenticate`.
A bearer credential in the Authorization header stands alone. A cookie counts only on our own origin, by exact scheme,
host and port; never on a WebSocket that says no Origin; and for unsafe methods only with the CSRF header as well.
A refusal says why (`Unauthenticated.reason`): `missing`, `malformed`, `expired`,
`revoked`, `closed` (the account).
"""

import time
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.utils.crypto import constant_time_compare

from backend.accounts import jwt, origins, secrets, selectors
from backend.accounts.models import User
from backend.accounts.principal import Method, Principal
from backend.accounts.refusals import Refused, note_refusal
from backend.core.asgi import Scope, header
from backend.core.db import row
from backend.core.errors import Unauthenticated

TICKET_PROTOCOL = "ticket."
_MAX_TOKEN = 4096
NO_KEY = "This API key was deleted or never existed."
REVOKED = "This session, key or token was ended. Sign in again."


async def authenticate_scope(scope: Scope, *, csrf: bool = True) -> Principal:
    """Verify a request or handshake by its ASGI scope. Raises `Unauthenticated` or `Forbidden`."""
    websocket = scope["type"] == "websocket"
    try:
        given = {
            name: header(scope, name.encode())
            for name in ("authorization", "origin", "host", "x-csrftoken", "sec-fetch-site")
        }
    except ValueError as error:
        raise Unauthenticated(str(error), reason="malformed") from error
    if websocket and not given["authorization"]:
        for protocol in scope.get("subprotocols") or ():
            if protocol.startswith(TICKET_PROTOCOL):
                return await redeem_ticket(protocol.removeprefix(TICKET_PROTOCOL))
    return await authenticate(
        authorization=given["authorization"],
        cookies=origins.cookies(scope),
        origin=given["origin"],
        host=given["host"] or "",
        secure=scope.get("scheme") in {"https", "wss"},
        method="GET" if websocket or not csrf else scope["method"],
        csrf_header=given["x-csrftoken"],
        fetch_site=given["sec-fetch-site"],
        websocket=websocket,
    )


async def authenticate(
    *,
    authorization: str | None,
    cookies: Mapping[str, str],
    origin: str | None,
    host: str,
    secure: bool,
    method: str = "GET",
    csrf_header: str | None = None,
    fetch_site: str | None = None,
    websocket: bool = False,
) -> Principal:
    """Verify a request or handshake. Raises `Unauthenticated` (its `reason` says why) or `Forbidden`."""
    if authorization is not None:
        scheme, _, token = authorization.partition(" ")
        if scheme.lower() != "bearer" or not token.strip():
            raise Unauthenticated("The Authorization header must be `Bearer <token or key>`.", reason="malformed")
        return await authenticate_token(token.strip())
    session_key = cookies.get(settings.SESSION_COOKIE_NAME)
    if not session_key or (websocket and origin is None):
        raise Unauthenticated
    origins.require_same_origin(origin=origin, host=host, secure=secure, method=method, fetch_site=fetch_site)
    if method not in origins.SAFE_METHODS:
        origins.require_csrf(cookie=cookies.get(settings.CSRF_COOKIE_NAME), header=csrf_header)
    return await _by_session(session_key)


async def authenticate_token(token: str) -> Principal:
    """Verify an access token or an API key. Raises `Unauthenticated`, which is noted in the security log."""
    try:
        return await _by_token(token)
    except Unauthenticated as error:
        note_refusal(error, kind="key" if token.startswith("rvk_") else "access", value=token)
        raise


async def _by_token(token: str) -> Principal:
    if len(token) > _MAX_TOKEN:
        raise Unauthenticated("The token is too long.", reason="malformed")
    if token.startswith("rvk_"):
        if not secrets.well_formed("rvk_", token):
            raise Unauthenticated("The API key is mistyped or cut off.", reason="malformed")
        return await _by_key(hash=secrets.hashed(token))
    access = jwt.verify(token)
    return await _by_family(user_id=access.user_id, family_id=access.family_id, expires_at=access.expires_at)


async def redeem_ticket(value: str) -> Principal:
    """Use up a ticket: the principal of the credential that asked for it. Raises `Unauthenticated`, noted as well."""
    try:
        return await _by_ticket(value)
    except Unauthenticated as error:
        note_refusal(error, kind="ticket")
        raise


async def _by_ticket(value: str) -> Principal:
    if not secrets.well_formed("rvt_", value):
        raise Unauthenticated("The ticket is not valid.", reason="malformed")
    found = await row(
        "delete from accounts_ticket where hash = %s "
        "returning user_id, session_key, family_id, key_id, credential_expires, expires > now() as fresh",
        [secrets.hashed(value)],
    )
    if found is None:
        raise Unauthenticated("The ticket was used already, or never made.", reason="revoked")
    if not found["fresh"]:
        raise Unauthenticated("The ticket is over: it lasts 30 seconds.", reason="expired")
    if found["key_id"]:
        return await _by_key(key_id=found["key_id"])
    if found["family_id"]:
        end = found["credential_expires"].timestamp()
        return await _by_family(user_id=found["user_id"], family_id=found["family_id"], expires_at=end)
    return await _by_session(found["session_key"])


async def revalidate(principal: Principal) -> Principal:
    """Look again at a credential that was good: the fresh principal, for sockets whose `auth_version` moved.

    Raises `Unauthenticated`. The end of an access token is left to the socket, which grants time to refresh it.
    """
    if principal.key_id is not None:
        return await _by_key(key_id=principal.key_id)
    if principal.session_id is None:
        raise Unauthenticated(REVOKED, reason="revoked")
    if principal.method == "session":
        return await _by_session(principal.session_id)
    end = principal.expires_at or 0.0
    return await _by_family(user_id=principal.user_id, family_id=UUID(principal.session_id), expires_at=end)


async def _by_session(session_key: str) -> Principal:
    if not session_key.isascii() or not session_key.isalnum() or len(session_key) > 40:
        raise Unauthenticated("The session cookie is not valid.", reason="malformed")
    stored = await selectors.session_row(session_key)
    if stored is None:
        raise Unauthenticated(REVOKED, reason="revoked")
    if stored["over"]:
        raise Unauthenticated("The session is over. Sign in again.", reason="expired")
    data = SessionStore().decode(stored["session_data"])
    try:
        user_id = UUID(str(data[SESSION_KEY]))
    except (KeyError, ValueError):
        raise Unauthenticated from None
    person = await selectors.person(user_id)
    if person is None or not session_fits(data, password=person.password):
        raise Unauthenticated(REVOKED, reason="revoked")
    return _principal(person, method="session", expires_at=stored["expire_date"].timestamp(), session_id=session_key)


def session_fits(data: Mapping[str, Any], *, password: str) -> bool:
    """Whether a session's content was made under the person's present password."""
    if data.get(BACKEND_SESSION_KEY) not in settings.AUTHENTICATION_BACKENDS:
        return False
    user = User(password=password)
    good = (user.get_session_auth_hash(), *user.get_session_auth_fallback_hash())
    return any(constant_time_compare(str(data.get(HASH_SESSION_KEY, "")), each) for each in good)


async def _by_family(*, user_id: UUID, family_id: UUID, expires_at: float) -> Principal:
    found = await selectors.family_person(user_id=user_id, family_id=family_id)
    if found is None or found[1] is not None:
        raise Refused(REVOKED, reason="revoked", person=user_id)
    return _principal(found[0], method="jwt", expires_at=expires_at, session_id=str(family_id))


async def _by_key(*, hash: str | None = None, key_id: UUID | None = None) -> Principal:  # noqa: A002
    found = await selectors.key_person(hash=hash, key_id=key_id)
    if found is None:
        raise Unauthenticated(NO_KEY, reason="revoked")
    person, key = found
    if key["revoked"] is not None:
        raise Refused(NO_KEY, reason="revoked", credential_id=key["key_id"], person=person.id)
    expires_at = key["expires"].timestamp() if key["expires"] else None
    if expires_at is not None and expires_at <= time.time():
        reason = "This API key has expired."
        raise Refused(reason, reason="expired", credential_id=key["key_id"], person=person.id)
    if key["stale"]:
        await selectors.key_used(key["key_id"])
    return _principal(
        person,
        method="key",
        expires_at=expires_at,
        scopes=None if key["scopes"] is None else frozenset(key["scopes"]),
        key_id=key["key_id"],
        store_default=key["store_default"],
    )


def _principal(
    person: selectors.Person,
    *,
    method: Method,
    expires_at: float | None,
    session_id: str | None = None,
    scopes: frozenset[str] | None = None,
    key_id: UUID | None = None,
    store_default: bool = False,
) -> Principal:
    if not person.is_active:
        raise Refused("This account is closed.", reason="closed", credential_id=key_id or "", person=person.id)
    return Principal(
        user_id=person.id,
        email=person.email,
        name=person.name,
        role=person.role,
        method=method,
        scopes=scopes,
        auth_version=person.auth_version,
        expires_at=expires_at,
        session_id=session_id,
        key_id=key_id,
        store_default=store_default,
        team_ids=person.team_ids,
    )
