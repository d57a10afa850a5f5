"""What keeps one owner an answer, and a log whole, taken away."""

import asyncio
import time
from collections.abc import Callable
from typing import Any
from unittest.mock import patch

from backend.chat import checkpoint, claim, finish, recover
from backend.chat.fold import Answer, fold
from backend.chat.order import CANCELLED, topic_of
from backend.chat.run import Run
from backend.chat.services import begin
from realtime.log import base
from realtime.log import redis as log
from realtime.writer import Held, LogWriter

_Put = Callable[..., object]


def no_sweeper(put: _Put) -> None:
    """Nothing is ever found."""

    async def sweep(self: Any, *, mine: Any) -> int:
        return 0

    put(recover.Sweeper, "sweep", sweep)


def _script(put: _Put, *changes: tuple[str, str]) -> None:
    """The append script with some lines changed, sent as a whole each time."""
    text = log._SCRIPTS["append"]
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new)
    before = log.RedisLog._command

    def command(self: Any, appends: Any) -> Any:
        return ("EVAL", text, *before(self, appends)[2:])

    put(log.RedisLog, "_command", command)


def no_fence(put: _Put) -> None:
    """Whoever appends is taken at his word, wherever the log ends."""
    _script(
        put,
        ("elseif owner and owner > attempt then", "elseif false then"),
        ("elseif not owner or owner < attempt then", "elseif not owner then"),
        ("if finish ~= expected then", "if false then"),
    )


def no_same_append(put: _Put) -> None:
    """The same append twice is not the same."""
    _script(put, ("  if count == 0 or finish ~= expected + count then", "  if true then"))


def claim_again(put: _Put) -> None:
    """What was to be claimed a moment ago still is."""
    text = claim._CLAIM.replace(f"AND {claim._GONE}", "").replace("SKIP LOCKED", "")
    put(claim, "_CLAIM", text)


def no_heartbeat(put: _Put) -> None:
    """No owner is alive."""

    async def alive(self: Any, owners: Any) -> set[str]:
        return set()

    put(log.RedisLog, "alive", alive)


def local_clock(put: _Put) -> None:
    """Leases begin and end by the clock of whoever asks, and heartbeats are not looked at."""
    claims, renews, statement = claim.claim, checkpoint.renew, begin._statement
    stale, taken, renewed = claim._STALE, claim._CLAIM, checkpoint._RENEW

    def local(text: str) -> str:
        return text.replace("now()", f"to_timestamp({time.time()})")

    async def claim_locally(**values: Any) -> Any:
        claim._STALE, claim._CLAIM = local(stale), local(taken)
        return await claims(**values)

    async def renew_locally(**values: Any) -> Any:
        checkpoint._RENEW = local(renewed)
        return await renews(**values)

    put(claim, "_STALE", stale)
    put(claim, "_CLAIM", taken)
    put(checkpoint, "_RENEW", renewed)
    put(recover, "claim", claim_locally)
    put(checkpoint, "renew", renew_locally)
    put(begin, "_statement", lambda **kind: local(statement(**kind)))
    no_heartbeat(put)


def same_store(put: _Put) -> None:
    """Any log that is there is the whole log."""

    async def known(node: Any, row: Any) -> Any:
        topic, epoch = topic_of(row["id"]), row["epoch"]
        await node.log.claim(topic=topic, epoch=epoch, fence=row["attempt"])
        events = await node.history(topic=topic, epoch=epoch)
        return claim.Kept(fold(events), events)

    put(recover, "known", known)


def old_epoch(put: _Put) -> None:
    """A new log under the old name."""
    before = recover.Sweeper._carry_on

    async def carry_on(self: Any, row: Any, *others: Any) -> bool:
        with patch.object(recover, "new_epoch", lambda: row["epoch"]):
            return await before(self, row, *others)

    put(recover.Sweeper, "_carry_on", carry_on)


def no_checkpoint(put: _Put) -> None:
    """Nothing is known of an answer whose log is gone."""
    put(claim, "checkpointed", lambda body: Answer())


def cancel_beside(put: _Put) -> None:
    """Whoever is asked to stop an answer ends it there and then, while its owner goes on."""
    tasks: dict[int, asyncio.Future[Any]] = {}
    before = Run.stop

    def stop(self: Run, outcome: Any = CANCELLED) -> None:
        if outcome is not CANCELLED:
            before(self, outcome)
        elif id(self) not in tasks:
            ending = self._ending(CANCELLED, self.source.offset + 1)
            tasks[id(self)] = asyncio.ensure_future(self._store(ending))

    condition = "AND attempt = %(attempt)s AND status IN ('queued', 'running')\n  RETURNING"
    assert condition in finish._FINISH
    put(finish, "_FINISH", finish._FINISH.replace(condition, "RETURNING"))
    put(Run, "stop", stop)


def cancel_forgotten(put: _Put) -> None:
    """The flag is seen by nobody but who was asked."""
    over, save = recover._over, checkpoint.save

    async def saved(**values: Any) -> set[Any]:
        await save(**values)
        return set()

    put(recover, "_over", lambda row, kept: over({**row, "cancel_requested": False}, kept))
    put(checkpoint, "save", saved)


def forget_unsent(put: _Put) -> None:
    """A batch that did not reach Redis is gone."""
    before = LogWriter._done

    def done(self: LogWriter, outcome: Any) -> None:
        if isinstance(outcome, base.LogAway):
            for held in self._inflight or ():
                for _ in held.pending:
                    held.source._ops.popleft()  # type: ignore[attr-defined]
                held.pending = []
        before(self, outcome)

    put(LogWriter, "_done", done)


def _trouble(put: _Put, verdict: base.Verdict, answer: Callable[[LogWriter, Held, Any], None]) -> None:
    before = LogWriter._trouble

    def trouble(self: LogWriter, held: Held, result: Any) -> None:
        if result.verdict is verdict:
            answer(self, held, result)
        else:
            before(self, held, result)

    put(LogWriter, "_trouble", trouble)


def shorter_is_right(put: _Put) -> None:
    """What a log has lost was never there."""

    def believe(self: LogWriter, held: Held, result: Any) -> None:
        held.events = held.events[: result.end]
        held.base = result.end
        self._mark_later(held)

    _trouble(put, base.Verdict.SHORT, believe)


def no_rebuild(put: _Put) -> None:
    """A log that is gone is another's."""
    _trouble(put, base.Verdict.MISSING, lambda self, held, result: self._refuse(held, "fenced", 0))


def full_is_fine(put: _Put) -> None:
    """No answer to a write is a good answer."""
    before = log.RedisLog._judge

    def judge(self: Any, reply: Any, connection: Any) -> Any:
        batch = before(self, reply, connection)
        if isinstance(batch, base.Batch):
            batch.outcomes[:] = [
                base.Appended(base.Verdict.OK if one.verdict is base.Verdict.FULL else one.verdict, one.end)
                for one in batch.outcomes
            ]
        return batch

    put(log.RedisLog, "_judge", judge)
