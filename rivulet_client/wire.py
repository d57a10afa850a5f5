"""Frames as they come, and positions. Unknown types and fields are ignored, as the protocol asks of clients."""

from typing import Any, NamedTuple, Self

import msgspec

SUBPROTOCOL = "rivulet.v1"
TERMINAL = frozenset({"done", "incomplete", "error", "cancelled"})
"""Types of the one last event of an answer, and the names of its last status."""


class Position(NamedTuple):
    """A place in a topic: behind the event with this `offset`, in this `epoch`. Offset 0 is before the first."""

    epoch: str
    offset: int

    def __str__(self) -> str:
        return f"{self.epoch}:{self.offset}"

    @classmethod
    def of(cls, value: Any) -> Self | None:
        """From JSON's `{epoch, offset}`; None where there is none."""
        if isinstance(value, dict) and isinstance(value.get("epoch"), str) and isinstance(value.get("offset"), int):
            return cls(value["epoch"], value["offset"])
        return None

    def as_dict(self) -> dict[str, Any]:
        """As the protocol and saved states carry it."""
        return {"epoch": self.epoch, "offset": self.offset}


class Event(NamedTuple):
    """One applied event. `type` is `snapshot` for a state that replaces all before it.

    `position` is None for what is not logged and may be lost (`typing`, `presence`).
    """

    topic: str
    type: str
    data: dict[str, Any]
    position: Position | None


class Frame(msgspec.Struct):
    """Any frame of the server, or one of long poll's events."""

    id: int | None = None
    result: Any = None
    error: Any = None
    topic: str | None = None
    epoch: str | None = None
    offset: int | None = None
    type: str | None = None
    data: Any = None
    page: int | None = None
    more: bool = False
    code: str = ""
    message: str = ""
    drain_ms: float = 0

    @property
    def position(self) -> Position | None:
        """Where its topic stands with it."""
        return None if self.epoch is None or self.offset is None else Position(self.epoch, self.offset)


class Polled(msgspec.Struct):
    """Long poll's answer."""

    position: dict[str, Any]
    recovered: bool = False
    events: list[Frame] = []
    snapshot: Any = None
    more: bool = False
    ended: bool = False

    @property
    def snapshot_at(self) -> Position | None:
        """Where the snapshot stands: before the events that came with it."""
        end = Position.of(self.position)
        if end is not None and self.events and self.events[0].offset is not None:
            return Position(end.epoch, self.events[0].offset - 1)
        return end


_FRAME = msgspec.json.Decoder(Frame)
_POLLED = msgspec.json.Decoder(Polled)


def decode(raw: bytes | str) -> Frame | None:
    """One frame; None for what is no frame that this client knows."""
    try:
        return _FRAME.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None


def decode_poll(raw: bytes) -> Polled | None:
    """Long poll's body; None for what is none."""
    try:
        return _POLLED.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None


def encode(value: Any) -> bytes:
    """JSON, compact."""
    return msgspec.json.encode(value)
