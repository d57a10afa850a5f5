"""Anthropic's streaming wire format, decoded into deltas. Unknown events and deltas are ignored, as its policy asks."""

import json
from typing import Any

import msgspec
from msgspec import Struct

from backend.providers import failures
from backend.providers.base import Delta, Finish, ReasoningDelta, TextDelta, ToolDelta, Usage
from backend.providers.reading import Reader
from backend.providers.text import Mender


class _Delta(Struct, gc=False):
    type: str = ""
    text: str | None = None
    thinking: str | None = None
    partial_json: str | None = None
    stop_reason: str | None = None


class _Block(Struct, gc=False):
    type: str
    text: str | None = None
    thinking: str | None = None
    id: str | None = None
    name: str | None = None
    input: Any = None


class _Usage(Struct, gc=False):
    input_tokens: int | None = None
    output_tokens: int | None = None
    cache_read_input_tokens: int | None = None
    cache_creation_input_tokens: int | None = None


class _Message(Struct, gc=False):
    usage: _Usage | None = None
    content: list[_Block] = []
    stop_reason: str | None = None


class _Event(Struct, gc=False):
    type: str = ""
    index: int = 0
    delta: _Delta | None = None
    content_block: _Block | None = None
    message: _Message | None = None
    usage: _Usage | None = None
    error: Any = None


_decode = msgspec.json.Decoder(_Event).decode
_REASONS = {
    "end_turn": "stop",
    "stop_sequence": "stop",
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "tool_use": "tool_calls",
    "refusal": "content_filter",
}


class EventReader(Reader):
    """Reads one stream of Messages events.

    `overlap` is white space that ends the part of the answer that is there already and that was not sent: where the
    model writes it again, it is left out.
    """

    __slots__ = ("_counted", "_mender", "_overlap", "_tools")

    def __init__(self, *, name: str, key: str, overlap: str = "") -> None:
        super().__init__(name=name, key=key)
        self._mender = Mender()
        self._overlap = overlap
        self._tools: dict[int, int] = {}
        self._counted = _Usage()

    def take(self, payload: bytes, out: list[Delta]) -> None:
        """See `Reader.take`."""
        mended = False
        try:
            event = _decode(payload)
        except msgspec.DecodeError:
            event = self._tolerant(payload)
            mended = True
        if event.type == "content_block_delta":
            delta = event.delta
            if delta is None:
                return
            if delta.text:
                self._text(delta.text, out, mended=mended)
            elif delta.thinking:
                self._think(delta.thinking, out)
            elif delta.partial_json and event.index in self._tools:
                out.append(ToolDelta(self._tools[event.index], None, None, delta.partial_json))
        else:
            self._other(event, payload, out)

    def whole(self, body: bytes) -> list[Delta]:
        """See `Reader.whole`."""
        out: list[Delta] = []
        try:
            message = msgspec.json.decode(body, type=_Message)
        except msgspec.DecodeError as error:
            raise failures.broken(self.name, "an answer of an unknown form", started=False) from error
        if message.stop_reason is None:
            raise failures.from_event(msgspec.json.decode(body), name=self.name, key=self.key, started=False)
        for index, block in enumerate(message.content):
            self._start(block, index, out)
            if block.type == "tool_use" and block.input:
                arguments = msgspec.json.encode(block.input).decode()
                out.append(ToolDelta(self._tools[index], None, None, arguments))
        self._count(message.usage)
        self.finish = _REASONS.get(message.stop_reason, "stop")
        return out + self.end()

    def end(self) -> list[Delta]:
        """See `Reader.end`."""
        if self.finish is None:
            raise failures.cut(self.name, started=self.started)
        out: list[Delta] = []
        if rest := self._mender.rest():
            out.append(TextDelta(rest))
        if self.usage is not None:
            out.append(self.usage)
        out.append(Finish(self.finish))
        return out

    def _other(self, event: _Event, payload: bytes, out: list[Delta]) -> None:
        match event.type:
            case "message_start" if event.message is not None:
                self._count(event.message.usage)
            case "content_block_start" if event.content_block is not None:
                self._start(event.content_block, event.index, out)
            case "message_delta":
                self._count(event.usage)
                if event.delta is not None and event.delta.stop_reason:
                    self.finish = _REASONS.get(event.delta.stop_reason, "stop")
            case "message_stop":
                self.done = True
            case "error":
                found = msgspec.json.decode(payload)
                raise failures.from_event(found, name=self.name, key=self.key, started=self.started)
            case _:
                return

    def _start(self, block: _Block, index: int, out: list[Delta]) -> None:
        if block.type == "tool_use":
            self._tools[index] = len(self._tools)
            out.append(ToolDelta(self._tools[index], block.id, block.name, ""))
            self.started = True
        elif block.text:
            self._text(block.text, out, mended=False)
        elif block.thinking:
            self._think(block.thinking, out)

    def _text(self, text: str, out: list[Delta], *, mended: bool) -> None:
        if not mended and ("\0" in text or self._mender.half):
            text = self._mender.mend(text)
        if self._overlap:
            text = self._without_overlap(text)
        if text:
            out.append(TextDelta(text))
            self.started = True

    def _think(self, text: str, out: list[Delta]) -> None:
        out.append(ReasoningDelta(text.replace("\0", "\ufffd")))
        self.started = True

    def _without_overlap(self, text: str) -> str:
        while text and self._overlap and text[0] == self._overlap[0]:
            text, self._overlap = text[1:], self._overlap[1:]
        if text:
            self._overlap = ""
        return text

    def _count(self, usage: _Usage | None) -> None:
        """Counts are cumulative; an event names only some of them."""
        if usage is None:
            return
        for name in _Usage.__struct_fields__:
            if (value := getattr(usage, name)) is not None:
                setattr(self._counted, name, value)
        counted = self._counted
        cached = counted.cache_read_input_tokens or 0
        fresh = (counted.input_tokens or 0) + (counted.cache_creation_input_tokens or 0)
        self.usage = Usage(fresh + cached, counted.output_tokens or 0, cached)

    def _tolerant(self, payload: bytes) -> _Event:
        """Lone surrogates in text, or a known event with a field of an unusual type."""
        try:
            found = json.loads(payload)
        except ValueError as error:
            raise failures.broken(self.name, "a line that is not JSON", started=self.started) from error
        if not isinstance(found, dict):
            raise failures.broken(self.name, "an event of an unknown form", started=self.started)
        delta = found.get("delta")
        if isinstance(delta, dict) and isinstance(delta.get("text"), str):
            delta["text"] = self._mender.mend(delta["text"])
        try:
            return msgspec.convert(found, _Event, strict=False)
        except msgspec.ValidationError:
            return _Event()
