"""The ASGI application behind `/v1/`: routes, authentication, and every error in OpenAI's shape."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import msgspec
import structlog
from pydantic import ValidationError

from backend.accounts.auth import authenticate_scope
from backend.accounts.permissions import Completions, ModelEntry, require
from backend.accounts.principal import Principal
from backend.catalog import registry
from backend.catalog.registry import ResolvedModel
from backend.catalog.selectors import visible_models
from backend.core import limits
from backend.core.asgi import Receive, Scope, Send, respond, state
from backend.core.errors import AppError, BadRequest, Internal, ModelUnavailable, NotFound
from backend.core.opaque import user_key
from backend.core.schemas import read_json
from backend.openai_api import http, prompts
from backend.openai_api.errors import error_body, from_validation, headers_of, status_of
from backend.openai_api.relay import end_with_error, provider_request, relay_stream, relay_whole
from backend.openai_api.schemas import ChatCompletionIn
from backend.openai_api.shapes import model_body
from backend.openai_api.stored import StoredCompletions
from backend.providers.base import CompletionRequest
from backend.usage.ledger import Reservation, expected
from backend.usage.meter import metered
from backend.usage.money import expected_output, tokens_of

MAX_BODY = 8 * 1024 * 1024

log = structlog.get_logger("rivulet.openai_api")


@dataclass(frozen=True, slots=True)
class Call:
    """One authenticated request."""

    path: str
    principal: Principal
    receive: Receive
    send: Send


Handler = Callable[[Call], Awaitable[None]]


class OpenAIApplication:
    """`/v1/chat/completions` and `/v1/models`. `stored` runs what is asked for with `store: true`."""

    def __init__(self, *, stored: StoredCompletions) -> None:
        self._stored = stored

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; whatever goes wrong is an error in OpenAI's shape, inside the stream if it has begun."""
        watched = http.Started(send)
        try:
            handler = self._route(scope)
            principal = await authenticate_scope(scope)
            state(scope)["user"] = principal.user
            await handler(Call(scope["path"].rstrip("/"), principal, receive, watched))
        except http.ClientLeft:
            return
        except AppError as error:
            await _fail(watched, error)
        except Exception:
            log.exception("openai_api.unhandled", path=scope["path"])
            await _fail(watched, Internal())

    def _route(self, scope: Scope) -> Handler:
        path, method = scope["path"].rstrip("/"), scope["method"]
        if path == "/v1/chat/completions" and method == "POST":
            return self._completions
        if (path == "/v1/models" or path.startswith("/v1/models/")) and method in {"GET", "HEAD"}:
            return self._models
        raise NotFound(f"Unknown request URL: {method} {scope['path']}.")

    async def _models(self, call: Call) -> None:
        require(call.principal, "read", ModelEntry())
        models = [model_body(entry) for entry in await visible_models(call.principal)]
        wanted = call.path.removeprefix("/v1/models").removeprefix("/")
        if not wanted:
            await _json(call.send, {"object": "list", "data": models})
            return
        for model in models:
            if model["id"] == wanted:
                await _json(call.send, model)
                return
        raise NotFound(f"The model '{wanted}' does not exist or you do not have access to it.")

    async def _completions(self, call: Call) -> None:
        principal = call.principal
        require(principal, "write", Completions())
        body = _parse(await http.read_body(call.receive, limit=MAX_BODY))
        await limits.require(limits.SENDS, principal.user)
        body, prompt = await prompts.filled(body, principal=principal)
        stored = principal.store_default if body.store is None else body.store
        if stored:
            await self._stored.run(body=body, prompt=prompt, principal=principal, receive=call.receive, send=call.send)
        else:
            await http.until_left(call.receive, _relay(body, principal, call.send, prompt=prompt))


async def _relay(body: ChatCompletionIn, principal: Principal, send: Send, *, prompt: dict[str, Any] | None) -> None:
    resolved = await registry.resolve(body.model, principal=principal)
    request = provider_request(body=body, model=resolved.upstream_name, user_key=user_key(principal.user))
    async with metered(resolved, _reservation(request, resolved, principal, prompt)) as provider:
        if body.stream:
            await relay_stream(
                provider=provider,
                request=request,
                model=resolved.name,
                include_usage=body.stream_options is not None and body.stream_options.include_usage,
                send=send,
            )
        else:
            await relay_whole(provider=provider, request=request, model=resolved.name, send=send)


def _reservation(
    request: CompletionRequest, resolved: ResolvedModel, principal: Principal, prompt: dict[str, Any] | None
) -> Reservation:
    entry, into, out = resolved.entry, tokens_of(request.messages), expected_output(request.params)
    return Reservation(
        purpose="v1",
        user_id=principal.user_id,
        team_id=principal.team_ids[0] if principal.team_ids else None,
        key_id=principal.key_id,
        provider=resolved.provider.name,
        model=entry.name,
        price_id=entry.price,
        template=UUID(prompt["template"]) if prompt else None,
        template_version=UUID(prompt["version"]) if prompt else None,
        input_tokens=into,
        output_tokens=out,
        cost=expected(entry, input_tokens=into, output_tokens=out),
    )


def _parse(raw: bytes) -> ChatCompletionIn:
    fields = read_json(raw)
    if not isinstance(fields, dict):
        raise BadRequest("The body must be a JSON object.")
    try:
        return ChatCompletionIn.model_validate(fields)
    except ValidationError as error:
        raise from_validation(error, given=fields) from None


async def _json(send: Send, body: object) -> None:
    await respond(send, status=200, body=msgspec.json.encode(body), content_type=http.JSON)


async def _fail(send: http.Started, error: AppError) -> None:
    if send.begun:
        await end_with_error(send, error)
        return
    if isinstance(error, ModelUnavailable):
        error.field = error.field or "model"
    await respond(
        send, status=status_of(error), body=error_body(error), content_type=http.JSON, headers=headers_of(error)
    )
