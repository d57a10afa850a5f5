"""How much may come in: a cap on the body, told early by its length, counted where that is missing or a lie."""

from collections.abc import Mapping

from backend.core.asgi import App, Message, Receive, Scope, Send, request_id, respond
from backend.core.errors import TooLarge
from backend.core.problems import CONTENT_TYPE, problem


class BodyLimit:
    """Answers 413 for a body over `max_bytes`; `larger` has other caps for some paths."""

    def __init__(self, app: App, *, max_bytes: int, larger: Mapping[str, int] | None = None) -> None:
        self.app = app
        self.max_bytes = max_bytes
        self._larger = larger or {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        cap = self._larger.get(scope["path"], self.max_bytes)
        for name, value in scope["headers"]:
            if name == b"content-length" and value.isdigit() and int(value[:20]) > cap:
                await self._refuse(scope, send, cap)
                return
        seen = 0
        started = False

        async def counted() -> Message:
            nonlocal seen
            message = await receive()
            seen += len(message.get("body", b""))
            if seen > cap:
                raise _Over
            return message

        async def noted(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            await self.app(scope, counted, noted)
        except _Over:
            if started:
                raise
            await self._refuse(scope, send, cap)

    async def _refuse(self, scope: Scope, send: Send, cap: int) -> None:
        error = TooLarge(f"The body is over {cap // (1024 * 1024)} MiB.")
        status, body, _ = problem(error, request_id=request_id(scope))
        await respond(send, status=status, body=body, content_type=CONTENT_TYPE, headers=[(b"connection", b"close")])


class _Over(Exception):
    """The body went over its cap."""
