"""The Channels consumer of `/ws/v1/`: the handshake, and frames between the server and a `Connection`."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any

from channels.consumer import AsyncConsumer
from django.http.cookie import parse_cookie

from realtime.close import Close
from realtime.connection import Connection
from realtime.errors import AppError, Unauthenticated
from realtime.hooks import Handshake, Principal
from realtime.links import QueueLink, websocket_link

if TYPE_CHECKING:
    from realtime.node import Node

SUBPROTOCOL = "rivulet.v1"
TICKET = "ticket."
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]


class RivuletConsumer(AsyncConsumer):
    """One per socket. It has no channel of its own in the layer, so a Redis restart closes none."""

    def __init__(self, node: "Node") -> None:
        self.node = node
        self._send: Send | None = None
        self._connection: Connection | None = None
        self._closer: asyncio.Task[None] | None = None

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        """The socket's whole life."""
        self._send = send
        await receive()  # websocket.connect
        principal, refused = None, None
        try:
            principal = await self._authenticate(scope)
        except Unauthenticated as error:
            refused = error
        except AppError:
            await send({"type": "websocket.close"})  # before accept: HTTP 403
            return
        offered = scope.get("subprotocols") or []
        known = SUBPROTOCOL in offered
        await send({"type": "websocket.accept", "subprotocol": SUBPROTOCOL if known else None})
        if not known:
            reason = f"offer the subprotocol {SUBPROTOCOL}"
            await send({"type": "websocket.close", "code": int(Close.UNKNOWN_VERSION), "reason": reason})
            return
        await self._serve(scope, receive, principal, refused)

    async def _serve(
        self, scope: dict[str, Any], receive: Receive, principal: Principal | None, refused: Unauthenticated | None
    ) -> None:
        assert self._send is not None
        link = websocket_link(scope, self._send)
        connection = Connection(self.node, link, close=self._close, principal=principal, refused=refused)
        self._connection = connection
        self.node.join(connection)
        try:
            while True:
                message = await receive()
                if message["type"] == "websocket.disconnect":
                    return
                text = message.get("text")
                if text is None:
                    connection.close(Close.BINARY, "frames are text")
                else:
                    connection.receive(text)
                if connection.session.blocked and not connection.closing:
                    await link.drained()  # who does not read is not read from
        finally:
            connection.gone()
            if self._closer is not None:
                self._closer.cancel()
            if isinstance(link, QueueLink):
                link.abort()

    async def _authenticate(self, scope: dict[str, Any]) -> Principal | None:
        ticket = next((name for name in scope.get("subprotocols") or [] if name.startswith(TICKET)), None)
        return await self.node.access.authenticate(handshake(scope, ticket=ticket and ticket.removeprefix(TICKET)))

    def _close(self, code: int, reason: str) -> None:
        self._closer = self.node.run(self._closing(code, reason))

    async def _closing(self, code: int, reason: str) -> None:
        """Say goodbye, then cut: a peer that reads nothing would never answer."""
        assert self._connection is not None
        assert self._send is not None
        link = self._connection.session.link
        message = {"type": "websocket.close", "code": int(code), "reason": reason[:120]}
        with contextlib.suppress(OSError, RuntimeError):
            if isinstance(link, QueueLink):
                link.finish(message)
            else:
                await self._send(message)
            await asyncio.sleep(self.node.settings.close_grace)
        link.abort()


def handshake(scope: Mapping[str, Any], *, ticket: str | None = None) -> Handshake:
    """What an ASGI scope says about who is calling."""
    headers: dict[str, str] = {}
    cookies: dict[str, str] = {}
    for raw_name, raw_value in scope.get("headers") or []:
        name, value = raw_name.decode("latin-1").lower(), raw_value.decode("latin-1")
        if name == "cookie":
            cookies |= parse_cookie(value)
        headers[name] = value
    client = scope.get("client")
    return Handshake(
        authorization=headers.get("authorization"),
        cookies=cookies,
        origin=headers.get("origin"),
        host=headers.get("host", ""),
        secure=scope.get("scheme") in {"https", "wss"},
        ticket=ticket,
        client_ip=client[0] if client else None,
        websocket=scope.get("type") == "websocket",
        fetch_site=headers.get("sec-fetch-site"),
    )
