"""Where tokens come from: an API key, a function, or an app's pair that is refreshed, one refresh at a time."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Protocol, runtime_checkable

import httpx

from rivulet_client.errors import RivuletError, Stopped, from_problem


@runtime_checkable
class TokenProvider(Protocol):
    """Gives tokens. Raise `Stopped` when the person has to sign in again; anything else is tried again later."""

    async def token(self) -> str:
        """The current access token."""

    async def refresh(self) -> str:
        """A newer one."""


TokenSource = str | Callable[[], Awaitable[str]] | TokenProvider | None


class AppTokens:
    """The pair of a signed-in app (`/_allauth/app/v1/`). `changed` gets each new pair, to be stored before it is used.

    A refresh whose answer was lost is tried again with the same token: within 30 seconds the same successor comes.
    """

    def __init__(
        self,
        base_url: str,
        *,
        access: str,
        refresh: str,
        changed: Callable[[str, str], Awaitable[None]] | None = None,
    ) -> None:
        self._url = f"{base_url.rstrip('/')}/_allauth/app/v1/tokens/refresh"
        self._access = access
        self._refresh = refresh
        self._changed = changed

    async def token(self) -> str:
        """See `TokenProvider`."""
        return self._access

    async def refresh(self) -> str:
        """See `TokenProvider`."""
        async with httpx.AsyncClient(timeout=15) as http:
            reply = await http.post(self._url, json={"refresh_token": self._refresh})
        if reply.status_code in {400, 401, 403}:
            raise Stopped("unauthenticated", "The sign-in has ended: sign in again.")
        if not reply.is_success:
            raise from_problem(reply.status_code, None, reply.headers.get("retry-after"))
        pair = reply.json()["data"]
        self._access, self._refresh = pair["access_token"], pair.get("refresh_token", self._refresh)
        if self._changed is not None:
            await self._changed(self._access, self._refresh)
        return self._access


class Tokens:
    """One source for all transports. Whoever finds a token expired names it: only the first of them refreshes."""

    def __init__(self, source: TokenSource) -> None:
        self._source = source
        self._lock = asyncio.Lock()
        self._last: str | None = source if isinstance(source, str) else None

    @property
    def refreshes(self) -> bool:
        """Whether a newer token can be had at all."""
        return self._source is not None and not isinstance(self._source, str)

    async def token(self) -> str | None:
        """The token to use now. Raises `Stopped`, or a temporary `RivuletError`."""
        if self._last is not None and not isinstance(self._source, TokenProvider):
            return self._last
        async with self._lock:
            self._last = await self._ask(newer=False)
            return self._last

    async def refresh(self, stale: str | None) -> str | None:
        """A newer token than `stale`. Raises `Stopped` where there is none to be had."""
        if not self.refreshes:
            raise Stopped("unauthenticated", "The token has expired, and there is no way to refresh it.")
        async with self._lock:
            if self._last is None or self._last == stale:
                self._last = await self._ask(newer=True)
            return self._last

    async def _ask(self, *, newer: bool) -> str | None:
        source = self._source
        try:
            if isinstance(source, TokenProvider):
                return await (source.refresh() if newer else source.token())
            return await source() if callable(source) else source
        except RivuletError:
            raise
        except Exception as error:  # whatever a caller's own code raises
            raise RivuletError("unavailable", f"A token could not be had: {error}", temporary=True) from error
