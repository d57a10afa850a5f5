"""An id for each request, one structured line when it ends, and the headers that the request earned on its way."""

import logging
import re
import time

import structlog

from backend.core.asgi import App, Message, Receive, Scope, Send, state
from backend.core.ids import new_id
from backend.core.logging import level_of

_log = structlog.get_logger("rivulet.http")
_GIVEN = re.compile(r"[A-Za-z0-9._-]{8,64}")
_NAMED = "rivulet.named"  # the server's own refusals carry the same id
_QUIET = ("/health/", "/static/", "/assets/")


class RequestLog:
    """Takes a trusted proxy's `X-Request-ID` or makes one, binds it to every log line, and returns it."""

    def __init__(self, app: App) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request or handshake."""
        if scope["type"] not in {"http", "websocket"}:
            await self.app(scope, receive, send)
            return
        request_id = _request_id(scope)
        state(scope)["request_id"] = request_id
        named = scope.get("extensions", {}).get(_NAMED)
        if named is not None:
            named["request_id"] = request_id
        client = scope["client"][0] if scope.get("client") else None
        with structlog.contextvars.bound_contextvars(request_id=request_id, client=client):
            if scope["type"] == "http":
                await self._http(scope, receive, send, request_id)
            else:
                await self.app(scope, receive, send)

    async def _http(self, scope: Scope, receive: Receive, send: Send, request_id: str) -> None:
        started = time.perf_counter()
        status = 0

        async def tagged(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                earned = state(scope).get("headers", ())
                message["headers"] = [
                    *message.get("headers", ()),
                    (b"x-request-id", request_id.encode()),
                    *((name.lower().encode(), value.encode()) for name, value in earned),
                ]
            await send(message)

        try:
            await self.app(scope, receive, tagged)
        finally:
            level = logging.DEBUG if scope["path"].startswith(_QUIET) else level_of(status)
            _log.log(
                level,
                "request",
                method=scope["method"],
                path=scope["path"],
                status=status,
                ms=round((time.perf_counter() - started) * 1000, 1),
                user=state(scope).get("user"),
            )


def _request_id(scope: Scope) -> str:
    for name, value in scope["headers"]:
        if name == b"x-request-id" and _GIVEN.fullmatch(value.decode("latin-1")):
            return str(value.decode("latin-1"))
    return str(new_id())
