"""The event log in Redis 6.2 and later: a list per log, a fence per topic, one script call per batch.

Two raw connections, so that nobody's catching up delays an append. Keys: `rv:log:<topic>:<epoch>`,
`rv:fence:<topic>`, `rv:alive:<owner>`, `rv:appends` (the counter). Hints go to the channel `rv:hints`, each with the
sender's prefix.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import hiredis

from realtime.hooks import Slice
from realtime.log.base import ANYONE, Append, Appended, Batch, Fenced, LogAway, Verdict
from realtime.log.resp import RespClient, RespConnection

CHANNEL = "rv:hints"
COUNTER = "rv:appends"
PREFIX_SIZE = 17  # sixteen characters of the node's id and a colon

_FOLDER = Path(__file__).parent
_SCRIPTS = {name: (_FOLDER / f"{name}.lua").read_text("utf-8") for name in ("append", "claim", "read")}
_VERDICTS = (
    Verdict.OK,
    Verdict.FENCED,
    Verdict.SEALED,
    Verdict.MISSING,
    Verdict.SHORT,
    Verdict.CONFLICT,
    Verdict.FULL,
)


class RedisLog:
    """`EventLog` in Redis. `node` is the id whose hints the node's own listener drops unread."""

    def __init__(
        self,
        url: str,
        *,
        node: str,
        timeout: float = 5.0,
        pauses: tuple[float, float] = (0.05, 1.0),
        owner_window: float = 2.0,
        kept: float = 3600.0,
    ) -> None:
        self.url = url
        self.prefix = f"{node[:16]:<16}:".encode("ascii")
        self.on_connect: Callable[[], None] | None = None
        self._window = repr(owner_window)
        self._kept = max(1, round(kept))
        self._timeout = timeout
        self._shas: dict[str, bytes] = {}
        self._run_id = ""
        self._clock = 0.0
        self._appends = RespClient(url, greet=self._greet, timeout=timeout, pauses=pauses)
        self._reads = RespClient(url, greet=self._load, timeout=timeout, pauses=pauses)

    async def start(self) -> None:
        """Begin to connect; does not wait."""
        self._appends.start()
        self._reads.start()

    async def stop(self) -> None:
        """Close both connections."""
        await self._appends.stop()
        await self._reads.stop()

    def submit(self, appends: Sequence[Append], done: Callable[[Batch | LogAway], None]) -> None:
        """Send a batch over the live connection; `LogAway` at once when there is none."""
        connection = self._appends.connection
        if connection is None:
            done(LogAway("Redis can't be reached"))
            return
        connection.send(self._command(appends), lambda reply: done(self._judge(reply, connection)))

    async def append(self, appends: Sequence[Append]) -> Batch:
        """`submit`, awaited."""
        connection = await self._appends.connected(self._timeout)
        try:
            outcome = self._judge(await connection.call(*self._command(appends)), connection)
        except hiredis.HiredisError as error:
            outcome = self._judge(error, connection)
        if isinstance(outcome, LogAway):
            raise outcome
        return outcome

    async def read(self, *, topic: str, epoch: str, after: int, max_events: int, max_bytes: int) -> Slice:
        """Events behind `after`."""
        end, *events = await self._script("read", 1, _log(topic, epoch), after, max_events, max_bytes)
        return Slice(after, events, end, kept=after <= end)

    async def claim(self, *, topic: str, epoch: str, fence: int) -> int | None:
        """Raise the fence and return the end."""
        end: int = await self._script("claim", 2, _log(topic, epoch), _fence(topic), fence)
        if end == -2:
            raise Fenced(topic)
        return None if end == -1 else end

    async def seal(self, *, topic: str, epoch: str, offset: int, event: bytes) -> Verdict:
        """Append exactly the terminal event where it is missing."""
        item = Append(topic, epoch, ANYONE, offset - 1, [event], 0.0, last=True)
        return (await self.append([item])).outcomes[0].verdict

    async def ends(self, logs: Sequence[tuple[str, str]]) -> Mapping[tuple[str, str], int]:
        """The last offset of each log that exists, in one round trip."""
        if not logs:
            return {}
        script = "local r = {} for i, k in ipairs(KEYS) do r[i] = redis.call('LLEN', k) end return r"
        found = await self._call("EVAL", script, len(logs), *(_log(topic, epoch) for topic, epoch in logs))
        return {key: end for key, end in zip(logs, found, strict=True) if end}

    async def counter(self) -> int:
        """The append counter; also sets this side's idea of Redis's clock."""
        seconds, micros = await self._call("TIME")
        self._set_clock(seconds, micros)
        return int(await self._call("GET", COUNTER) or 0)

    async def expire(self, *, topic: str, epoch: str, seconds: float) -> None:
        """Let log and fence go after a while."""
        for key in (_log(topic, epoch), _fence(topic)):
            await self._call("PEXPIRE", key, max(1, round(seconds * 1000)))

    async def beat(self, *, owner: str, seconds: float) -> None:
        """Say that `owner` is alive for so long."""
        await self._call("SET", _beat(owner), 1, "PX", max(1, round(seconds * 1000)))

    async def alive(self, owners: Sequence[str]) -> set[str]:
        """Which of these have said so lately."""
        if not owners:
            return set()
        found = await self._call("MGET", *(_beat(owner) for owner in owners))
        return {owner for owner, value in zip(owners, found, strict=True) if value is not None}

    async def run_id(self) -> str:
        """Redis's own run id: a restart changes it."""
        await self._appends.connected(self._timeout)
        return self._run_id

    def _command(self, appends: Sequence[Append]) -> tuple[str | bytes | int, ...]:
        keys: list[str] = []
        args: list[str | bytes | int] = [CHANNEL, self.prefix, self._window, self._kept]
        clock = self._clock
        for item in appends:
            keys += (_log(item.topic, item.epoch), _fence(item.topic))
            args += (item.fence, item.expected, 1 if item.last else 0, repr(clock + item.owned_at), len(item.events))
            args += item.events
        return ("EVALSHA", self._shas.get("append", b""), 1 + len(keys), COUNTER, *keys, *args)

    def _judge(self, reply: Any, connection: RespConnection) -> Batch | LogAway:
        if isinstance(reply, LogAway):
            return reply
        if isinstance(reply, Exception):
            # NOSCRIPT, LOADING, READONLY, BUSY …: a new connection loads the scripts and finds the right server
            connection.abort()
            return LogAway(str(reply))
        outcomes = [Appended(_VERDICTS[reply[i]], reply[i + 1]) for i in range(1, len(reply), 2)]
        return Batch(outcomes, reply[0] or None)

    async def _script(self, name: str, keys: int, *args: str | bytes | int) -> Any:
        try:
            return await self._call("EVALSHA", self._shas.get(name, b""), keys, *args)
        except LogAway as error:
            if "NOSCRIPT" not in str(error):
                raise
        return await self._call("EVAL", _SCRIPTS[name], keys, *args)

    async def _call(self, *command: str | bytes | int) -> Any:
        try:
            return await self._reads.call(*command)
        except hiredis.HiredisError as error:
            raise LogAway(str(error)) from error

    async def _greet(self, connection: RespConnection) -> None:
        await self._load(connection)
        self._set_clock(*await connection.call("TIME"))
        info: bytes = await connection.call("INFO", "server")
        self._run_id = info.partition(b"run_id:")[2].partition(b"\r")[0].decode("ascii")
        if self.on_connect is not None:
            self.on_connect()

    async def _load(self, connection: RespConnection) -> None:
        for name, text in _SCRIPTS.items():
            self._shas[name] = await connection.call("SCRIPT", "LOAD", text)

    def _set_clock(self, seconds: bytes, micros: bytes) -> None:
        """At a moment of `time.monotonic()`, Redis's clock showed at least the sum of the two."""
        self._clock = int(seconds) + int(micros) / 1e6 - time.monotonic()


def _log(topic: str, epoch: str) -> str:
    return f"rv:log:{topic}:{epoch}"


def _beat(owner: str) -> str:
    return f"rv:alive:{owner}"


def _fence(topic: str) -> str:
    return f"rv:fence:{topic}"
