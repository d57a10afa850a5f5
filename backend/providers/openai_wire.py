"""OpenAI's streaming wire format and its dialects, decoded into deltas.

The usual chunk takes the typed path; a chunk whose types are unusual (content as a list of parts, lone surrogates)
takes the tolerant one. What is not JSON at all is an error: text may be lost in it, and silence would hide that.
Source: OpenAI's reference of chat completion chunks; DeepSeek (`reasoning_content`, `prompt_cache_hit_tokens`);
Ollama and OpenRouter (`reasoning`); vLLM (errors as an event).
"""

import json
from typing import Any

import msgspec
from msgspec import Struct

from backend.providers import failures
from backend.providers.base import Delta, Finish, ReasoningDelta, TextDelta, ToolDelta, Usage
from backend.providers.reading import Reader
from backend.providers.text import REPLACEMENT, Mender


class _Function(Struct, gc=False):
    name: str | None = None
    arguments: str | None = None


class _ToolCall(Struct, gc=False):
    index: int | None = None
    id: str | None = None
    function: _Function | None = None


class _Delta(Struct, gc=False):
    content: str | None = None
    reasoning_content: str | None = None
    reasoning: str | None = None
    refusal: str | None = None
    tool_calls: list[_ToolCall] | None = None


class _Choice(Struct, gc=False):
    delta: _Delta | None = None
    finish_reason: str | None = None
    index: int = 0
    message: _Delta | None = None


class _InputDetails(Struct, gc=False):
    cached_tokens: int | None = None


class _OutputDetails(Struct, gc=False):
    reasoning_tokens: int | None = None


class _Usage(Struct, gc=False):
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    prompt_tokens_details: _InputDetails | None = None
    completion_tokens_details: _OutputDetails | None = None
    prompt_cache_hit_tokens: int | None = None


class _Chunk(Struct, gc=False):
    choices: list[_Choice] | None = None
    usage: _Usage | None = None
    error: Any = None


_decode = msgspec.json.Decoder(_Chunk).decode
_REASONS = {"function_call": "tool_calls", "eos": "stop", "end_turn": "stop", "max_tokens": "length"}


class ChunkReader(Reader):
    """Reads one stream of completion chunks."""

    __slots__ = ("_mender", "_tools")

    def __init__(self, *, name: str, key: str) -> None:
        super().__init__(name=name, key=key)
        self._mender = Mender()
        self._tools: dict[str, int] = {}

    def take(self, payload: bytes, out: list[Delta]) -> None:
        """See `Reader.take`."""
        mended = False
        try:
            chunk = _decode(payload)
        except msgspec.DecodeError:
            stripped = payload.strip()
            if not stripped or stripped == b"[DONE]":
                self.done = self.done or bool(stripped)
                return
            chunk = self._tolerant(payload)
            mended = True
        if chunk.error is not None or (chunk.choices is None and chunk.usage is None):
            self._error(payload)
        if chunk.choices:
            choice = chunk.choices[0]
            delta = choice.delta or choice.message
            if delta is not None:
                if delta.reasoning_content or delta.reasoning or delta.tool_calls or delta.refusal:
                    self._rare(delta, out)
                text = delta.content
                if text:
                    if mended or ("\0" not in text and not self._mender.half):
                        out.append(TextDelta(text))
                        self.started = True
                    else:
                        self._text(text, out)
            if choice.finish_reason:
                self._finished(choice.finish_reason)
        if chunk.usage is not None:
            self.usage = _usage(chunk.usage)

    def end(self) -> list[Delta]:
        """See `Reader.end`."""
        if self.finish is None and not (self.done and self.started):
            raise failures.cut(self.name, started=self.started)
        out: list[Delta] = []
        if rest := self._mender.rest():
            out.append(TextDelta(rest))
        if self.usage is not None:
            out.append(self.usage)
        out.append(Finish(self.finish or "stop"))
        return out

    def whole(self, body: bytes) -> list[Delta]:
        """See `Reader.whole`."""
        out: list[Delta] = []
        self.take(body, out)
        return out + self.end()

    def _finished(self, reason: str) -> None:
        if reason == "error":
            raise failures.cut(self.name, started=self.started)
        self.finish = _REASONS.get(reason, reason)

    def _text(self, text: str, out: list[Delta]) -> None:
        if text := self._mender.mend(text):
            out.append(TextDelta(text))
            self.started = True

    def _rare(self, delta: _Delta, out: list[Delta]) -> None:
        if thought := delta.reasoning_content or delta.reasoning:
            out.append(ReasoningDelta(thought.replace("\0", REPLACEMENT)))
        if delta.refusal:
            self._text(delta.refusal, out)
        for position, call in enumerate(delta.tool_calls or ()):
            out.append(self._tool(call, position))
        self.started = True

    def _tool(self, call: _ToolCall, position: int) -> ToolDelta:
        """Servers that leave out `index` send a whole call at once, known by its id."""
        index = call.index
        if index is None:
            index = self._tools.setdefault(call.id, len(self._tools)) if call.id else position
        function = call.function or _Function()
        return ToolDelta(index, call.id or None, function.name or None, function.arguments or "")

    def _tolerant(self, payload: bytes) -> _Chunk:
        try:
            found = json.loads(payload)
        except ValueError as error:
            raise failures.broken(self.name, "a line that is not JSON", started=self.started) from error
        if not isinstance(found, dict):
            raise failures.broken(self.name, "an event of an unknown form", started=self.started)
        if found.get("error"):
            raise failures.from_event(found, name=self.name, key=self.key, started=self.started)
        choices = found.get("choices")
        for choice in choices if isinstance(choices, list) else []:
            delta = choice.get("delta") if isinstance(choice, dict) else None
            if isinstance(delta, dict):
                self._flatten(delta)
        try:
            return msgspec.convert(found, _Chunk, strict=False)
        except msgspec.ValidationError as error:
            raise failures.broken(self.name, "an event of an unknown form", started=self.started) from error

    def _flatten(self, delta: dict[str, Any]) -> None:
        """Content as parts becomes text; halves of surrogate pairs are joined."""
        content = delta.get("content")
        if isinstance(content, list):
            parts = [part for part in content if isinstance(part, dict)]
            delta["content"] = "".join(str(part.get("text") or "") for part in parts if part.get("type") == "text")
            thoughts = [part.get("thinking") for part in parts if part.get("type") == "thinking"]
            inner = [piece for thought in thoughts if isinstance(thought, list) for piece in thought]
            delta["reasoning_content"] = "".join(str(piece.get("text") or "") for piece in inner)
        for name in ("content", "reasoning_content", "reasoning"):
            text = delta.get(name)
            if isinstance(text, str) and text:
                delta[name] = self._mender.mend(text)

    def _error(self, payload: bytes) -> None:
        found = msgspec.json.decode(payload)
        if found.keys() & {"error", "detail", "message"}:
            raise failures.from_event(found, name=self.name, key=self.key, started=self.started)


def _usage(usage: _Usage) -> Usage:
    cached = usage.prompt_cache_hit_tokens or 0
    if usage.prompt_tokens_details is not None:
        cached = usage.prompt_tokens_details.cached_tokens or cached
    reasoning = usage.completion_tokens_details.reasoning_tokens if usage.completion_tokens_details else 0
    return Usage(usage.prompt_tokens or 0, usage.completion_tokens or 0, cached, reasoning or 0)
