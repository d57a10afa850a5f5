"""The loop of a run: store what ended and take what is next, in one statement, as often as there is something."""

import asyncio
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any, Literal

import structlog

from backend.core import db
from backend.core.errors import AppError, QuotaExceeded, Unavailable
from backend.core.outbox import encode_event
from backend.core.sentences import Said, named, problem, problem_of, reason_of, sentence, text_of, went_wrong
from backend.jobs.engine import lease
from backend.jobs.engine.again import resume
from backend.jobs.engine.commit import Group, Stored, commit
from backend.jobs.engine.lease import Place
from backend.jobs.engine.tally import Tally
from backend.jobs.events import Log, RowEnded
from backend.jobs.kinds.base import Calling, Kind, NewRow, Outcome, Taken, Work
from backend.jobs.models import Job, Status
from backend.jobs.settings import GROUP_SECONDS, LOG_LINES, PROGRESS_SECONDS, JobSettings
from backend.usage.ledger import RowOrder, Settlement
from backend.usage.refusal import BudgetSpent
from realtime import hints
from realtime.tasks import end

log = structlog.get_logger(__name__)

PREVIEW = 200
LONGEST_LINE = 500
AWAY_PAUSE = 0.3
MANY = 1_000_000


class Fenced(Exception):
    """Somebody else has the job now, or may have it."""


class Loop:
    """Is the kind's `Handle`, too."""

    def __init__(self, job: Job, kind: Kind, settings: JobSettings, stopping: Callable[[], bool], place: Place) -> None:
        self.job = job
        self._kind = kind
        self._settings = settings
        self._stopping = stopping
        self._place = place
        self._fence = job.fence
        self._tally = Tally(job)
        self._step = reason_of({"message": job.step, **(job.step_said or {})})
        self._lines: list[Log] = []
        self._bodies: list[str] = []
        self._state: dict[str, Any] | None = None
        self._calls: dict[int, asyncio.Task[None]] = {}
        self._ended: list[tuple[Taken, Outcome]] = []
        self._added: list[NewRow] = []
        self._grown = False
        """The last statement has added rows, which nobody could take yet."""
        self._behind = False
        """Progress that is not told yet."""
        self._renewed = time.monotonic()
        """When the statement began that renewed the lease last."""
        self._wake = asyncio.Event()
        self._first_error: dict[str, Any] | None = None
        self._orders: Sequence[RowOrder] = ()
        self._broken: list[Settlement] = []
        self._broken_rows: set[int] = set()
        self._unbegun: set[int] = set()
        """Rows that were taken and that a budget forbade to begin."""
        self._room = MANY
        """Calls that the budgets allow at a time; less after each refusal, 0 when none is possible."""
        self._refusal: QuotaExceeded | None = None
        self._giving_way = False
        """Others wait for its place: what is under way ends, nothing new begins."""
        self._refused = False
        """The last statement took no rows, as a budget forbade so many."""

    # What kinds may do

    def log(self, said: Said, *, level: str = "info") -> None:
        """See `Handle`."""
        self._lines.append(Log.model_validate({"level": level, "text": text_of(said)[:LONGEST_LINE], **named(said)}))
        self._wake.set()

    def step(self, said: Said) -> None:
        """See `Handle`."""
        self._step = said
        self._wake.set()

    def emit(self, type: str, data: dict[str, Any]) -> None:  # noqa: A002
        """See `Handle`."""
        self._bodies.append(encode_event(type=type, data=data))
        self._wake.set()

    def save(self, state: dict[str, Any]) -> None:
        """See `Handle`."""
        self._state = self.job.state = state
        self._wake.set()

    def broken_off(self, row: Taken, settlement: Settlement) -> None:
        """See `Handle`."""
        self._broken.append(settlement)
        self._broken_rows.add(row.index)

    # The loop

    async def run(self) -> None:
        """Work until the job ends, stands still or has to go. Raises `Fenced`, and what the kind raises."""
        async with self._kind.open(self) as work:
            self._renewed = time.monotonic()
            try:
                await self._work(work)
            finally:
                await end(*self._calls.values())

    async def _work(self, work: Work) -> None:
        leave_at: float | None = None
        clock = asyncio.get_running_loop().time
        share_until = clock() + self._settings.share
        calling = work if isinstance(work, Calling) else None
        while True:
            if time.monotonic() - self._renewed > self._settings.lease:
                raise Fenced  # it was frozen: calls that failed meanwhile would be made again, beside another worker's
            stopping = self._stopping()
            if self._kind.long and not self._giving_way and clock() >= share_until:
                share_until = clock() + self._settings.share / 10
                with suppress(Unavailable):
                    self._giving_way = await db.in_thread(lease.crowded, job=self.job, place=self._place)
                self._step = lease.MAKES_ROOM if self._giving_way else self._step
            self._giving_way = self._giving_way and self._left > 0
            capped = False
            want = 0
            if not stopping and not self._giving_way:
                want = work.concurrency - len(self._calls)
                affordable = self._affordable()
                capped, want = affordable < 1 <= want, max(0, min(want, affordable, self._room - len(self._calls)))
            if want and calling is not None:
                self._orders = await calling.orders()
            stored = await self._store(want, at_once=stopping)
            want = 0 if self._refused else want
            for row in stored.taken:
                self._start(work, row)
            if stopping:
                leave_at = leave_at or clock() + self._settings.leave
            if stored.wanted == "cancel" or (leave_at is not None and clock() >= leave_at):
                await end(*self._calls.values())
                self._calls.clear()
            if not self._calls and not self._ended and await self._over(stored, want, stopping, capped=capped):
                return
            await self._wait()

    async def _over(self, stored: Stored, want: int, stopping: bool, *, capped: bool) -> bool:
        """Nothing is under way: whether that is the end of the run."""
        if stored.wanted == "cancel":
            await self._end(Status.CANCELLED)
        elif stored.wanted == "pause":
            await self._end(Status.PAUSED)
        elif stopping:
            await self._stored_tail()
            if not await db.in_thread(lease.hand_over, job=self.job):
                raise Fenced
        elif self._giving_way:
            await self._stored_tail()
            if not await db.in_thread(lease.hand_over, job=self.job, waits=True):
                raise Fenced
        elif self._refusal is not None and not self._room:
            said = problem_of(self._refusal)
            if isinstance(self._refusal, BudgetSpent):
                said["budget"] = self._refusal.budget
            await self._end(Status.PAUSED, reason="quota_exceeded", error=said)
        elif capped and self._left:
            over = sentence("cap_reached", "Another row might cost more than what the cap leaves.")
            said = problem("quota_exceeded", over)
            await self._end(Status.PAUSED, reason="cost_cap", error=said)
        elif not self._grown and (capped or (want and not stored.taken)):
            return await self._finish()
        else:
            return False
        return True

    async def _finish(self) -> bool:
        """All rows have ended. False: others come."""
        try:
            self._added += await self._kind.further(self.job)
        except Unavailable:
            raise
        except AppError as failure:
            await self._end(Status.FAILED, reason="rows_failed", error=problem_of(failure))
            return True
        if self._added:
            await self._store(0, at_once=True)
            return False
        if self._tally.failed and not self._tally.done and self._first_error is not None:
            first = reason_of(self._first_error)
            every = sentence("every_row_failed", "Every row failed. The first: {reason}", reason=first)
            error = {**self._first_error, **problem(self._first_error["code"], every)}
            await self._end(Status.FAILED, reason="rows_failed", error=error)
        else:
            await self._end(Status.DONE)
        return True

    async def _end(self, status: Status, *, reason: str = "", error: dict[str, Any] | None = None) -> None:
        await self._stored_tail()
        back = sorted(self._unbegun)
        if not await db.in_thread(lease.end, job=self.job, status=status, reason=reason, error=error, back=back):
            raise Fenced

    async def _stored_tail(self) -> None:
        if self._lines or self._bodies or self._state is not None or self._ended or self._broken:
            await self._store(0, at_once=True)

    @property
    def _left(self) -> int:
        return self._tally.total - self._tally.done - self._tally.failed

    def _affordable(self) -> int:
        cap, reserve = self.job.cost_cap, self.job.reserve
        if cap is None or not reserve:
            return MANY
        return int((cap - self._tally.cost - reserve * len(self._calls)) // reserve)

    def _start(self, work: Work, row: Taken) -> None:
        self._tally.cursor = max(self._tally.cursor, row.index + 1)
        self._calls[row.index] = asyncio.create_task(self._call(work, row), name=f"row {row.index}")

    async def _call(self, work: Work, row: Taken) -> None:
        try:
            outcome = await work.run(row)
        except QuotaExceeded as refusal:
            self._calls.pop(row.index, None)
            self._unbegun.add(row.index)
            self._refusal, self._room = refusal, 0
            self._wake.set()
            return
        except Exception as error:
            log.exception("jobs.row_failed", job=str(self.job.id), row=row.index)
            outcome = Outcome(error=problem("internal", went_wrong(error)))
        self._calls.pop(row.index, None)
        self._tally.add(outcome)
        if outcome.error is not None and self._first_error is None:
            self._first_error = outcome.error
        self._ended.append((row, outcome))
        self._wake.set()

    async def _wait(self) -> None:
        if not self._ended:
            within = PROGRESS_SECONDS if self._behind else self._settings.tick
            try:
                async with asyncio.timeout(within):
                    await self._wake.wait()
            except TimeoutError:
                return
        await asyncio.sleep(GROUP_SECONDS)

    # What is stored

    async def _store(self, want: int, *, at_once: bool) -> Stored:
        """Store and tell everything that there is. Raises `Fenced`."""
        self._wake.clear()
        unsure = False
        ended, self._ended = self._ended, []
        lines, self._lines = self._lines, []
        extra, self._bodies = self._bodies, []
        state, self._state = self._state, None
        broken, self._broken = self._broken, []
        added, self._added = self._added, []
        before = self._tally.total
        while True:
            began = time.monotonic()
            try:
                if unsure:
                    ended = await self._resume(ended)
                    added = added if self._tally.total == before else []
                    before = self._tally.total
                    unsure = False
                group = self._group(ended, added, lines, extra, at_once=at_once or not self._left)
                group.state, group.want, group.orders = state, want, self._orders
                group.settlements += broken
                stored = await self._commit(group)
            except Unavailable:
                unsure = True
                await asyncio.sleep(AWAY_PAUSE)
                continue
            if stored is None:
                raise Fenced
            self._renewed = began
            self._grown = bool(group.added)
            if self._grown:
                self._wake.set()
            if group.bodies:
                first = stored.position - len(group.bodies) + 1
                bodies = [body.encode() for body in group.bodies]
                hints.announce_all(self.job.topic, stored.epoch, first, bodies)
            return stored

    async def _commit(self, group: Group) -> Stored | None:
        """What ended is stored in any case; where a budget forbids the rows that are wanted, none is taken."""
        self._refused = False
        values: dict[str, Any] = {"job": self.job.id, "fence": self._fence, "lease": self._settings.lease}
        try:
            return await commit(group=group, **values)
        except QuotaExceeded as refusal:
            self._refusal, self._refused = refusal, True
            self._room = (len(self._calls) + group.want) // 2
            group.want = 0
            self._wake.set()
            return await commit(group=group, **values)

    def _group(
        self,
        ended: list[tuple[Taken, Outcome]],
        added: list[NewRow],
        lines: list[Log],
        extra: list[str],
        *,
        at_once: bool,
    ) -> Group:
        rate = self._tally.rate
        added = [*added, *(row for _, outcome in ended for row in outcome.more)]
        self._tally.total += len(added)
        group = Group(totals=self._tally.totals(rate), step=self._step, added=added)
        for row, outcome in ended:
            status: Literal["done", "failed"] = "done" if outcome.error is None else "failed"
            group.ended.append(_columns(row, outcome, status))
            if outcome.settlement is not None:
                group.settlements.append(outcome.settlement)
            group.bodies.append(encode_event(type="row", data=_event(row, outcome, status)))
        group.bodies += extra
        group.bodies += [encode_event(type="log", data=line) for line in lines]
        if lines:
            self.job.log = [*self.job.log, *(line.model_dump() for line in lines)][-LOG_LINES:]
            group.log = self.job.log
        progress = self._tally.progress(rate=rate, step=self._step, at_once=at_once)
        if progress is not None:
            group.bodies.append(encode_event(type="progress", data=progress))
        self._behind = progress is None and bool(ended)
        return group

    async def _resume(self, ended: list[tuple[Taken, Outcome]]) -> list[tuple[Taken, Outcome]]:
        """The database was away: what of `ended` is still to be stored. Totals begin with what is stored."""
        known = [*self._calls, *self._broken_rows, *self._unbegun, *(row.index for row, _ in (*ended, *self._ended))]
        found = await resume(job=self.job.id, fence=self._fence, known=known, lease=self._settings.lease)
        if found is None:
            raise Fenced
        self._fence = self.job.fence = found.fence
        tally = self._tally
        tally.total, tally.done, tally.failed, tally.cost = found.total, found.done, found.failed, found.cost
        tally.input_tokens, tally.output_tokens = found.input_tokens, found.output_tokens
        tally.cursor = 0
        kept = [(row, outcome) for row, outcome in (*ended, *self._ended) if row.index in found.running]
        self._ended = []
        for _, outcome in kept:
            tally.add(outcome)
        return kept


def _columns(row: Taken, outcome: Outcome, status: str) -> dict[str, Any]:
    return {
        "index": row.index,
        "status": status,
        "output": outcome.output,
        "error": outcome.error,
        "usage": outcome.usage,
        "cost": None if outcome.cost is None else str(outcome.cost),
    }


def _event(row: Taken, outcome: Outcome, status: Literal["done", "failed"]) -> RowEnded:
    return RowEnded.model_construct(
        index=row.index,
        status=status,
        model=row.model,
        output=outcome.output[:PREVIEW],
        error=outcome.error,
        cost=None if outcome.cost is None else float(outcome.cost),
    )
