"""Whatever goes wrong under /api answers as a problem: a framework's bare 404 and 405, and what nobody caught."""

import structlog

from backend.core.asgi import App, Message, Receive, Scope, Send, request_id, respond
from backend.core.errors import Internal
from backend.core.problems import CONTENT_TYPE, error_for_status, problem

_log = structlog.get_logger("rivulet.http")


class Problems:
    """Replaces error bodies that are not problems for paths under `prefixes`; catches what escapes the application."""

    def __init__(self, app: App, *, prefixes: tuple[str, ...] = ("/api/", "/health/")) -> None:
        self.app = app
        self.prefixes = prefixes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        rewrite = scope["path"].startswith(self.prefixes)
        started = replaced = False

        async def guarded(message: Message) -> None:
            nonlocal started, replaced
            if message["type"] == "http.response.start":
                started = True
                if rewrite and message["status"] >= 400 and not _is_problem(message):
                    replaced = True
                    await _send_problem(scope, send, message)
                    return
            if not replaced:
                await send(message)

        try:
            await self.app(scope, receive, guarded)
        except Exception:
            _log.exception("request.failed", path=scope["path"], method=scope["method"])
            if started:
                raise
            status, body, _ = problem(Internal(), request_id=request_id(scope))
            await respond(send, status=status, body=body, content_type=CONTENT_TYPE)


def _is_problem(message: Message) -> bool:
    return any(
        name.lower() == b"content-type" and value.startswith((CONTENT_TYPE.encode(), b"application/json"))
        for name, value in message["headers"]
    )


async def _send_problem(scope: Scope, send: Send, message: Message) -> None:
    status, body, headers = problem(
        error_for_status(message["status"]), request_id=request_id(scope), status=message["status"]
    )
    kept = [(name, value) for name, value in message["headers"] if name.lower() in {b"allow", b"retry-after"}]
    extra = [(name.lower().encode(), value.encode()) for name, value in headers]
    if scope["method"] == "HEAD":
        body = b""
    await respond(send, status=status, body=body, content_type=CONTENT_TYPE, headers=[*kept, *extra])
