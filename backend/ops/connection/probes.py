"""What the connection doctor measures against: small answers under `/api/v1/doctor/`, and a socket that only echoes.

`GET request` says what arrived here. `GET stream` sends events at the pace that is asked for, `GET poll` answers late,
`POST body` counts what it gets, and `/ws/v1/doctor/` is a socket without the product's pings. All but a part of
`request` are for signed-in people. Whatever lasts is bounded in time, and in number for a person and for the process.
"""

import asyncio
import contextlib
import time
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from typing import Any
from urllib.parse import parse_qs

import orjson
from django.conf import settings

from backend.accounts.auth import authenticate_scope
from backend.accounts.principal import Principal
from backend.core import limits
from backend.core.asgi import Receive, Scope, Send, request_id, respond, state
from backend.core.errors import (
    AppError,
    BadRequest,
    Forbidden,
    NotFound,
    RateLimited,
    Unauthenticated,
    Unavailable,
    WrongMethod,
)
from backend.core.middleware.proxies import Via
from backend.core.problems import CONTENT_TYPE, problem
from realtime import RealtimeSettings
from realtime.consumer import SUBPROTOCOL

PATH = "/api/v1/doctor/"
SOCKET_PATH = "/ws/v1/doctor/"
LIMIT = limits.Limit("doctor", 120, 60)
"""Probes of one person."""
MOST_SECONDS = 130.0
"""The longest that one probe lasts."""
MOST_EVENTS = 50
MOST_POLL = 30.0
RUNNING_EACH = 8
RUNNING_ALL = 64
"""Probes that last, at once: of one person, and in this process."""
ECHO_BYTES = 128
ECHOES = 200

_METHODS = {"request": "GET", "stream": "GET", "poll": "GET", "body": "POST"}
_PARAMETERS = {"stream": {"events", "gap_ms", "hint"}, "poll": {"wait"}}


class Probes:
    """The ASGI application. `stop` ends what runs, so that no probe delays the end of a process."""

    def __init__(self) -> None:
        self._running: Counter[str] = Counter()
        self._stopping = asyncio.Event()

    def stop(self) -> None:
        """End every probe that lasts."""
        self._stopping.set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request or handshake."""
        if scope["type"] == "websocket":
            await self._socket(scope, receive, send)
            return
        try:
            await self._answer(scope, receive, send)
        except AppError as error:
            status, body, headers = problem(error, request_id=request_id(scope))
            encoded = [(name.lower().encode(), value.encode()) for name, value in headers]
            await respond(send, status=status, body=body, content_type=CONTENT_TYPE, headers=encoded)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        name = scope["path"].removeprefix(PATH)
        method = _METHODS.get(name)
        if method is None:
            raise NotFound
        if scope["method"] != method:
            raise WrongMethod(method)
        query = _query(scope, _PARAMETERS.get(name, set()))
        if name == "request":
            await _json(send, await _seen(scope))
            return
        principal = await _person(scope)
        if name == "body":
            await _json(send, {"received": await _count(receive)})
            return
        async with self._lasting(principal), _watched(receive, self._stopping) as over:
            if name == "poll":
                await _poll(send, over, wait=_number(query, "wait", 25.0, least=0.0, most=MOST_POLL))
            else:
                await _stream(send, over, query)

    @contextlib.asynccontextmanager
    async def _lasting(self, principal: Principal) -> AsyncIterator[None]:
        if self._stopping.is_set() or self._running.total() >= RUNNING_ALL:
            raise Unavailable
        if settings.RIVULET.limits == "on" and self._running[principal.user] >= RUNNING_EACH:
            raise RateLimited("Too many probes at once. Wait for the others.", retry_after_ms=5000)
        self._running[principal.user] += 1
        try:
            yield
        finally:
            self._running[principal.user] -= 1
            if not self._running[principal.user]:
                del self._running[principal.user]

    async def _socket(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Echo short texts, and send nothing else, until the client leaves or time is up."""
        await receive()
        try:
            principal = await _person(scope)
            async with self._lasting(principal):
                known = SUBPROTOCOL in (scope.get("subprotocols") or [])
                await send({"type": "websocket.accept", "subprotocol": SUBPROTOCOL if known else None})
                await self._echo(receive, send)
        except AppError:
            await send({"type": "websocket.close"})  # before accept: the handshake is refused

    async def _echo(self, receive: Receive, send: Send) -> None:
        until = time.monotonic() + MOST_SECONDS
        stopping = asyncio.create_task(self._stopping.wait())
        try:
            for _ in range(ECHOES):
                coming = asyncio.ensure_future(receive())
                await asyncio.wait(
                    {coming, stopping}, timeout=until - time.monotonic(), return_when=asyncio.FIRST_COMPLETED
                )
                if not coming.done():
                    coming.cancel()
                    break
                message = coming.result()
                text = message.get("text")
                if message["type"] == "websocket.disconnect":
                    return
                if text is None or len(text) > ECHO_BYTES:
                    break
                await send({"type": "websocket.send", "text": text})
        finally:
            stopping.cancel()
        await send({"type": "websocket.close", "code": 1000})


async def _person(scope: Scope) -> Principal:
    """Who asks, within the limit. Raises `Unauthenticated`, `Forbidden` or `RateLimited`."""
    principal = await authenticate_scope(scope)
    state(scope)["user"] = principal.user
    await limits.require(LIMIT, principal.user)
    return principal


async def _seen(scope: Scope) -> dict[str, Any]:
    """What arrived. A stranger hears no more than the address that they asked for: without it they can't sign in."""
    host = next((value.decode("latin-1") for name, value in scope["headers"] if name == b"host"), "")
    found: dict[str, Any] = {
        "signed_in": False,
        "reason": None,
        "time": time.time(),
        "scheme": scope["scheme"],
        "host": host,
    }
    try:
        principal = await _person(scope)
    except Unauthenticated as error:
        return found | {"reason": error.reason}
    except Forbidden:
        return found | {"reason": "forbidden"}
    via: Via = state(scope)["via"]
    times = RealtimeSettings().scaled(settings.RIVULET.time_scale)
    return found | {
        "signed_in": True,
        "client": scope["client"][0] if scope.get("client") else None,
        "http_version": scope.get("http_version", "1.1"),
        "forwarded": via.headers,
        "trusted": via.trusted,
        "peer": via.peer if principal.role == "admin" else None,
        "max_body": settings.MAX_BODY_BYTES,
        "times": {"ping": times.ping, "comment": times.sse_comment, "poll": times.poll_wait_max},
    }


async def _stream(send: Send, over: asyncio.Event, query: Mapping[str, str]) -> None:
    events = int(_number(query, "events", 6, least=1, most=MOST_EVENTS))
    gap = _number(query, "gap_ms", 200, least=0, most=MOST_SECONDS * 1000) / 1000
    if (events - 1) * gap > MOST_SECONDS:
        raise BadRequest(f"That takes longer than {MOST_SECONDS:g} s.", field="gap_ms")
    headers = [(b"content-type", b"text/event-stream; charset=utf-8"), (b"cache-control", b"no-store")]
    if query.get("hint") != "off":
        headers.append((b"x-accel-buffering", b"no"))
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    started = time.monotonic()
    for index in range(events):
        if index and await _ended(over, started + index * gap):
            break
        data = orjson.dumps({"event": index + 1, "of": events, "at_ms": round((time.monotonic() - started) * 1000)})
        await send({"type": "http.response.body", "body": b"data: %b\n\n" % data, "more_body": True})
    await send({"type": "http.response.body", "body": b""})


async def _poll(send: Send, over: asyncio.Event, *, wait: float) -> None:
    if not await _ended(over, time.monotonic() + wait):
        await _json(send, {"waited": wait})
        return
    raise Unavailable


async def _ended(over: asyncio.Event, until: float) -> bool:
    """Wait; True when the client has gone or the process stops."""
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(over.wait(), max(0.0, until - time.monotonic()))
    return over.is_set()


@contextlib.asynccontextmanager
async def _watched(receive: Receive, stopping: asyncio.Event) -> AsyncIterator[asyncio.Event]:
    """An event that is set when the client leaves or the process stops."""
    over = asyncio.Event()

    async def left() -> None:
        while (await receive())["type"] != "http.disconnect":
            pass
        over.set()

    async def stopped() -> None:
        await stopping.wait()
        over.set()

    tasks = [asyncio.create_task(left()), asyncio.create_task(stopped())]
    try:
        yield over
    finally:
        for task in tasks:
            task.cancel()


async def _count(receive: Receive) -> int:
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return size
        size += len(message.get("body", b""))
        if not message.get("more_body", False):
            return size


async def _json(send: Send, body: Mapping[str, Any]) -> None:
    headers = [(b"cache-control", b"no-store")]
    await respond(send, status=200, body=orjson.dumps(body), content_type="application/json", headers=headers)


def _query(scope: Scope, known: set[str]) -> dict[str, str]:
    pairs = parse_qs(scope.get("query_string", b"").decode("latin-1"), keep_blank_values=True)
    for name in pairs:
        if name not in known:
            raise BadRequest(f"There is no parameter `{name[:64]}`.", field=name[:64])
    return {name: values[-1] for name, values in pairs.items()}


def _number(query: Mapping[str, str], name: str, default: float, *, least: float, most: float) -> float:
    try:
        value = float(query.get(name, default))
    except ValueError:
        value = float("nan")
    if not least <= value <= most:
        raise BadRequest(f"`{name}` is a number from {least:g} to {most:g}.", field=name)
    return value
