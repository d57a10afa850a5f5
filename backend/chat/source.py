"""The events of one answer that is being written, between its provider and the log writer.

`feed` takes what one network read brought; `take` hands the writer the events since the last take, with the text that
arrived meanwhile merged into one delta; `committed` says which of them are in the log. Three rules hold here: a delta
has at most 16 KiB and whole code points; all parts together have at most 8 MiB (`full` says when); and `answer`, from
which snapshots, checkpoints and the final message are made, only ever holds what is in the log.
"""

import time
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Any

import msgspec

from backend.chat.fold import CALLS, EXTRAS, Answer, encode_event, is_answered, is_whole, visible_text
from backend.providers.base import Delta, Finish, ReasoningDelta, Remote, TextDelta, ToolDelta, Usage

MAX_DELTA_BYTES = 16 * 1024
MAX_OUTPUT_BYTES = 8 * 1024 * 1024
PART_COST = 64
"""Bytes that a part counts for besides its text, so that a stream of empty parts ends, too."""

_encode = msgspec.json.Encoder().encode

Op = tuple[str, dict[str, Any]]


class AnswerSource:
    """One running answer. `fence` is the generation's attempt; `offset` the last committed event's."""

    __slots__ = (
        "_confirm",
        "_current",
        "_kind",
        "_lost",
        "_ops",
        "_pending",
        "_resumed_part",
        "_terminal",
        "_text",
        "_tools",
        "_total_parts",
        "answer",
        "away",
        "bytes",
        "epoch",
        "fence",
        "finish",
        "finished",
        "full",
        "kinds",
        "noticed",
        "offset",
        "owned_at",
        "remote",
        "topic",
        "usage",
    )

    def __init__(
        self,
        *,
        topic: str,
        epoch: str,
        fence: int,
        confirm: Callable[["AnswerSource"], Awaitable[bool]] | None = None,
        lost: Callable[[str], None] | None = None,
    ) -> None:
        self.topic = topic
        self.epoch = epoch
        self.fence = fence
        self.owned_at = time.monotonic()
        self.offset = 0
        self.bytes = 0
        self.full = False
        self.finished = False
        self.away = False
        self.usage: Usage | None = None
        self.finish: Finish | None = None
        self.remote: Remote | None = None
        self.answer = Answer(attempt=fence)
        self.noticed: Callable[[Delta], None] | None = None
        self.kinds: dict[str, str] = {}
        self._confirm = confirm
        self._lost = lost
        self._terminal = False
        self._pending: list[bytes] = []
        self._ops: deque[Op] = deque()
        self._text: list[str] = []
        self._current = -1
        self._kind = ""
        self._total_parts = 0
        self._tools: dict[int, int] = {}
        self._resumed_part: int | None = None

    # what the run calls

    @property
    def thinking(self) -> bool:
        """Whether the last that came was reasoning."""
        return self._kind == "reasoning"

    def feed(self, deltas: Iterable[Delta]) -> None:
        """Take in what one network read brought. `usage`, `finish` and `remote` hold the last of theirs for the run;
        what a chain of models tells goes to `noticed`.
        """
        for delta in deltas:
            kind = type(delta)
            if kind is TextDelta:
                if self._kind != "text":
                    self._open_text()
                self._append(delta.text)  # type: ignore[union-attr]
            elif kind is ReasoningDelta:
                if self._kind != "reasoning":
                    self._open("reasoning")
                self._append(delta.text)  # type: ignore[union-attr]
            elif kind is ToolDelta:
                self._tool(delta)  # type: ignore[arg-type]
            elif kind is Usage:
                self.usage = delta  # type: ignore[assignment]
            elif kind is Finish:
                self.finish = delta  # type: ignore[assignment]
            elif kind is Remote:
                self.remote = delta  # type: ignore[assignment]
            elif self.noticed is not None:
                self.noticed(delta)

    def emit(self, event_type: str, data: dict[str, Any]) -> None:
        """Append an event that is not a part's text."""
        self._flush()
        self._push(encode_event(event_type, data), (event_type, data))

    def end(self, event_type: str, data: dict[str, Any]) -> None:
        """Append the terminal event; nothing may follow it."""
        self.emit(event_type, data)
        self._terminal = True

    def preload(self, parts: Sequence[dict[str, Any]]) -> None:
        """Begin with the parts of an older answer; new text goes on in the last text part."""
        kept = [part for part in parts if is_whole(part)]
        last = max((index for index, part in enumerate(kept) if part["kind"] == "text"), default=None)
        self._resumed_part = last if last is not None and not any(map(is_answered, kept[last:])) else None
        for part in kept:
            number = self._open(part["kind"])
            self._append(part.get("text", ""))
            if part["kind"] in CALLS:
                self._flush()
                for event_type, name in EXTRAS.items():
                    if name in part:
                        self.emit(event_type, {"part": number, name: part[name]})
                self._done(number)
                self._current, self._kind = -1, ""

    def resume(self, answer: Answer, *, offset: int, exact: bool) -> None:
        """Go on behind a log that ends at `offset` and holds `answer`: an open text part is written on.

        Reasoning is not continued: where nothing else is there yet it is taken back, else it is over. A half-written
        tool call is taken back, as is one of ours that has no result; whole ones stay.
        """
        self.answer, self.offset = answer, offset
        parts = answer.plain_parts()
        self.emit("resumed", {"attempt": self.fence, "exact": exact})
        if all(is_whole(part) for part in parts) and (not parts or has_substance(parts)):
            self._carry_on(answer)
            return
        self.emit("reset", {"status": "running", "parts": [], "usage": answer.usage})
        if has_substance(parts):
            self.preload(parts)

    def told_inexact(self) -> None:
        """The provider turned out not to go on from the very text: say so, before the first word of what follows."""
        self.emit("resumed", {"attempt": self.fence, "exact": False})

    def switch(self, *, exact: bool) -> None:
        """Another model goes on from what is there, all of which is in the log: as after a takeover, and told so."""
        self._tools.clear()
        self._current, self._kind, self._resumed_part = -1, "", None
        self._total_parts = self.bytes = 0
        self.usage = self.finish = self.remote = None
        self.resume(self.answer, offset=self.offset, exact=exact)

    def _carry_on(self, answer: Answer) -> None:
        self._total_parts = len(answer.parts)
        for number, part in enumerate(answer.parts):
            self.bytes += PART_COST + len(part.text.encode())
            if part.done:
                continue
            if part.kind == "text":
                self._resumed_part = number
            else:
                self._done(number)
        self.full = self.bytes > MAX_OUTPUT_BYTES

    @property
    def calls(self) -> tuple[int, ...]:
        """The parts of the calls that the model has made and that have no result."""
        return tuple(self._tools.values())

    def answer_call(self, part: int, more: dict[str, Any]) -> None:
        """What is known of a call once it has run, its `result` with it, joins its part, which is over then."""
        self._leave()
        text = '",' + _encode(more).decode()[1:]
        self.bytes += len(text.encode())
        self._write(part, text)
        self._done(part)
        self._tools = {index: other for index, other in self._tools.items() if other != part}

    def close_parts(self) -> None:
        """End the parts that are open: before the terminal event."""
        self._leave()
        for part in self._tools.values():
            self._write(part, '"}')
            self._done(part)
        self._tools.clear()
        self._end_resumed()

    # what the log writer calls

    def take(self) -> list[bytes]:
        """The events since the last take, encoded; never a part of a merge twice."""
        if self._text:
            self._flush()
        events, self._pending = self._pending, []
        self.finished = self._terminal
        return events

    def committed(self, first_offset: int, events: Sequence[bytes]) -> None:
        """These events, in the order of `take`, are in the log from `first_offset` on."""
        self.offset = first_offset + len(events) - 1
        pop, apply = self._ops.popleft, self.answer.apply
        for _ in events:
            apply(*pop())

    def refused(self, reason: str, end: int) -> None:  # noqa: ARG002 - the writer's signature
        """The log belongs to another attempt: this one may write no more."""
        if self._lost:
            self._lost(reason)

    def degraded(self, away: bool, /) -> None:
        """The log can't be reached, or can be again; the text waits here."""
        self.away = away

    async def confirm(self) -> bool:
        """Ask the database whether this attempt still owns the answer."""
        asked = time.monotonic()
        if self._confirm is None or not await self._confirm(self):
            return False
        self.owned_at = asked
        return True

    # the parts

    def _append(self, text: str) -> None:
        size = len(text) if text.isascii() else len(text.encode("utf-8", "replace"))
        self.bytes += size
        if self.bytes > MAX_OUTPUT_BYTES:
            room = max(0, size - (self.bytes - MAX_OUTPUT_BYTES))
            text = text.encode("utf-8", "replace")[:room].decode("utf-8", "ignore")
            self.bytes, self.full = MAX_OUTPUT_BYTES, True
        if text:
            self._text.append(text)

    def _open_text(self) -> None:
        if self._resumed_part is None:
            self._open("text")
            return
        self._leave()
        self._current, self._kind = self._resumed_part, "text"

    def _open(self, kind: str) -> int:
        self._leave()
        number = self._total_parts
        self._total_parts += 1
        self.bytes += PART_COST
        self.full = self.full or self.bytes > MAX_OUTPUT_BYTES
        data = {"part": number, "kind": kind}
        self._push(encode_event("part.added", data), ("part.added", data))
        self._current, self._kind = number, kind
        return number

    def _leave(self) -> None:
        """Turn from the current part; text and reasoning are done, a tool call may still go on."""
        self._flush()
        if self._current >= 0 and self._kind != "tool" and self._current != self._resumed_part:
            self._done(self._current)
        self._current, self._kind = -1, ""

    def _end_resumed(self) -> None:
        if self._resumed_part is not None:
            self._leave()
            self._done(self._resumed_part)
            self._resumed_part = None

    def _done(self, part: int) -> None:
        data = {"part": part}
        self._push(encode_event("part.done", data), ("part.done", data))

    def _tool(self, delta: ToolDelta) -> None:
        """A tool part is JSON text `{"id", "name", "arguments"}`, arguments being a string as in OpenAI's API.

        `kinds` names the tools whose calls are parts of another kind.
        """
        part = self._tools.get(delta.index)
        if part is None:
            self._end_resumed()
            part = self._tools[delta.index] = self._open(self.kinds.get(delta.name or "", "tool"))
            self._kind = "tool"
            head = f'{{"id":{_json(delta.id or "")},"name":{_json(delta.name or "")},"arguments":"'
            self._append(head)
        elif part != self._current:
            self._leave()
            self._current, self._kind = part, "tool"
        if delta.arguments:
            self._append(_json(delta.arguments)[1:-1])

    def _flush(self) -> None:
        if not self._text:
            return
        text = self._text[0] if len(self._text) == 1 else "".join(self._text)
        self._text.clear()
        self._write(self._current, text)

    def _write(self, part: int, text: str) -> None:
        if "\0" in text:
            text = text.replace("\0", "\ufffd")
        try:
            body = _encode(text)
        except UnicodeEncodeError:
            text = text.encode("utf-8", "replace").decode()
            body = _encode(text)
        if len(body) > MAX_DELTA_BYTES and len(text) > 1:
            half = len(text) // 2
            self._write(part, text[:half])
            self._write(part, text[half:])
            return
        event = b'{"type":"part.delta","data":{"part":%d,"text":%b}}' % (part, body)
        self._push(event, ("part.delta", {"part": part, "text": text}))

    def _push(self, event: bytes, op: Op) -> None:
        self._pending.append(event)
        self._ops.append(op)


def has_substance(parts: Sequence[dict[str, Any]]) -> bool:
    """Whether there is more than reasoning: something that another attempt can go on from."""
    rest = [part for part in parts if part["kind"] not in ("text", "reasoning")]
    return bool(visible_text(parts)) or any(is_whole(part) for part in rest)


def _json(text: str) -> str:
    return _encode(text.encode("utf-8", "replace").decode().replace("\0", "\ufffd")).decode()
