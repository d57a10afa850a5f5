"""Who is calling: the address and scheme behind proxies that are trusted, and nothing that others claim.

`X-Forwarded-For` is read from the right, over addresses of the trusted networks, to the first that is not one. From
anyone else these headers are dropped. Control bytes in a header are refused with 400.
"""

import re
from collections.abc import Sequence
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import NamedTuple

import structlog

from backend.core.asgi import App, Receive, Scope, Send, respond, state
from backend.core.errors import BadRequest
from backend.core.ids import new_id
from backend.core.problems import CONTENT_TYPE, problem

Network = IPv4Network | IPv6Network

_log = structlog.get_logger("rivulet.http")
_CONTROL = re.compile(rb"[\x00-\x08\x0a-\x1f\x7f]")
_FORWARDED = frozenset({b"x-forwarded-for", b"x-forwarded-proto", b"x-forwarded-host", b"x-real-ip", b"forwarded"})
LOCAL = "127.0.0.1"


class Via(NamedTuple):
    """By whom a request came in: the peer, whether it is trusted, and which forwarding headers it brought."""

    peer: str
    trusted: bool
    headers: list[str]


class TrustedProxies:
    """Puts the caller's real address into `scope["client"]`, the real scheme into `scope["scheme"]`; adds a `Via`."""

    def __init__(self, app: App, *, networks: Sequence[str]) -> None:
        self.app = app
        self.networks: list[Network] = [ip_network(part) for part in networks]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request or handshake."""
        if scope["type"] not in {"http", "websocket"}:
            await self.app(scope, receive, send)
            return
        if any(_CONTROL.search(value) for _, value in scope["headers"]):
            if scope["type"] == "http":
                await _refuse(scope, send)
            else:
                await send({"type": "websocket.close", "code": 4501})
            return
        await self.app(self._seen(scope), receive, send)

    def _seen(self, scope: Scope) -> Scope:
        peer = scope["client"][0] if scope.get("client") else LOCAL
        headers = scope["headers"]
        trusted = self.trusts(peer)
        if trusted:
            forwarded = [value for name, value in headers if name == b"x-forwarded-for"]
            protos = [value for name, value in headers if name == b"x-forwarded-proto"]
            client = self._client(b",".join(forwarded).decode("latin-1"), peer)
            scheme = _scheme(scope, protos)
        else:
            client, scheme = peer, _scheme(scope, [])
            headers = [pair for pair in headers if pair[0] != b"x-request-id"]
        kept = [pair for pair in headers if pair[0] not in _FORWARDED]
        port = scope["client"][1] if scope.get("client") and client == peer else 0
        names = sorted({name.decode() for name, _ in headers if name in _FORWARDED})
        state(seen := {**scope, "headers": kept, "client": [client, port], "scheme": scheme})["via"] = Via(
            peer=peer, trusted=trusted, headers=names
        )
        return seen

    def trusts(self, address: str) -> bool:
        """Whether an address is one of ours. A unix socket's peer is local."""
        try:
            parsed = ip_address(address)
        except ValueError:
            return False
        mapped = getattr(parsed, "ipv4_mapped", None)
        return any((mapped or parsed) in network for network in self.networks)

    def _client(self, forwarded: str, peer: str) -> str:
        found = peer
        for part in reversed([part.strip() for part in forwarded.split(",") if part.strip()]):
            try:
                address = str(ip_address(part.strip("[]")))
            except ValueError:
                return found
            found = address
            if not self.trusts(address):
                return found
        return found


async def _refuse(scope: Scope, send: Send) -> None:
    """Before anything of the request is believed: the id is ours, and so is the line in the log."""
    request_id = str(new_id())
    client = scope["client"][0] if scope.get("client") else None
    _log.info("refused", request_id=request_id, method=scope["method"], path=scope["path"], status=400, client=client)
    error = BadRequest("A header has a control character.")
    status, body, _ = problem(error, request_id=request_id, status=400)
    headers = [(b"x-request-id", request_id.encode())]
    await respond(send, status=status, body=body, content_type=CONTENT_TYPE, headers=headers)


def _scheme(scope: Scope, protos: list[bytes]) -> str:
    socket = scope["type"] == "websocket"
    if len(protos) == 1 and protos[0].strip().lower() in {b"http", b"https", b"ws", b"wss"}:
        secure = protos[0].strip().lower() in {b"https", b"wss"}
        return ("wss" if secure else "ws") if socket else ("https" if secure else "http")
    return str(scope.get("scheme") or ("ws" if socket else "http"))
