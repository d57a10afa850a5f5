"""Topics and positions: how a place in a stream is named, read and written."""

import re

import msgspec

EPOCH = re.compile(r"[A-Za-z0-9_-]{1,32}", re.ASCII)
TOPIC = re.compile(r"[a-z]{1,32}\.[A-Za-z0-9_-]{1,64}", re.ASCII)
MAX_OFFSET = 2**53 - 1


class Position(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A place in a topic's log: after the event with this `offset`, in this `epoch`. Offset 0 is before the first."""

    epoch: str
    offset: int

    def __str__(self) -> str:
        return f"{self.epoch}:{self.offset}"

    @property
    def usable(self) -> bool:
        """Whether this can be a position at all; one that can't be is answered by a snapshot."""
        return EPOCH.fullmatch(self.epoch) is not None and 0 <= self.offset <= MAX_OFFSET


def parse_position(text: str) -> Position | None:
    """Read `epoch:offset`, the form of `Last-Event-ID` and `?after=`. None: unusable, so a snapshot."""
    epoch, colon, digits = text.rpartition(":")
    if not colon or not digits.isascii() or not digits.isdecimal() or len(digits) > 16:
        return None
    position = Position(epoch=epoch, offset=int(digits))
    return position if position.usable else None


def kind_of(topic: str) -> str | None:
    """The kind before the dot, or None for what is no topic's name."""
    return topic.partition(".")[0] if TOPIC.fullmatch(topic) else None
