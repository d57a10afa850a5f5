"""The shapes of ASGI, and the few helpers that each middleware would otherwise write again."""

from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from typing import Any

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]


def header(scope: Scope, name: bytes) -> str | None:
    """The one value of a header; None without it. Raises `ValueError` when it comes more than once."""
    found = [value for key, value in scope["headers"] if key == name]
    if not found:
        return None
    if len(found) > 1:
        raise ValueError(f"The header {name.decode()} may come only once.")
    value: str = found[0].decode("latin-1")
    return value


def state(scope: Scope) -> dict[str, Any]:
    """The request's own dictionary, shared by all that handles it."""
    found: dict[str, Any] = scope.setdefault("rivulet", {})
    return found


def request_id(scope: Scope) -> str:
    """The id of the request, as in the log and in `X-Request-ID`."""
    return str(state(scope).get("request_id", ""))


async def respond(
    send: Send, *, status: int, body: bytes, content_type: str, headers: Iterable[tuple[bytes, bytes]] = ()
) -> None:
    """Send one whole response."""
    await send(
        {
            "type": "http.response.start",
            "status": status,
            "headers": [
                (b"content-type", content_type.encode()),
                (b"content-length", str(len(body)).encode()),
                *headers,
            ],
        }
    )
    await send({"type": "http.response.body", "body": body})
