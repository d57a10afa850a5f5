"""Topics, offsets, replay and flow control: the library that delivers streams.

It knows positions, logs, cursors and sockets, and nothing of the application above it: it imports nothing of
`backend`, of AI or of an HTTP client. The application turns it to itself by registered hooks (who may read a topic,
which commands exist).

Invariants. The log is the truth for delivery: an event reaches a client only after it is in the log. Offsets of a
topic run 1, 2, 3 … within an epoch, for every client and on every transport. Hints may be lost, doubled or late.
"""

from realtime import hints
from realtime.hooks import (
    Access,
    Command,
    CommandContext,
    CommandResult,
    Ended,
    Handshake,
    Principal,
    Slice,
    Snapshot,
    Source,
    TopicKind,
    TopicState,
)
from realtime.log import EventLog, Fenced, LogAway
from realtime.node import Node
from realtime.positions import Position
from realtime.settings import RealtimeSettings
from realtime.writer import LogWriter, Refused

__all__ = [
    "Access",
    "Command",
    "CommandContext",
    "CommandResult",
    "Ended",
    "EventLog",
    "Fenced",
    "Handshake",
    "LogAway",
    "LogWriter",
    "Node",
    "Position",
    "Principal",
    "RealtimeSettings",
    "Refused",
    "Slice",
    "Snapshot",
    "Source",
    "TopicKind",
    "TopicState",
    "hints",
]
