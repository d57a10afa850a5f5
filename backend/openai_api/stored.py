"""Completions with `store: true`: a generation like any other, read back from its topic in OpenAI's shape.

It is visible and resumable under its id (`chatcmpl-<generation>`), and it runs on when its client leaves.
"""

from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Any

import orjson

from backend.accounts.principal import Principal
from backend.chat.schemas import Started
from backend.chat.services.stored import completion_store
from backend.core.asgi import Receive, Send, respond
from backend.core.errors import AppError, Internal, ProviderFailed
from backend.openai_api import http
from backend.openai_api.provider_errors import by_code
from backend.openai_api.schemas import ChatCompletionIn
from backend.openai_api.shapes import DONE, ChunkEncoder, Collector
from backend.providers.base import Delta, Finish, ReasoningDelta, TextDelta, ToolDelta, Usage
from realtime import Node, Position
from realtime.follow import follow

_FINISH_BY_REASON = {"output_limit": "length", "time_limit": "length", "length": "length"}


class StoredCompletions:
    """Runs stored completions on this process's node."""

    def __init__(self, node: Node) -> None:
        self._node = node

    async def run(
        self,
        *,
        body: ChatCompletionIn,
        principal: Principal,
        receive: Receive,
        send: Send,
        prompt: dict[str, Any] | None = None,
    ) -> None:
        """Start the generation and answer from its log. `prompt` is what it remembers of a template."""
        started = await completion_store(
            principal=principal,
            messages=body.provider_messages(),
            model=body.model,
            params=body.stored_params(),
            tools=body.tools,
            prompt=prompt,
        )
        await http.until_left(receive, self._answer(body, started, send))

    async def _answer(self, body: ChatCompletionIn, started: Started, send: Send) -> None:
        ident = f"chatcmpl-{started.generation}"
        headers = [
            (b"x-rivulet-topic", started.topic.encode()),
            (b"x-rivulet-conversation", str(started.conversation).encode()),
        ]
        events = self._deltas(started)
        if body.stream:
            include_usage = body.stream_options is not None and body.stream_options.include_usage
            await _stream(events, ident=ident, include_usage=include_usage, headers=headers, send=send)
        else:
            await _whole(events, ident=ident, headers=headers, send=send)

    async def _deltas(self, started: Started) -> AsyncIterator[tuple[str, list[Delta]]]:
        """(model, deltas) for each piece of the log. Raises the `AppError` that the answer ended with."""
        since = Position(started.position.epoch, started.position.offset)
        reader = EventReader()
        async with aclosing(follow(self._node, topic=started.topic, since=since)) as pieces:  # type: ignore[type-var]
            async for frames in pieces:
                deltas: list[Delta] = []
                for frame in frames:
                    event = orjson.loads(frame)
                    deltas += reader.read(event["type"], event["data"])
                yield reader.model, deltas
                if reader.error is not None:
                    raise reader.error


class EventReader:
    """Turns a generation's events back into deltas. `error` is set by a terminal event that is one."""

    def __init__(self) -> None:
        self.model = ""
        self.error: AppError | None = None
        self._kinds: dict[int, str] = {}
        self._tools: dict[int, list[str]] = {}

    def read(self, kind: str, data: dict[str, Any]) -> list[Delta]:
        """The deltas of one event."""
        match kind:
            case "created" | "started":
                self.model = data["model"]
            case "part.added":
                self._kinds[data["part"]] = data["kind"]
            case "part.delta":
                return self._text(data["part"], data["text"])
            case "part.done":
                return self._tool(data["part"])
            case "usage":
                return [Usage(input_tokens=data["input_tokens"], output_tokens=data["output_tokens"])]
            case "done":
                return [Finish(data["finish_reason"])]
            case "incomplete" | "cancelled":
                return self._cut_short(kind, data)
            case "error":
                self.error = by_code(data["code"], data["message"])
        return []

    def _text(self, part: int, text: str) -> list[Delta]:
        match self._kinds.get(part):
            case "text":
                return [TextDelta(text)]
            case "reasoning":
                return [ReasoningDelta(text)]
            case "tool":
                self._tools.setdefault(part, []).append(text)
        return []

    def _tool(self, part: int) -> list[Delta]:
        pieces = self._tools.get(part)
        if pieces is None:
            return []
        call = orjson.loads("".join(pieces))
        index = sorted(self._tools).index(part)
        return [ToolDelta(index, call["id"], call["name"], call["arguments"])]

    def _cut_short(self, kind: str, data: dict[str, Any]) -> list[Delta]:
        if kind == "cancelled":
            return [Finish("stop")]
        finish = _FINISH_BY_REASON.get(data["reason"])
        if finish is None:
            self.error = ProviderFailed(f"The answer was cut short ({data['reason']}). What came is kept.")
            return []
        return [Finish(finish)]


async def _whole(
    events: AsyncIterator[tuple[str, list[Delta]]], *, ident: str, headers: http.Headers, send: Send
) -> None:
    answer, model = Collector(), ""
    async for name, deltas in events:
        model = name
        answer.add(deltas)
    body = answer.body(ident=ident, model=model)
    await respond(send, status=200, body=body, content_type=http.JSON, headers=headers)


async def _stream(
    events: AsyncIterator[tuple[str, list[Delta]]],
    *,
    ident: str,
    include_usage: bool,
    headers: http.Headers,
    send: Send,
) -> None:
    chunks: ChunkEncoder | None = None
    usage: Usage | None = None
    reason: str | None = None
    async for model, deltas in events:
        for delta in deltas:
            if isinstance(delta, Usage):
                usage = delta
            elif isinstance(delta, Finish):
                reason = delta.reason
        if chunks is None or chunks.model != model:
            chunks = ChunkEncoder(ident=ident, model=model, include_usage=include_usage)
        payload = chunks.deltas(deltas)
        if payload:
            await _begun(send, chunks, headers, payload)
            headers = ()
    if chunks is None or reason is None:
        raise Internal
    await _begun(send, chunks, headers, chunks.finish(reason) + chunks.usage(usage) + DONE, more=False)


async def _begun(send: Send, chunks: ChunkEncoder, headers: http.Headers, payload: bytes, *, more: bool = True) -> None:
    if headers:  # not begun yet: the head waits for the first piece, so that an error keeps its status
        await http.start_stream(send, headers=headers)
        payload = chunks.role() + payload
    await http.write(send, payload, more=more)
