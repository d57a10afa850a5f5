"""REST, with the client's token: one request, errors as on a socket; and the twins of the socket's commands."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, NamedTuple

import httpx
import msgspec

from rivulet_client.errors import RivuletError, Stopped, Undecided, connection_lost, from_problem, timed_out
from rivulet_client.tokens import Tokens

_JSON = "application/json"


class Call(NamedTuple):
    """A command's REST twin."""

    path: str
    body: dict[str, Any]
    key: str | None


def twin(cmd: str, fields: dict[str, Any]) -> Call | None:
    """The same write over REST; None for a command that has none."""
    rest = dict(fields)
    key = rest.pop("client_msg_id", None)
    if cmd == "message.send":
        return Call("messages", rest, key)
    if cmd == "generation.retry":
        return Call(f"messages/{rest.pop('message')}/retry", rest, key)
    if cmd == "generation.cancel":
        return Call(f"generations/{rest['generation']}/cancel", {}, None)
    return None


class Rest:
    """`/api/v1` of one site. `base` may change between calls: any node will do."""

    def __init__(self, tokens: Tokens, *, within: float, trust_env: bool) -> None:
        self.base = ""
        self._tokens = tokens
        self._http = httpx.AsyncClient(timeout=within, trust_env=trust_env)

    async def request(
        self, method: str, path: str, body: Any = None, *, key: str | None = None, params: dict[str, Any] | None = None
    ) -> Any:
        """The parsed answer. Raises `RivuletError`; `Undecided` when none came."""
        headers = {"accept": _JSON} | ({"idempotency-key": key} if key else {})
        content = None if body is None else msgspec.json.encode(body)
        if content is not None:
            headers["content-type"] = _JSON
        try:
            async with self.open(method, path, headers=headers, content=content, params=params) as reply:
                raw = await reply.aread()
        except httpx.TransportError as error:
            raise lost(error) from error
        try:
            return msgspec.json.decode(raw) if raw else None
        except msgspec.DecodeError as error:
            raise RivuletError("internal", "The answer is no JSON: is this the address of a Rivulet?") from error

    async def call(self, found: Call) -> dict[str, Any]:
        """A command by its twin."""
        result = await self.request("POST", found.path, found.body, key=found.key)
        return result if isinstance(result, dict) else {}

    @asynccontextmanager
    async def open(
        self, method: str, path: str, *, headers: dict[str, str], **given: Any
    ) -> AsyncIterator[httpx.Response]:
        """A response that went well, its body still to be read. An expired token is refreshed, once."""
        again = True
        while True:
            token = await self._tokens.token()
            signed = headers if token is None else {**headers, "authorization": f"Bearer {token}"}
            async with self._http.stream(method, f"{self.base}/api/v1/{path}", headers=signed, **given) as reply:
                if reply.is_success:
                    yield reply
                    return
                error, expired = await _problem(reply)
            if not (expired and again and self._tokens.refreshes):
                raise error
            again = False
            await self._tokens.refresh(token)

    async def reachable(self) -> bool:
        """Whether plain HTTP goes through, so that blocked sockets can be told from a server that is away."""
        try:
            reply = await self._http.get(f"{self.base}/health/live", timeout=5)
        except httpx.HTTPError:
            return False
        return reply.is_success

    async def close(self) -> None:
        """Close its connections."""
        await self._http.aclose()


def lost(error: httpx.TransportError) -> Undecided:
    """No answer came."""
    return timed_out() if isinstance(error, httpx.TimeoutException) else connection_lost()


async def _problem(reply: httpx.Response) -> tuple[RivuletError, bool]:
    raw = await reply.aread()
    try:
        body = msgspec.json.decode(raw)
    except msgspec.DecodeError:
        body = None
    error = from_problem(reply.status_code, body, reply.headers.get("retry-after"))
    expired = reply.status_code == 401 and isinstance(body, dict) and body.get("reason") == "expired"
    if reply.status_code == 401 and not expired:
        return Stopped(error.code, error.message), False
    return error, expired
