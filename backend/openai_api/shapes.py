"""OpenAI's answers: `chat.completion`, its chunks, and the list of models."""

import time
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from backend.catalog.entries import Entry
from backend.providers.base import Delta, Finish, ReasoningDelta, TextDelta, ToolDelta, Usage

DONE = b"data: [DONE]\n\n"

_encode = msgspec.json.encode


def usage_body(usage: Usage) -> dict[str, Any]:
    """Usage as OpenAI counts it."""
    return {
        "prompt_tokens": usage.input_tokens,
        "completion_tokens": usage.output_tokens,
        "total_tokens": usage.input_tokens + usage.output_tokens,
        "prompt_tokens_details": {"cached_tokens": usage.cached_tokens},
        "completion_tokens_details": {"reasoning_tokens": usage.reasoning_tokens},
    }


def model_body(entry: Entry) -> dict[str, Any]:
    """One entry of the list of models."""
    return {"id": entry.name, "object": "model", "created": int(entry.created.timestamp()), "owned_by": entry.provider}


def tool_delta(delta: ToolDelta) -> dict[str, Any]:
    """A piece of a tool call, as a chunk carries it."""
    body: dict[str, Any] = {"index": delta.index, "function": {"arguments": delta.arguments}}
    if delta.id is not None:
        body |= {"id": delta.id, "type": "function"}
    if delta.name is not None:
        body["function"]["name"] = delta.name
    return body


class ChunkEncoder:
    """Writes one completion's chunks as server-sent events; what is the same in all of them is encoded once."""

    def __init__(self, *, ident: str, model: str, include_usage: bool) -> None:
        self.ident = ident
        self.model = model
        self._include_usage = include_usage
        head = {"id": ident, "object": "chat.completion.chunk", "created": int(time.time()), "model": model}
        self._head = b"data: " + _encode(head)[:-1]
        self._null_usage = b',"usage":null' if include_usage else b""
        self._open = self._head + self._null_usage + b',"choices":[{"index":0,"delta":'
        self._running = b',"logprobs":null,"finish_reason":null}]}\n\n'

    def role(self) -> bytes:
        """The first chunk."""
        return self._open + b'{"role":"assistant","content":""}' + self._running

    def deltas(self, deltas: Iterable[Delta]) -> bytes:
        """The chunks of what one read of the provider brought; usage and finish have methods of their own."""
        return b"".join([self._delta(delta) for delta in deltas if not isinstance(delta, Usage | Finish)])

    def _delta(self, delta: Delta) -> bytes:
        match delta:
            case TextDelta(text):
                body = b'{"content":' + _encode(text) + b"}"
            case ReasoningDelta(text):
                body = b'{"reasoning_content":' + _encode(text) + b"}"
            case ToolDelta():
                body = _encode({"tool_calls": [tool_delta(delta)]})
            case _:
                return b""
        return self._open + body + self._running

    def finish(self, reason: str) -> bytes:
        """The chunk that says why the answer ended."""
        return self._open + b'{},"logprobs":null,"finish_reason":' + _encode(reason) + b"}]}\n\n"

    def usage(self, usage: Usage | None) -> bytes:
        """The last chunk, for who asked for it."""
        if not self._include_usage or usage is None:
            return b""
        return self._head + b',"choices":[],"usage":' + _encode(usage_body(usage)) + b"}\n\n"


class Collector:
    """Puts an answer together for a caller who does not stream."""

    def __init__(self) -> None:
        self.text: list[str] = []
        self.reasoning: list[str] = []
        self.tools: dict[int, dict[str, Any]] = {}
        self.usage: Usage | None = None
        self.reason = "stop"

    def add(self, deltas: Sequence[Delta]) -> None:
        """Take in what one read of the provider brought."""
        for delta in deltas:
            match delta:
                case TextDelta(text):
                    self.text.append(text)
                case ReasoningDelta(text):
                    self.reasoning.append(text)
                case ToolDelta():
                    self._tool(delta)
                case Usage():
                    self.usage = delta
                case Finish(reason):
                    self.reason = reason

    def _tool(self, delta: ToolDelta) -> None:
        call = self.tools.setdefault(
            delta.index, {"id": "", "type": "function", "function": {"name": "", "arguments": ""}}
        )
        call["id"] = delta.id or call["id"]
        call["function"]["name"] = delta.name or call["function"]["name"]
        call["function"]["arguments"] += delta.arguments

    def body(self, *, ident: str, model: str) -> bytes:
        """The whole `chat.completion`."""
        message: dict[str, Any] = {"role": "assistant", "content": "".join(self.text) or None, "refusal": None}
        if self.reasoning:
            message["reasoning_content"] = "".join(self.reasoning)
        if self.tools:
            message["tool_calls"] = [self.tools[index] for index in sorted(self.tools)]
        elif message["content"] is None:
            message["content"] = ""
        choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": self.reason}
        usage = self.usage or Usage(input_tokens=0, output_tokens=0)
        return _encode(
            {
                "id": ident,
                "object": "chat.completion",
                "created": int(time.time()),
                "model": model,
                "choices": [choice],
                "usage": usage_body(usage),
            }
        )
