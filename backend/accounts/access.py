"""Accounts as `realtime` asks for them: who is calling, who still may, and the numbers by which a change is noticed."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from django.contrib.sessions.backends.db import SessionStore

from backend.accounts import auth, selectors
from backend.accounts.principal import Principal
from backend.core.errors import Unauthenticated
from realtime.hooks import Access, Handshake
from realtime.hooks import Principal as AnyPrincipal


class AccountAccess(Access):
    """`realtime.Access` as far as accounts go. Versions of topics belong to the features that own them."""

    async def authenticate(self, handshake: Handshake) -> Principal | None:
        """Who this is; None: nothing was brought that counts. Raises `Unauthenticated` or `Forbidden`."""
        if handshake.ticket is not None and handshake.authorization is None:
            return await auth.redeem_ticket(handshake.ticket)
        try:
            return await auth.authenticate(
                authorization=handshake.authorization,
                cookies=handshake.cookies,
                origin=handshake.origin,
                host=handshake.host,
                secure=handshake.secure,
                fetch_site=handshake.fetch_site,
                websocket=handshake.websocket,
            )
        except Unauthenticated as error:
            if error.reason == "missing":
                return None
            raise

    async def authenticate_token(self, token: str) -> Principal:
        """Who holds this access token or API key. Raises `Unauthenticated`."""
        return await auth.authenticate_token(token)

    async def recheck(self, principals: Sequence[AnyPrincipal]) -> list[Exception | None]:
        """Whether each credential still holds, in one query. An access token's own end is the socket's business."""
        callers = [principal for principal in principals if isinstance(principal, Principal)]
        if len(callers) != len(principals):
            raise TypeError("These are not principals of ours.")
        found = await selectors.holding([(caller.user_id, caller.method, _credential(caller)) for caller in callers])
        return [_end(caller, state) for caller, state in zip(callers, found, strict=True)]

    async def versions(self, *, users: Sequence[str], topics: Sequence[str]) -> Mapping[str, int]:
        """The versions of people, as `user.<id>`."""
        del topics
        return {f"user.{user}": version for user, version in (await selectors.auth_versions(users)).items()}


def _credential(caller: Principal) -> str:
    return str(caller.key_id or caller.session_id or UUID(int=0))


def _end(caller: Principal, state: Mapping[str, Any]) -> Unauthenticated | None:
    if state["is_active"] is False:
        return Unauthenticated("This account is closed.", reason="closed")
    holds = bool(state["is_active"] and state["holds"])
    if holds and caller.method == "session":
        data = SessionStore().decode(state["session_data"])
        holds = auth.session_fits(data, password=str(state["password"]))
    return None if holds else Unauthenticated(auth.REVOKED, reason="revoked")
