"""The event log in this process's memory: the twin for unit tests, and the plainest statement of the rules."""

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from realtime.hooks import Slice
from realtime.log.base import ANYONE, Append, Appended, Batch, Fenced, LogAway, Verdict


@dataclass(slots=True)
class _Fence:
    attempt: int
    sealed: bool = False


class MemoryLog:
    """`EventLog` in memory. `away` makes every call fail, as a Redis that can't be reached does."""

    def __init__(self, *, owner_window: float = 2.0) -> None:
        self.away = False
        self._window = owner_window
        self._logs: dict[tuple[str, str], list[bytes]] = {}
        self._fences: dict[str, _Fence] = {}
        self._beats: dict[str, float] = {}
        self._counter = 0

    def submit(self, appends: Sequence[Append], done: Callable[[Batch | LogAway], None]) -> None:
        """Apply the batch at once and answer in the loop's next turn."""
        outcome = LogAway("the log is away") if self.away else self._batch(appends)
        asyncio.get_running_loop().call_soon(done, outcome)

    async def append(self, appends: Sequence[Append]) -> Batch:
        """`submit`, awaited."""
        self._check()
        return self._batch(appends)

    def _batch(self, appends: Sequence[Append]) -> Batch:
        before = sum(map(len, self._logs.values()))
        outcomes = [self._one(item) for item in appends]
        if sum(map(len, self._logs.values())) == before:
            return Batch(outcomes, None)
        self._counter += 1
        return Batch(outcomes, self._counter)

    def _one(self, item: Append) -> Appended:
        key = (item.topic, item.epoch)
        log = self._logs.get(key, [])
        fence = self._fences.get(item.topic)
        there = _stands(log, item)
        if fence is not None and fence.sealed:
            return Appended(Verdict.OK if there else Verdict.SEALED, len(log))
        if item.fence == ANYONE:
            if key not in self._logs and item.expected:
                return Appended(Verdict.MISSING, 0)
        elif fence is not None and fence.attempt > item.fence:
            return Appended(Verdict.FENCED, len(log))
        elif fence is None or fence.attempt < item.fence:
            if item.expected or time.monotonic() - item.owned_at > self._window:
                return Appended(Verdict.MISSING, len(log))
            log = []
        if there:
            return Appended(Verdict.OK, len(log))
        if len(log) != item.expected:
            return Appended(Verdict.SHORT if len(log) < item.expected else Verdict.CONFLICT, len(log))
        log = [*log, *item.events]
        if log:
            self._logs[key] = log
        attempt = fence.attempt if fence else 0
        self._fences[item.topic] = _Fence(attempt if item.fence == ANYONE else item.fence, sealed=item.last)
        return Appended(Verdict.OK, len(log))

    async def read(self, *, topic: str, epoch: str, after: int, max_events: int, max_bytes: int) -> Slice:
        """Events behind `after`."""
        self._check()
        log = self._logs.get((topic, epoch), [])
        taken: list[bytes] = []
        size = 0
        for event in log[after : after + max_events]:
            size += len(event)
            if taken and size > max_bytes:
                break
            taken.append(event)
        return Slice(after, taken, len(log), kept=after <= len(log))

    async def claim(self, *, topic: str, epoch: str, fence: int) -> int | None:
        """Raise the fence and return the end."""
        self._check()
        found = self._fences.get(topic)
        if found is not None and (found.sealed or found.attempt > fence):
            raise Fenced(topic)
        if found is None or (topic, epoch) not in self._logs:
            return None
        found.attempt = fence
        return len(self._logs[topic, epoch])

    async def seal(self, *, topic: str, epoch: str, offset: int, event: bytes) -> Verdict:
        """Append exactly the terminal event where it is missing."""
        item = Append(topic, epoch, ANYONE, offset - 1, [event], 0.0, last=True)
        return (await self.append([item])).outcomes[0].verdict

    async def ends(self, logs: Sequence[tuple[str, str]]) -> Mapping[tuple[str, str], int]:
        """The last offset of each log that exists."""
        self._check()
        return {key: len(self._logs[key]) for key in logs if key in self._logs}

    async def counter(self) -> int:
        """How many batches appended something."""
        self._check()
        return self._counter

    async def expire(self, *, topic: str, epoch: str, seconds: float) -> None:
        """Drop the log after a while; at once when `seconds` is 0."""
        self._check()
        if seconds <= 0:
            self.drop(topic, epoch)
        else:
            asyncio.get_running_loop().call_later(seconds, self.drop, topic, epoch)

    async def beat(self, *, owner: str, seconds: float) -> None:
        """Say that `owner` is alive for so long."""
        self._check()
        self._beats[owner] = time.monotonic() + seconds

    async def alive(self, owners: Sequence[str]) -> set[str]:
        """Which of these have said so lately."""
        self._check()
        now = time.monotonic()
        return {owner for owner in owners if self._beats.get(owner, 0.0) > now}

    async def run_id(self) -> str:
        """One store for the life of the object."""
        return f"memory-{id(self):x}"

    def drop(self, topic: str, epoch: str) -> None:
        """Lose a log and its fence, as an expiry or a wiped store does."""
        self._logs.pop((topic, epoch), None)
        self._fences.pop(topic, None)

    def wipe(self) -> None:
        """Lose everything, the counter too."""
        self._logs.clear()
        self._fences.clear()
        self._counter = 0

    def cut(self, topic: str, epoch: str, end: int) -> None:
        """Lose the tail behind `end`."""
        del self._logs[topic, epoch][end:]

    def _check(self) -> None:
        if self.away:
            raise LogAway("the log is away")


def _stands(log: list[bytes], item: Append) -> bool:
    """Whether the log ends with exactly these events at exactly these offsets."""
    end = item.expected + len(item.events)
    return bool(item.events) and len(log) == end and log[item.expected :] == list(item.events)
