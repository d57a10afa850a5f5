"""What a generation's events add up to: the state that a snapshot shows and that a message stores."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

import msgspec

from backend.chat.models import TERMINAL
from backend.chat.schemas import StatusName

_decode = msgspec.json.decode
_encode = msgspec.json.encode


@dataclass(slots=True)
class Part:
    """One part of an answer; its text is `"".join(pieces)`. `extra` holds a search's `query` and `items`, and the
    `limit` of tool calls that was reached with it.

    `done`: nothing is added any more; known from a log, not from a stored message.
    """

    kind: str
    pieces: list[str] = field(default_factory=list)
    extra: dict[str, Any] | None = None
    done: bool = False

    @property
    def text(self) -> str:
        """The text so far; putting it together again is cheap afterwards."""
        if len(self.pieces) > 1:
            self.pieces = ["".join(self.pieces)]
        return self.pieces[0] if self.pieces else ""

    def plain(self) -> dict[str, Any]:
        """As messages and snapshots hold it."""
        return {"kind": self.kind, "text": self.text, **(self.extra or {})}


CALLS = ("tool", "search")
"""The kinds of parts that are calls: JSON text `{"id", "name", "arguments"}`, of ours with `result` once it has run."""

EXTRAS = {"search.started": "query", "search.results": "items", "tool.limit": "limit"}
"""Events that tell more of a part, and what."""


def read_call(part: dict[str, Any]) -> dict[str, Any] | None:
    """A stored part as a call; None: it is none, or not whole."""
    if part["kind"] not in CALLS:
        return None
    try:
        found = _decode(part.get("text", ""))
    except msgspec.DecodeError:
        return None
    return found if isinstance(found, dict) else None


def is_whole(part: dict[str, Any]) -> bool:
    """Whether a stored part can stand as it is: a tool call is JSON once its last piece has come."""
    return part["kind"] not in CALLS or read_call(part) is not None


def is_answered(part: dict[str, Any]) -> bool:
    """Whether this is a call of a tool of ours that has its result."""
    return "result" in (read_call(part) or ())


@dataclass(slots=True)
class Answer:
    """The fold of a log. `place` counts from 1 while it waits in line. `instead_of` holds the models that were given
    up: `model`, `provider`, `code`, and `at`, the code points of text that were there by then.
    """

    status: StatusName = "queued"
    parts: list[Part] = field(default_factory=list)
    usage: dict[str, Any] | None = None
    model: str = ""
    attempt: int = 1
    terminal: dict[str, Any] | None = None
    provider: str = ""
    place: int | None = None
    instead_of: list[dict[str, Any]] = field(default_factory=list)

    def plain_parts(self) -> list[dict[str, Any]]:
        """The parts as JSON-ready dictionaries."""
        return [part.plain() for part in self.parts]

    def snapshot(self) -> dict[str, Any]:
        """The data of the snapshot of `generation.<id>`."""
        more: dict[str, Any] = {"instead_of": self.instead_of} if self.instead_of else {}
        if self.place is not None:
            more["place"] = self.place
        return {
            "status": self.status,
            "parts": self.plain_parts(),
            "usage": self.usage,
            "model": self.model,
            "attempt": self.attempt,
            **more,
        }

    def kept(self) -> dict[str, Any]:
        """What a checkpoint keeps."""
        found = {"parts": self.plain_parts(), "usage": self.usage, "model": self.model}
        if self.instead_of:
            found |= {"provider": self.provider, "instead_of": self.instead_of}
        return found

    def apply(self, event_type: str, data: dict[str, Any]) -> None:
        """Take in one event; types that are not known change nothing."""
        if event_type == "part.delta":
            self.parts[data["part"]].pieces.append(data["text"])
        elif event_type == "part.added":
            self.parts.append(Part(data["kind"]))
        elif event_type == "part.done":
            self.parts[data["part"]].done = True
        elif event_type == "usage":
            self.usage = data
        elif event_type == "created":
            self.model = data["model"]
        elif event_type == "started":
            self._started(data)
        elif event_type == "queued":
            self.status, self.place = "queued", data["place"]
        elif event_type == "resumed":
            self.attempt, self.status = data["attempt"], "running"
        elif event_type == "reset":
            self.status, self.usage, self.parts = data["status"], data["usage"], parts_from(data["parts"])
        elif event_type in EXTRAS:
            part, name = self.parts[data["part"]], EXTRAS[event_type]
            part.extra = {**(part.extra or {}), name: data[name]}
        elif event_type in TERMINAL:
            self.status, self.terminal, self.place = cast("StatusName", event_type), data, None

    def _started(self, data: dict[str, Any]) -> None:
        self.model, self.provider, self.status, self.place = data["model"], data["provider"], "running", None
        given_up = data.get("instead_of")
        if given_up:
            at = len(visible_text(self.plain_parts()))
            self.instead_of += [{**one, "at": at} for one in given_up]


def parts_from(plain: Iterable[dict[str, Any]]) -> list[Part]:
    """Parts out of their stored form."""
    found = []
    for entry in plain:
        rest = {key: value for key, value in entry.items() if key not in ("kind", "text")}
        found.append(Part(entry["kind"], [entry["text"]] if entry.get("text") else [], rest or None))
    return found


def fold(events: Iterable[bytes]) -> Answer:
    """The state after stored events `{"type", "data"}`, from the first one of the epoch on."""
    answer = Answer()
    for event in events:
        decoded = _decode(event)
        answer.apply(decoded["type"], decoded["data"])
    return answer


def visible_text(parts: Iterable[dict[str, Any]]) -> str:
    """The text parts of a message put together."""
    return "".join(part.get("text", "") for part in parts if part["kind"] == "text")


def open_text(parts: Sequence[dict[str, Any]]) -> str:
    """The text that a model would go on from: what stands behind the last result of a tool."""
    last = max((number for number, part in enumerate(parts) if is_answered(part)), default=-1)
    return visible_text(parts[last + 1 :])


def encode_event(event_type: str, data: object) -> bytes:
    """The stored form of an event, small enough for the hot path."""
    return b'{"type":"' + event_type.encode() + b'","data":' + _encode(data) + b"}"
