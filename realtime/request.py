"""A request for a topic's events, authenticated and authorised, and the answers that are not a stream."""

from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

from realtime.consumer import handshake
from realtime.errors import AppError, BadRequest, NotFound, Unauthenticated, WrongMethod
from realtime.hooks import Principal, TopicKind
from realtime.positions import Position, kind_of, parse_position
from realtime.wire import encode

if TYPE_CHECKING:
    from realtime.node import Node

Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]
Headers = list[tuple[bytes, bytes]]


@dataclass(frozen=True, slots=True)
class TopicRequest:
    """Who asks for which topic, from where on, in which form."""

    node: "Node"
    scope: Mapping[str, Any]
    receive: Receive
    send: Send
    principal: Principal
    topic: str
    kind: TopicKind
    since: Position | None
    query: Mapping[str, str]

    async def authorize(self) -> None:
        """Raise `NotFound` unless the topic may be read (any more)."""
        await self.kind.authorize(principal=self.principal, topic=self.topic)


async def read_request(node: "Node", scope: MutableMapping[str, Any], receive: Receive, send: Send) -> TopicRequest:
    """Check everything about a request. Raises an `AppError`."""
    topic = _topic(scope.get("path", ""))
    kind = node.kinds.get(kind_of(topic) or "")
    principal = await node.access.authenticate(handshake(scope))
    if principal is None:
        raise Unauthenticated
    if node.identified is not None:
        node.identified(scope, principal)
    if kind is None:
        raise NotFound
    pairs = parse_qs(scope.get("query_string", b"").decode("latin-1"), keep_blank_values=True)
    query = {name: values[-1] for name, values in pairs.items()}
    for name in query:
        if name not in {"after", "wait"}:
            raise BadRequest(f"There is no parameter `{name[:64]}`.", field=name[:64])
    given = header(scope, b"last-event-id") or query.get("after")
    since = parse_position(given) if given else None
    request = TopicRequest(node, scope, receive, send, principal, topic, kind, since, query)
    await request.authorize()
    return request


def header(scope: Mapping[str, Any], name: bytes) -> str | None:
    """A request header's last value."""
    found = None
    for key, value in scope.get("headers") or []:
        if key.lower() == name:
            found = value.decode("latin-1")
    return found


def wants_json(scope: Mapping[str, Any]) -> bool:
    """Long poll is asked for by `application/json`; everything else, `*/*` too, means SSE."""
    accepted = [part.split(";")[0].strip().lower() for part in (header(scope, b"accept") or "*/*").split(",")]
    return "application/json" in accepted and "text/event-stream" not in accepted


async def answer(send: Send, status: int, body: bytes, headers: Headers) -> None:
    """A whole response."""
    if status != 204:
        headers = [*headers, (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def answer_error(send: Send, problem: tuple[int, bytes, Headers]) -> None:
    """An error as RFC 9457."""
    status, body, headers = problem
    fixed: Headers = [(b"content-type", b"application/problem+json"), (b"cache-control", b"no-store")]
    await answer(send, status, body, [*fixed, *headers])


def plain_problem(scope: Mapping[str, Any], error: AppError) -> tuple[int, bytes, Headers]:
    """Status, body and more headers of an error, where the application has no rendering of its own."""
    del scope
    problem: dict[str, Any] = {
        "type": "about:blank",
        "title": type(error).default,
        "status": error.status,
        "detail": error.message,
        "code": error.code,
        "temporary": error.temporary,
    }
    headers: Headers = []
    if isinstance(error, Unauthenticated):
        headers.append((b"www-authenticate", b"Bearer"))
    if isinstance(error, WrongMethod):
        headers.append((b"allow", error.allow.encode()))
    if error.retry_after_ms is not None:
        headers.append((b"retry-after", b"%d" % -(-error.retry_after_ms // 1000)))
    return error.status, encode(problem), headers


def _topic(path: str) -> str:
    """The topic in `…/topics/<topic>/events`."""
    parts = path.rstrip("/").split("/")
    if len(parts) < 3 or parts[-1] != "events" or parts[-3] != "topics":
        raise NotFound
    return parts[-2]
