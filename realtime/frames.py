"""The library's own frames as typed classes, from which the schema is made."""

from typing import Any, Literal

import msgspec
from msgspec import UNSET, UnsetType

from realtime.positions import Position

MAX_ID = 2**53 - 1


class ClientFrame(msgspec.Struct, forbid_unknown_fields=True):
    """A command's own fields, without `id` and `cmd`. Unknown fields are refused."""


class Connect(ClientFrame):
    """Opens the session; the first command. `token` where neither cookie, header nor ticket says who this is."""

    v: int
    token: str | UnsetType = UNSET


class Subscribe(ClientFrame):
    """Follow a topic from `since`; without it, from a snapshot."""

    topic: str
    since: Position | UnsetType = UNSET


class Unsubscribe(ClientFrame):
    """Leave a topic; its unacknowledged events count no more."""

    topic: str


class Refresh(ClientFrame):
    """A newer token of the same user."""

    token: str


class Ack(ClientFrame):
    """All of this topic up to this offset (and snapshot page) has been applied. Has no id and no reply."""

    topic: str
    epoch: str
    offset: int
    page: int | UnsetType = UNSET


class Pong(ClientFrame):
    """Answers a ping. Has no id and no reply."""


class Connected(msgspec.Struct):
    """Result of `connect`: times in seconds, sizes in bytes."""

    client: str
    user: str
    ping: float
    pong_timeout: float
    max_frame: int
    expires_in: float | UnsetType = UNSET


class Refreshed(msgspec.Struct, omit_defaults=True):
    """Result of `refresh`: seconds until the token ends; absent when it does not."""

    expires_in: float | UnsetType = UNSET


class Subscribed(msgspec.Struct):
    """Result of `subscribe`. Events follow from `position`: `since` when recovered, else the snapshot's.

    A snapshot that does not fit this frame follows in pages.
    """

    topic: str
    recovered: bool
    position: Position
    snapshot: dict[str, Any] | UnsetType = UNSET


class ErrorBody(msgspec.Struct):
    """What went wrong, and whether the same again can succeed. `sentence` names the message and `params` are what
    stands in it, for clients that say it in another language.
    """

    code: str
    message: str
    temporary: bool
    retry_after_ms: int | UnsetType = UNSET
    sentence: str | UnsetType = UNSET
    params: dict[str, Any] | UnsetType = UNSET


class Reply(msgspec.Struct):
    """A command's success."""

    id: int
    result: Any


class Failure(msgspec.Struct):
    """A command's failure."""

    id: int
    error: ErrorBody


class Event(msgspec.Struct):
    """One event of a topic's log."""

    topic: str
    epoch: str
    offset: int
    type: str
    data: dict[str, Any]


class SnapshotFrame(msgspec.Struct):
    """A topic's whole state at a position, or one page of it; it counts as applied at its last page."""

    topic: str
    epoch: str
    offset: int
    type: Literal["snapshot"]
    data: dict[str, Any]
    page: int | UnsetType = UNSET
    more: bool | UnsetType = UNSET


class Whisper(msgspec.Struct):
    """An event without offset (`typing`, `presence`): not logged, may be lost."""

    topic: str
    type: str
    data: dict[str, Any]


class Unsubscribed(msgspec.Struct):
    """Access to a topic has ended; nothing of it follows."""

    topic: str
    code: str
    message: str
    type: Literal["unsubscribed"] = "unsubscribed"


class Ping(msgspec.Struct):
    """Answer with `pong`, or with anything else."""

    type: Literal["ping"] = "ping"


class Goaway(msgspec.Struct):
    """The node will stop: open a second socket at a random moment within `drain_ms`, then close this one."""

    drain_ms: int
    type: Literal["goaway"] = "goaway"


class Delayed(msgspec.Struct):
    """What is being written waits until its log can be reached again (true), or waits no more (false)."""

    delayed: bool
    type: Literal["delayed"] = "delayed"


CLIENT_FRAMES: dict[str, type[ClientFrame]] = {
    "connect": Connect,
    "subscribe": Subscribe,
    "unsubscribe": Unsubscribe,
    "refresh": Refresh,
    "ack": Ack,
    "pong": Pong,
}
RESULTS: dict[str, type[msgspec.Struct]] = {"connect": Connected, "subscribe": Subscribed, "refresh": Refreshed}
SERVER_FRAMES: tuple[type[msgspec.Struct], ...] = (
    Reply,
    Failure,
    Event,
    SnapshotFrame,
    Whisper,
    Unsubscribed,
    Ping,
    Goaway,
    Delayed,
)
