"""Answers whose owner is gone: each is carried on, or ended with all the text that is known. Nothing hangs for ever.

Carried on means: from the whole log where it is, by the same generation, topic and message, and at the same offsets;
else from the last checkpoint under a new epoch. What was cancelled, was finished but for its end, or was claimed
`MOST_CLAIMS` times or for `LONGEST_IDLE` seconds without a word of progress is ended.
"""

import time
from collections.abc import Awaitable, Callable, Collection
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import structlog

from backend.chat import calls, finish
from backend.chat.chain import EXACT, reached
from backend.chat.claim import Kept, claim, known
from backend.chat.entries import Resolved
from backend.chat.fold import is_answered, open_text, parts_from, visible_text
from backend.chat.order import CANCELLED, Aside, Ending, Order, Outcome, Resume, done, incomplete, topic_of
from backend.chat.remote import Begun, cancel, kept_of
from backend.chat.rows import MESSAGE_COLUMNS, MESSAGE_TABLES, Row, message_out
from backend.chat.schemas import MessageOut
from backend.chat.sources import sources_of
from backend.chat.verbatim import Verbatim, decode
from backend.core import db
from backend.core.errors import AppError, Unavailable
from backend.core.ids import new_epoch
from backend.usage import ledger
from backend.usage.money import Spent
from realtime import LogAway, Node
from realtime.log import Append

log = structlog.get_logger(__name__)

MOST_CLAIMS = 3
LONGEST_IDLE = 300.0

Launch = Callable[[Order, Resolved, Resume, float], None]
Resolve = Callable[[str | None], Awaitable[Resolved]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sweeper:
    """Who claims: `owner` for `lease` seconds; `resolve` finds a model, `launch` begins to write here, `aside` does
    what nobody waits for.
    """

    node: Node
    owner: str
    lease: float
    resolve: Resolve
    launch: Launch
    aside: Aside

    async def sweep(self, *, mine: Collection[UUID]) -> int:
        """Take up what dead owners left behind; returns how many. `mine` is being written here. Raises `LogAway`."""
        asked = time.monotonic()
        taken = 0
        for row in await claim(node=self.node, owner=self.owner, mine=mine, lease=self.lease):
            try:
                taken += await self._take(row, asked)
            except LogAway:
                log.warning("an interrupted answer waits for its log", generation=str(row["id"]))
                break
        return taken

    async def _take(self, row: Row, asked: float) -> bool:
        """One claimed answer. Raises `LogAway`: its lease runs out again, and the next sweep takes it up."""
        kept = await known(self.node, row)
        if kept is None:
            return False
        outcome = _over(row, kept)
        if outcome is None:
            message = await _message(row["message_id"])
            try:
                resolved = reached(await self.resolve(message.model or None), kept.answer)
            except Unavailable:
                raise
            except AppError as error:
                log.warning("an interrupted answer can't go on", generation=str(row["id"]), code=error.code)
                outcome = incomplete("interrupted")
            else:
                return await self._carry_on(row, kept, message, resolved, asked)
        return await self._end(row, kept, outcome, asked)

    async def _carry_on(self, row: Row, kept: Kept, message: MessageOut, resolved: Resolved, asked: float) -> bool:
        epoch = row["epoch"]
        if not kept.events:
            epoch = new_epoch()
            run_id = await self.node.log.run_id()
            values = {"id": row["id"], "attempt": row["attempt"], "epoch": epoch, "run_id": run_id}
            if await db.row(_NEW_EPOCH, values) is None:
                return False
        tools, given, system = await _given(message.id)
        order = Order(
            generation=row["id"],
            epoch=epoch,
            attempt=row["attempt"],
            user=row["user_id"],
            owner=row["owner_id"],
            message=message,
            model=message.model,
            params=given.params if given else message.params,
            tools=given.tools if given else tools,
            messages=given.messages if given else None,
            verbatim=given is not None,
            system=system,
            question=None if given else await _question(row, message),
        )
        resume = await _resume(row, kept, resolved)
        held = resume.remote is not None
        before = await calls.taken_over(order=order, kept=kept, resolved=resolved, held=held)
        self.launch(order, resolved, replace(resume, spent=before), asked)
        log.info("an answer is carried on", generation=str(row["id"]), attempt=row["attempt"], exact=resume.exact)
        return True

    async def _end(self, row: Row, kept: Kept, outcome: Outcome, asked: float) -> bool:
        epoch = row["epoch"] if kept.events else new_epoch()
        ending = await self._ending(row, kept, outcome, epoch)
        if not await finish.store(ending):
            return False
        if kept.events:
            await self.node.log.seal(topic=topic_of(row["id"]), epoch=epoch, offset=ending.offset, event=outcome.event)
        else:
            append = Append(topic_of(row["id"]), epoch, row["attempt"], 0, [outcome.event], asked, last=True)
            await self.node.log.append([append])
        if row["remote"] and outcome.status != "done":
            self.aside(self._cancel(ending.message.model, Begun(**row["remote"]).id))
        log.info("an interrupted answer was ended", generation=str(row["id"]), status=outcome.status)
        return True

    async def _ending(self, row: Row, kept: Kept, outcome: Outcome, epoch: str) -> Ending:
        message = await _message(row["message_id"])
        entry = None
        with suppress(AppError):
            entry = reached(await self.resolve(message.model or None), kept.answer).entry
        booked = await ledger.booked(row["id"])
        settlement = calls.left(kept, booked, entry)
        total = ledger.total(booked) + settlement.spent
        parts = kept.answer.plain_parts()
        update = {
            "status": outcome.status,
            "parts": parts,
            "text": visible_text(parts),
            "sources": sources_of(parts) or None,
            "usage": None if total == Spent() else total.body(),
            "cost": None if total.cost is None else float(total.cost),
            "reason": outcome.reason,
            "error": outcome.error,
            "model": kept.answer.model or message.model,
            "instead_of": kept.answer.instead_of or None,
        }
        return Ending(
            generation=row["id"],
            attempt=row["attempt"],
            conversation=row["conversation_id"],
            user=row["owner_id"],
            message=message.model_copy(update=update),
            outcome=outcome,
            epoch=epoch,
            offset=len(kept.events) + (0 if kept.sealed else 1),
            now=datetime.now(UTC),
            settlement=settlement,
        )

    async def _cancel(self, model: str, remote: str) -> None:
        """What is ended here must not be written on, and paid for, elsewhere."""
        with suppress(AppError):
            await cancel((await self.resolve(model or None)).provider, remote)


def _over(row: Row, kept: Kept) -> Outcome | None:
    """How an answer ends that is not to be carried on."""
    answer = kept.answer
    if kept.sealed:
        return Outcome(answer.status, answer.terminal or {})
    if row["cancel_requested"]:
        return CANCELLED
    whole = bool(kept.events and answer.parts) and all(part.done for part in answer.parts)
    if whole and answer.parts[-1].kind != "reasoning" and not is_answered(answer.parts[-1].plain()):
        return done("tool_calls" if answer.parts[-1].kind == "tool" else "stop")
    if row["idle_claims"] > MOST_CLAIMS or row["idle_s"] > LONGEST_IDLE:
        return incomplete("interrupted")
    return None


async def _resume(row: Row, kept: Kept, resolved: Resolved) -> Resume:
    """Where to go on. With nothing known, from the answer that this one was to continue."""
    answer, continuation = kept.answer, resolved.entry.continuation
    if not kept.events and not answer.parts and row["continues"]:
        answer.parts = parts_from((await _message(row["continues"])).parts)
    parts = answer.plain_parts()
    begun = Begun(**row["remote"]) if row["remote"] and continuation == "background" else None
    there = begun is not None and begun.held(kept_of(parts)) is not None and not (parts and is_answered(parts[-1]))
    exact = not open_text(parts) or continuation in EXACT or there
    return Resume(answer=answer, events=kept.events, exact=exact, age=row["age_s"], remote=begun if there else None)


async def _message(message: UUID) -> MessageOut:
    row = await db.row(f"SELECT {MESSAGE_COLUMNS} FROM {MESSAGE_TABLES} WHERE m.id = %s", [message])  # noqa: S608
    assert row is not None
    return message_out(row)


async def _given(message: UUID) -> tuple[list[dict[str, Any]] | None, Verbatim | None, str | None]:
    """The tools that an answer was given, the whole request where it was given as such, and the system prompt."""
    row = await db.row("SELECT tools, request, system FROM chat_message WHERE id = %s", [message])
    assert row is not None
    return row["tools"], decode(row["request"]), row["system"]


async def _question(row: Row, message: MessageOut) -> str | None:
    """What a title would be made from: the first question of a conversation that nobody named."""
    if row["titled_by"] != "message" or message.parent is None:
        return None
    asked = await _message(message.parent)
    above = None if asked.parent is None else await _message(asked.parent)
    return asked.text if above is None or (above.role == "system" and above.parent is None) else None


_NEW_EPOCH = """
UPDATE chat_generation SET epoch = %(epoch)s, run_id = %(run_id)s, checkpoint_offset = 0
WHERE id = %(id)s AND attempt = %(attempt)s AND status IN ('queued', 'running') RETURNING id
"""
