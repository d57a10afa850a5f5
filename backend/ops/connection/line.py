"""The way from here to a site: its address, a key, and the guarded client."""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from ipaddress import ip_address
from typing import Any, Self
from urllib.parse import urlsplit

from backend.outbound import Answer, OutboundClient, Socket, StreamResponse, Timeouts
from realtime.consumer import SUBPROTOCOL

END = b"\n\n"
PROBES = "/api/v1/doctor/"
_PORTS = {"http": 80, "https": 443}
_TIMEOUTS = Timeouts(connect=10, first_byte=20, silence=20)


class Line:
    """One site as it is reached from here. The operator named it, so its address may be a private one."""

    def __init__(self, url: str, *, key: str | None = None, verify: bool = True) -> None:
        parts = urlsplit(url)
        if parts.scheme not in _PORTS or not parts.hostname:
            raise ValueError("The URL must begin with http:// or https:// and name a host.")
        self.url = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"
        self.scheme = parts.scheme
        self.hostname = parts.hostname
        self.port = parts.port or _PORTS[parts.scheme]
        self.key = key
        self.verify = verify
        self.client = OutboundClient(user_agent="Rivulet doctor", verify=verify)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.client.close()

    @property
    def local(self) -> bool:
        """Whether the site is on this very machine, by its address."""
        try:
            return ip_address(self.hostname).is_loopback
        except ValueError:
            return self.hostname == "localhost"

    def is_host(self, seen: str) -> bool:
        """Whether a Host header names this site."""
        parts = urlsplit(f"//{seen}")
        try:
            port = parts.port or self.port
        except ValueError:
            return False
        return (parts.hostname or "").lower() == self.hostname.lower() and (
            port == self.port if parts.port else self.port in _PORTS.values()
        )

    async def ask(
        self, name: str, *, method: str = "GET", body: bytes | None = None, timeouts: Timeouts = _TIMEOUTS
    ) -> Answer:
        """One probe with a small answer."""
        headers = self._headers({"Content-Type": "application/octet-stream"} if body is not None else {})
        return await self.client.request(
            method, self.url + PROBES + name, headers=headers, body=body, timeouts=timeouts, trusted=True
        )

    def stream(self, name: str, *, silence: float = 20.0) -> AbstractAsyncContextManager[StreamResponse]:
        """One probe whose answer is read as it comes."""
        headers = self._headers({"Accept": "text/event-stream", "Accept-Encoding": "gzip"})
        limits = Timeouts(connect=10, first_byte=silence + 10, silence=silence + 10)
        return self.client.stream("GET", self.url + PROBES + name, headers=headers, timeouts=limits, trusted=True)

    def socket(self, path: str) -> AbstractAsyncContextManager[Socket]:
        """A WebSocket of the site."""
        return self.client.websocket(
            self.url + path, headers=self._headers({}), protocols=(SUBPROTOCOL,), timeouts=_TIMEOUTS, trusted=True
        )

    def _headers(self, more: dict[str, str]) -> dict[str, str]:
        return more | ({"Authorization": f"Bearer {self.key}"} if self.key else {})


async def events(chunks: AsyncIterator[bytes]) -> AsyncIterator[int]:
    """How many events each read of a stream completes: their ends may be cut in two."""
    last = b""
    async for chunk in chunks:
        whole = last + chunk
        yield whole.count(END)
        last = b"" if whole.endswith(END) else whole[-1:]


Seen = dict[str, Any]
"""What `GET request` said."""
