"""The event log's contract. Twins: `memory` (unit tests, one process) and `redis`; one test module covers both."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

import msgspec

from realtime.hooks import Slice

ANYONE = -1


class Verdict(StrEnum):
    """What became of one log's part of a batch. Only `ok` appended, or had appended before, what was sent."""

    OK = "ok"
    FENCED = "fenced"  # a later attempt owns the log
    SEALED = "sealed"  # the terminal event is there, and this is not it
    MISSING = "missing"  # no log, or an older fence: the owner must confirm and send the whole log
    SHORT = "short"  # the log ends before `expected`: its tail was lost
    CONFLICT = "conflict"  # other events stand at these offsets
    FULL = "full"  # the store refused the write


class Append(msgspec.Struct, frozen=True, gc=False):
    """One log's part of a batch: `events` go behind offset `expected`; with `expected` 0 they are the whole log.

    `owned_at`: `time.monotonic()` from before the owner's last confirmation by the database; only read where the log
    is new or was lost. `last`: the final event is terminal. No events: only the check. With the fence `ANYONE` this is
    what whoever finds the terminal event missing may append, at exactly its offset.
    """

    topic: str
    epoch: str
    fence: int
    expected: int
    events: Sequence[bytes]
    owned_at: float
    last: bool = False


class Appended(msgspec.Struct, frozen=True, gc=False):
    """The verdict on one `Append`, and the log's last offset after it."""

    verdict: Verdict
    end: int


@dataclass(frozen=True, slots=True)
class Batch:
    """A call's outcomes, in the order of the appends, and the append counter; None: it was not raised."""

    outcomes: list[Appended]
    count: int | None


class LogAway(Exception):
    """The log can't be reached or will not write; the same call may succeed later."""


class EventLog(Protocol):
    """Append-only logs by topic and epoch, each fenced; a counter that every appending batch raises by one."""

    def submit(self, appends: Sequence[Append], done: Callable[[Batch | LogAway], None]) -> None:
        """Send a batch; `done` is called once, on the loop. An append that is there already is `ok` again."""

    async def append(self, appends: Sequence[Append]) -> Batch:
        """`submit`, awaited. Raises `LogAway`."""

    async def read(self, *, topic: str, epoch: str, after: int, max_events: int, max_bytes: int) -> Slice:
        """Events behind `after`, at least one where there is one; `kept=False` where the log ends before `after`."""

    async def claim(self, *, topic: str, epoch: str, fence: int) -> int | None:
        """Raise the fence; returns the log's end, or None where log or fence is missing. Raises `Fenced`."""

    async def seal(self, *, topic: str, epoch: str, offset: int, event: bytes) -> Verdict:
        """Append exactly the terminal event at exactly this offset where it is missing. Anyone may."""

    async def ends(self, logs: Sequence[tuple[str, str]]) -> Mapping[tuple[str, str], int]:
        """The last offset of each (topic, epoch) that exists."""

    async def counter(self) -> int:
        """The append counter."""

    async def expire(self, *, topic: str, epoch: str, seconds: float) -> None:
        """Let a finished log go."""

    async def beat(self, *, owner: str, seconds: float) -> None:
        """Say that `owner` is alive; holds for so long. Raises `LogAway`."""

    async def alive(self, owners: Sequence[str]) -> set[str]:
        """Which of these have said so lately. Raises `LogAway`."""

    async def run_id(self) -> str:
        """Identity of the running store: another one may have lost a tail."""


class Fenced(Exception):
    """A later attempt owns this log."""
