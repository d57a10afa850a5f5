"""The client: pooled connections, time limits, an address guard for untrusted URLs, no redirects, no cookies."""

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from io import BytesIO
from typing import Any

import aiohttp
import msgspec

from backend.outbound.errors import (
    ConnectFailed,
    ConnectionLost,
    OutboundError,
    RedirectRefused,
    TimedOut,
    UpgradeRefused,
    UrlRefused,
)
from backend.outbound.guard import Guard, parse_url
from backend.outbound.response import Answer, StreamResponse, Timeouts
from backend.outbound.socket import Socket

SMALL_BODY = 1 << 20
"""Bytes of a body that is read whole, unless the caller says otherwise."""

LARGE_BODY = 1 << 20
"""Bytes from which on a body is sent piece by piece, so that it does not hold the loop up."""

IDLE_CONNECTION = 30.0
"""Seconds that an unused connection is kept."""

_AddrInfo = tuple[int, int, int, str, tuple[Any, ...]]


class OutboundClient:
    """One for each event loop. Make it and close it inside the loop that uses it.

    `trusted` is for URLs from the operator's environment alone: those may be local. All others are held to `guard`.
    `proxy` is the operator's own forward proxy, used for all calls when set; none is taken from the environment.
    `verify=False` takes any certificate: for looking at a site that is being mended, never with a credential.
    """

    def __init__(
        self,
        *,
        guard: Guard | None = None,
        proxy: str | None = None,
        user_agent: str = "Rivulet",
        limit: int = 0,
        verify: bool = True,
    ) -> None:
        self._guard = guard or Guard()
        self._proxy = proxy or None
        self._user_agent = user_agent
        self._limit = limit
        self._verify = verify
        self._sessions: dict[bool, aiohttp.ClientSession] = {}

    async def close(self) -> None:
        """Close all connections."""
        sessions, self._sessions = list(self._sessions.values()), {}
        for session in sessions:
            await session.close()

    @asynccontextmanager
    async def stream(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        json: Any = None,
        body: bytes | None = None,
        timeouts: Timeouts | None = None,
        trusted: bool = False,
    ) -> AsyncIterator[StreamResponse]:
        """Make a call and read its body as it comes. Leaving early closes the connection.

        `json` is anything that msgspec encodes. Raises `OutboundError`; an HTTP error status is the caller's matter,
        a redirect is refused.
        """
        limits = timeouts or Timeouts()
        host, session = self._route(url, trusted=trusted)
        sent = {"Accept-Encoding": "identity", **(headers or {})}
        if json is not None:
            body = msgspec.json.encode(json)
            sent["Content-Type"] = "application/json"
        started = asyncio.get_running_loop().time()
        raw = await self._open(session, method, url, host=host, headers=sent, body=body, limits=limits)
        response = StreamResponse(raw, host=host, started=started, timeouts=limits)
        try:
            if 300 <= raw.status < 400:
                raise RedirectRefused(
                    f"{host} answered with a redirect, which is not followed. Check the address.",
                    location=raw.headers.get("Location", ""),
                )
            yield response
        finally:
            response.close()

    async def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        json: Any = None,
        body: bytes | None = None,
        timeouts: Timeouts | None = None,
        trusted: bool = False,
        limit: int = SMALL_BODY,
    ) -> Answer:
        """Make a call with a small answer of at most `limit` bytes."""
        async with self.stream(
            method, url, headers=headers, json=json, body=body, timeouts=timeouts, trusted=trusted
        ) as response:
            return Answer(response.status, response.headers, await response.body(limit=limit))

    @asynccontextmanager
    async def websocket(
        self,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        protocols: Sequence[str] = (),
        timeouts: Timeouts | None = None,
        trusted: bool = False,
    ) -> AsyncIterator[Socket]:
        """Open a WebSocket at an http(s) URL. Raises `OutboundError`: `UpgradeRefused` where none is opened."""
        limits = timeouts or Timeouts()
        host, session = self._route(url, trusted=trusted)
        try:
            async with asyncio.timeout(limits.first_byte):
                raw = await session.ws_connect(
                    url, headers=headers, protocols=protocols, autoping=True, max_msg_size=1 << 20, autoclose=True
                )
        except aiohttp.WSServerHandshakeError as error:
            raise UpgradeRefused(f"{host} did not open a WebSocket.", status=error.status) from error
        except TimeoutError as error:
            raise TimedOut(f"{host} did not answer within {limits.first_byte:g} s.", stage="first_byte") from error
        except OutboundError:
            raise
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise ConnectionLost(f"{host} broke the connection before it answered.") from error
        try:
            yield Socket(raw)
        finally:
            await raw.close()

    def _route(self, url: str, *, trusted: bool) -> tuple[str, aiohttp.ClientSession]:
        parts = parse_url(url)
        free = trusted or self._guard.allows_host(parts)
        session = self._sessions.get(free)
        if session is None:
            session = self._sessions[free] = self._make_session(guarded=not free)
        return parts.hostname or "", session

    def _make_session(self, *, guarded: bool) -> aiohttp.ClientSession:
        connector = aiohttp.TCPConnector(
            limit=self._limit,
            ssl=self._verify,
            keepalive_timeout=IDLE_CONNECTION,
            use_dns_cache=not guarded,
            socket_factory=self._guarded_socket if guarded and not self._proxy else None,
        )
        return aiohttp.ClientSession(
            connector=connector,
            cookie_jar=aiohttp.DummyCookieJar(),
            trust_env=False,
            headers={"User-Agent": self._user_agent},
            skip_auto_headers=("Accept-Encoding",),
        )

    def _guarded_socket(self, info: _AddrInfo) -> socket.socket:
        """Make the socket for an address that was resolved, or refuse: nothing resolves it again after this."""
        self._guard.check_address(str(info[4][0]))
        return socket.socket(family=info[0], type=info[1], proto=info[2])

    async def _open(
        self,
        session: aiohttp.ClientSession,
        method: str,
        url: str,
        *,
        host: str,
        headers: Mapping[str, str],
        body: bytes | None,
        limits: Timeouts,
    ) -> aiohttp.ClientResponse:
        if self._proxy is not None:
            await self._check_before_proxy(host, guarded=session is self._sessions.get(False))
        try:
            async with asyncio.timeout(limits.first_byte):
                return await session.request(
                    method,
                    url,
                    headers=headers,
                    data=BytesIO(body) if body and len(body) >= LARGE_BODY else body,
                    allow_redirects=False,
                    proxy=self._proxy,
                    timeout=aiohttp.ClientTimeout(total=None, sock_connect=limits.connect),
                )
        except OutboundError:
            raise
        except aiohttp.InvalidURL as error:
            raise UrlRefused("The URL names no valid host.") from error
        except aiohttp.ServerTimeoutError as error:
            raise TimedOut(f"{host} could not be reached within {limits.connect:g} s.", stage="connect") from error
        except TimeoutError as error:
            raise TimedOut(f"{host} did not answer within {limits.first_byte:g} s.", stage="first_byte") from error
        except aiohttp.ClientConnectorDNSError as error:
            raise ConnectFailed(f"The name {host} could not be resolved.") from error
        except (aiohttp.ClientConnectorCertificateError, aiohttp.ClientSSLError) as error:
            reason = getattr(error, "certificate_error", None)
            raise ConnectFailed(
                f"No secure connection to {host}: its certificate was not accepted.",
                certificate=reason if isinstance(reason, ssl.SSLCertVerificationError) else None,
            ) from error
        except aiohttp.ClientConnectorError as error:
            raise ConnectFailed(f"{host} could not be reached.") from error
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise ConnectionLost(f"{host} broke the connection before it answered.") from error

    async def _check_before_proxy(self, host: str, *, guarded: bool) -> None:
        """A proxy resolves names itself: what can be checked is what the name means here."""
        if not guarded:
            return
        try:
            infos = await asyncio.get_running_loop().getaddrinfo(host, None, type=socket.SOCK_STREAM)
        except OSError as error:
            raise ConnectFailed(f"The name {host} could not be resolved.") from error
        for info in infos:
            self._guard.check_address(str(info[4][0]))
