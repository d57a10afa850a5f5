"""The streaming events of OpenAI's Responses API, decoded into deltas.

Events of other kinds are let go by. `sequence` is the number of the last event, behind which a stream can be taken up
again. Source: OpenAI's reference of Responses streaming events.
"""

import json
from typing import Any

import msgspec
from msgspec import Struct

from backend.providers import failures
from backend.providers.base import Delta, Finish, ReasoningDelta, Remote, TextDelta, ToolDelta, Usage
from backend.providers.errors import ProviderError
from backend.providers.reading import Reader
from backend.providers.sse import SseSplitter
from backend.providers.text import REPLACEMENT, Mender


class _Event(Struct, gc=False):
    type: str
    sequence_number: int | None = None
    delta: str | None = None
    output_index: int = 0
    summary_index: int | None = None
    item: dict[str, Any] | None = None
    response: dict[str, Any] | None = None


_decode = msgspec.json.Decoder(_Event).decode
_TEXT = {"response.output_text.delta", "response.refusal.delta"}
_REASONING = {"response.reasoning_summary_text.delta", "response.reasoning_text.delta"}
_ENDS = {"response.completed", "response.incomplete", "response.failed", "response.cancelled"}
_REASONS = {"max_output_tokens": "length", "content_filter": "content_filter"}


class ResponsesReader(Reader):
    """Reads one response, over as many connections as it takes. `response`: its id once it is known."""

    __slots__ = ("_arguments", "_mender", "_thought", "_tools", "response", "sequence")

    def __init__(self, *, name: str, key: str, response: str = "") -> None:
        super().__init__(name=name, key=key)
        self.response = response
        self.sequence: int | None = None
        self._mender = Mender()
        self._tools: dict[int, int] = {}
        self._arguments: set[int] = set()
        self._thought: tuple[int, int | None] | None = None

    def again(self) -> None:
        """The next bytes are from another connection."""
        self._splitter = SseSplitter()

    def take(self, payload: bytes, out: list[Delta]) -> None:
        """See `Reader.take`."""
        try:
            event = _decode(payload)
        except msgspec.DecodeError:
            if payload.strip() in {b"", b"[DONE]"}:
                return
            event = self._tolerant(payload)
        kind = event.type
        if event.sequence_number is not None:
            if self.sequence is not None and event.sequence_number <= self.sequence:
                return
            self.sequence = event.sequence_number
        if kind in _TEXT:
            self._text(event.delta or "", out)
        elif kind in _REASONING:
            self._think(event, out)
        elif kind == "response.function_call_arguments.delta":
            self._add(event.output_index, event.delta or "", out)
        elif kind in {"response.output_item.added", "response.output_item.done"}:
            self._item(event, out)
        elif kind in _ENDS:
            self._end(kind.removeprefix("response."), event.response or {})
        elif kind == "error":
            raise self._error(json.loads(payload))
        elif event.response is not None:
            self._created(event.response, out)

    def whole(self, body: bytes) -> list[Delta]:
        """See `Reader.whole`: the response as an object."""
        try:
            response = msgspec.json.decode(body)
            out: list[Delta] = []
            for number, item in enumerate(response["output"]):
                self._whole_item(number, item, out)
            self._end(str(response["status"]), response)
        except (msgspec.DecodeError, KeyError, TypeError) as error:
            raise failures.broken(self.name, "a response of an unknown form", started=self.started) from error
        return out + self.end()

    def end(self) -> list[Delta]:
        """See `Reader.end`."""
        if self.finish is None:
            raise failures.cut(self.name, started=self.started)
        out: list[Delta] = [TextDelta(rest)] if (rest := self._mender.rest()) else []
        if self.usage is not None:
            out.append(self.usage)
        out.append(Finish(self.finish))
        return out

    def _created(self, response: dict[str, Any], out: list[Delta]) -> None:
        ident = response.get("id")
        if not self.response and isinstance(ident, str) and ident:
            self.response = ident
            out.append(Remote(ident))

    def _text(self, text: str, out: list[Delta]) -> None:
        if "\0" in text or self._mender.half or not _is_clean(text):
            text = self._mender.mend(text)
        if text:
            out.append(TextDelta(text))
            self.started = True

    def _think(self, event: _Event, out: list[Delta]) -> None:
        place = (event.output_index, event.summary_index)
        text = (event.delta or "").encode("utf-8", "replace").decode().replace("\0", REPLACEMENT)
        if self._thought is not None and self._thought != place:
            text = "\n\n" + text
        self._thought = place
        if text:
            out.append(ReasoningDelta(text))
            self.started = True

    def _item(self, event: _Event, out: list[Delta]) -> None:
        item, place = event.item or {}, event.output_index
        if item.get("type") != "function_call":
            return
        if place not in self._tools:
            index = self._tools[place] = len(self._tools)
            out.append(ToolDelta(index, item.get("call_id"), item.get("name"), ""))
            self.started = True
        if event.type.endswith(".done") and place not in self._arguments:
            self._add(place, str(item.get("arguments") or ""), out)

    def _add(self, place: int, arguments: str, out: list[Delta]) -> None:
        if place in self._tools and arguments:
            self._arguments.add(place)
            out.append(ToolDelta(self._tools[place], None, None, arguments))

    def _whole_item(self, number: int, item: dict[str, Any], out: list[Delta]) -> None:
        for index, part in enumerate(item.get("summary") or ()):
            self._think(_Event("", delta=part.get("text"), output_index=number, summary_index=index), out)
        for part in item.get("content") or ():
            if part.get("type") in {"output_text", "refusal"}:
                self._text(str(part.get("text") or part.get("refusal") or ""), out)
        self._item(_Event("response.output_item.done", output_index=number, item=item), out)

    def _end(self, how: str, response: dict[str, Any]) -> None:
        if isinstance(usage := response.get("usage"), dict):
            self.usage = _usage(usage)
        if how == "completed":
            self.finish = "tool_calls" if self._tools else "stop"
        elif how == "incomplete":
            reason = (response.get("incomplete_details") or {}).get("reason")
            self.finish = _REASONS.get(str(reason), "length")
        elif how == "cancelled":
            raise ProviderError(f"This answer was cancelled at {self.name}.", temporary=False, started=self.started)
        else:
            raise self._error({"error": response.get("error") or {}})
        self.done = True

    def _error(self, said: dict[str, Any]) -> ProviderError:
        found = said if isinstance(said.get("error"), dict) else {"error": said}
        return failures.from_event(found, name=self.name, key=self.key, started=self.started)

    def _tolerant(self, payload: bytes) -> _Event:
        """Halves of surrogate pairs, which the strict decoder refuses, and fields of other types."""
        try:
            found = json.loads(payload)
            if not isinstance(found.get("delta"), str):
                found.pop("delta", None)
            return msgspec.convert(found, _Event, strict=False)
        except (ValueError, AttributeError, msgspec.ValidationError) as error:
            raise failures.broken(self.name, "an event of an unknown form", started=self.started) from error


def _is_clean(text: str) -> bool:
    return not any("\ud800" <= character <= "\udfff" for character in text) if not text.isascii() else True


def _usage(usage: dict[str, Any]) -> Usage:
    read, written = usage.get("input_tokens_details") or {}, usage.get("output_tokens_details") or {}
    return Usage(
        int(usage.get("input_tokens") or 0),
        int(usage.get("output_tokens") or 0),
        int(read.get("cached_tokens") or 0),
        int(written.get("reasoning_tokens") or 0),
    )
