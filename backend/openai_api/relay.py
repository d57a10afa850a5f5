"""Completions that are not stored: the provider's deltas go to the client, and nothing but usage stays.

A failure before the first delta is an error answer with its own status; after it, an error event inside the stream.
"""

import uuid
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Protocol

from backend.core.asgi import Send, respond
from backend.core.errors import AppError
from backend.openai_api import http
from backend.openai_api.errors import error_body
from backend.openai_api.provider_errors import as_app_error
from backend.openai_api.schemas import ChatCompletionIn
from backend.openai_api.shapes import DONE, ChunkEncoder, Collector
from backend.providers.base import CompletionRequest, Delta, Finish, Passing, ProviderError, Usage


class Streams(Protocol):
    """What is asked of a provider here."""

    def stream(self, request: CompletionRequest) -> AsyncGenerator[list[Delta], None]:
        """See `Provider.stream`."""
        ...


def provider_request(*, body: ChatCompletionIn, model: str, user_key: str) -> CompletionRequest:
    """The call to the provider; `model` is the name that the upstream knows."""
    return CompletionRequest(
        model=model,
        messages=body.provider_messages(),
        params=body.params(),
        tools=body.tools,
        tool_choice=body.tool_choice,
        response_format=body.response_format,
        user_key=user_key,
    )


async def relay_whole(*, provider: Streams, request: CompletionRequest, model: str, send: Send) -> None:
    """Answer at once with the whole completion."""
    answer = Collector()
    try:
        async with aclosing(provider.stream(request)) as reads:
            async for deltas in reads:
                if isinstance(deltas[0], Passing):
                    model = deltas[0].model
                answer.add(deltas)
    except ProviderError as error:
        raise as_app_error(error) from error
    body = answer.body(ident=completion_id(), model=model)
    await respond(send, status=200, body=body, content_type=http.JSON)


async def relay_stream(
    *, provider: Streams, request: CompletionRequest, model: str, include_usage: bool, send: Send
) -> None:
    """Answer with chunks as they come. The head goes out with the first delta, so that an error keeps its status."""
    chunks = ChunkEncoder(ident=completion_id(), model=model, include_usage=include_usage)
    usage: Usage | None = None
    reason = "stop"
    started = False
    try:
        async with aclosing(provider.stream(request)) as reads:
            async for deltas in reads:
                for delta in deltas:
                    if isinstance(delta, Usage):
                        usage = delta
                    elif isinstance(delta, Finish):
                        reason = delta.reason
                    elif isinstance(delta, Passing):
                        chunks = ChunkEncoder(ident=chunks.ident, model=delta.model, include_usage=include_usage)
                payload = chunks.deltas(deltas)
                if not payload:
                    continue
                if not started:
                    started = True
                    await http.start_stream(send)
                    payload = chunks.role() + payload
                await http.write(send, payload)
    except ProviderError as error:
        if not started:
            raise as_app_error(error) from error
        await end_with_error(send, as_app_error(error))
        return
    if not started:
        await http.start_stream(send)
        await http.write(send, chunks.role())
    await http.write(send, chunks.finish(reason) + chunks.usage(usage) + DONE, more=False)


async def end_with_error(send: Send, error: AppError) -> None:
    """The last event of a stream that failed."""
    await http.write(send, b"data: " + error_body(error) + b"\n\n", more=False)


def completion_id() -> str:
    """An id in OpenAI's form."""
    return f"chatcmpl-{uuid.uuid4().hex}"
