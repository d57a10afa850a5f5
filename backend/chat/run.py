"""One answer from its provider to its end. Knows no host: it is given what to write, the log's writer and the end.

A run never ends twice and never silently: whatever happens becomes exactly one outcome, except that a run whose
attempt was fenced stops without a word, because the answer is another's now.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import aclosing
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Literal

import structlog

from backend.chat import calls, context, remote
from backend.chat.chain import Chain
from backend.chat.claim import Kept
from backend.chat.clock import Clock
from backend.chat.entries import Resolved
from backend.chat.fold import is_whole, visible_text
from backend.chat.order import CANCELLED, Aside, Ending, Order, Outcome, Resume, done, failed, incomplete
from backend.chat.source import AnswerSource, has_substance
from backend.chat.sources import sources_of
from backend.core.errors import AppError
from backend.core.opaque import user_key
from backend.providers import flight
from backend.providers.base import CompletionRequest, Continuation, Held, ProviderError, Remote, Usage
from backend.providers.errors import CannotContinue
from backend.usage.ledger import Settlement
from backend.usage.money import Spent, reported, spent
from realtime import LogWriter, Refused

log = structlog.get_logger(__name__)

WALL_CLOCK_SECONDS = 3600.0
INTERNAL = "Something went wrong on our side while this answer was written. Please try again."
OUTSIDE_PARAMS = ("tool_choice", "response_format")

Stop = Outcome | Literal["lost", "handover"]
"""Why a run ends early. `lost`: another attempt owns the answer. `handover`: another node is to go on from here."""


class Run:
    """The writing of one answer. `stop` ends it early; `write` returns when it is over, whatever happened."""

    def __init__(
        self,
        order: Order,
        *,
        resolved: Resolved,
        writer: LogWriter,
        store: Callable[[Ending], Awaitable[bool]],
        confirm: Callable[[AnswerSource], Awaitable[bool]] | None = None,
        aside: Aside | None = None,
        wall_clock: float = WALL_CLOCK_SECONDS,
        resume: Resume | None = None,
    ) -> None:
        self.order = order
        self.outcome: Outcome | None = None
        self.handed_over = False
        """All of it is in the log, and nothing more comes from here."""
        self.source = AnswerSource(
            topic=order.topic, epoch=order.epoch, fence=order.attempt, confirm=confirm, lost=self._lost
        )
        self._chain = Chain(resolved, self.source, told=resume.exact if resume else None)
        self._writer = writer
        self._store = store
        self._aside = aside
        self._resume = resume
        self._age = resume.age if resume else 0.0
        self._wall_clock = max(1.0, wall_clock - self._age)
        self._earlier = resume.spent if resume else Spent()
        self._searched = Spent()
        """What searches took that `_earlier` does not have yet."""
        self._sent: CompletionRequest | None = None
        self._called, self._flight = 0.0, flight.Flight()
        self._there = 0
        self.task: asyncio.Task[None] | None = None
        self._streaming = False
        self._stop: Stop | None = None
        self._clock = Clock(age=self._age)
        self._reported: Usage | None = None
        self._begun = remote.Begun()
        self._remote: Remote | None = None
        self._keeping: asyncio.Task[None] | None = None

    @property
    def _resolved(self) -> Resolved:
        """The model that writes now."""
        return self._chain.resolved

    def start(self) -> asyncio.Task[None]:
        """Begin, or go on where another attempt stopped; the first events are in the next batch to the log."""
        source, resume = self.source, self._resume
        if resume is not None and resume.events:
            self._writer.open(source, resume.events)
            source.resume(resume.answer, offset=len(resume.events), exact=resume.exact)
        else:
            self._begin()
            if resume is not None:
                source.emit("resumed", {"attempt": self.order.attempt, "exact": resume.exact})
                if has_substance(parts := resume.answer.plain_parts()):
                    source.preload(parts)
        self._writer.wake(source)
        self.task = asyncio.create_task(self.write(), name=self.order.topic)
        return self.task

    def _begin(self) -> None:
        order, source = self.order, self.source
        source.emit("created", order.created)
        if order.continued:
            source.preload(order.continued)

    def stop(self, outcome: Stop = CANCELLED) -> None:
        """End the answer where it stands. Without effect once the provider has finished."""
        if self._stop is not None:
            return
        self._stop = outcome
        if self._streaming and self.task is not None:
            self.task.cancel()

    async def write(self) -> None:
        """Stream, then end."""
        outcome = self._stop or await self._stream()
        self._clock.stopped = time.monotonic()
        if isinstance(outcome, Outcome) and outcome.status != "done":
            self._cancel_remote()
        try:
            if outcome == "handover":
                await self._writer.drain(self.source)
                if self._keeping is not None:
                    await asyncio.wait([self._keeping])
                self.handed_over = True
            elif outcome != "lost":
                await self._end(outcome)
        except Refused as refused:
            log.warning("an answer belongs to another attempt", topic=self.order.topic, reason=refused.reason)
        finally:
            self._writer.close(self.source)

    async def _stream(self) -> Stop:
        self._streaming = True
        try:
            async with asyncio.timeout(self._wall_clock):
                return await self._read()
        except asyncio.CancelledError:
            if self._stop is None:
                raise
            if self.task is not None:
                self.task.uncancel()
            return self._stop
        except TimeoutError:
            return incomplete("time_limit")
        except ProviderError as error:
            return failed(error.code, error.message, error.sentence)
        except AppError as error:
            return failed(error.code, error.message, error.sentence)
        except Exception:
            log.exception("an answer failed", topic=self.order.topic)
            return failed("internal", INTERNAL)
        finally:
            self._streaming = False

    async def _read(self) -> Stop:
        self._chain.begin()
        self._writer.wake(self.source)
        request = await self._request()
        while True:
            try:
                return await self._follow(request)
            except CannotContinue as refused:
                if request.continuation == "ask" and request.held is None:
                    raise
                log.warning("an answer is asked for anew", topic=self.order.topic, reason=refused.message)
                await self._ask_instead(request)
            except ProviderError as error:
                request = await self._go_on(error)

    async def _go_on(self, error: ProviderError) -> CompletionRequest:
        """The next model of the chain goes on from what is there, and that is declared. Raises `error` without one."""
        source, given_up, over = self.source, self._resolved, time.monotonic()
        if not self._chain.has_another(error):
            raise error
        log.warning("another model goes on with an answer", topic=self.order.topic, reason=error.message)
        if self._begun.id and self._aside is not None:
            self._aside(remote.cancel(given_up.provider, self._begun.id))
        await self._writer.drain(source)  # before it is reckoned what the first has written
        settlement = self._settlement(failed(error.code, error.message), until=over)
        self._chain.follow(error)
        self._earlier = await calls.passed_on(
            order=self.order, settlement=settlement, resolved=self._resolved, parts=source.answer.plain_parts()
        )
        self._searched = Spent()
        exact = self._chain.told = self._chain.exact
        self._resume = Resume(answer=source.answer, events=[], exact=exact, age=self._age)
        self._reported, self._remote = None, None
        source.switch(exact=exact)
        self._chain.begin()
        self._writer.wake(source)
        return await self._request()

    async def _follow(self, request: CompletionRequest) -> Stop:
        """The hot path: one task switch for each read from the network, synchronous calls for each token."""
        source, provider = self.source, self._resolved.provider
        clock, feed, wake = self._clock, source.feed, self._writer.wake
        said = request.continue_text is not None
        if (asked := self._asked()) is not None:
            return asked
        self._sent, self._called = request, time.monotonic()
        self._flight = flight.begin(open=request.held is not None)
        async with aclosing(provider.stream(request)) as reads:
            async for deltas in reads:
                feed(deltas)
                if clock.first is None and source.bytes and not said:
                    clock.first = time.monotonic()
                if source.thinking is (clock.thinking_since is None):
                    clock.turn()
                if source.usage is not self._reported:
                    self._report()
                if source.remote is not self._remote:
                    self._keep_remote()
                wake(source)
                if source.full:
                    return incomplete("output_limit")
                if (asked := self._asked()) is not None:
                    return asked
        return done(source.finish.reason if source.finish else "stop")

    async def _ask_instead(self, request: CompletionRequest) -> None:
        """Nothing was handed out: what can't be continued exactly is asked for, and that is said."""
        if request.held is not None:
            request.held = None
            self._begun = remote.Begun.after(self._kept())
            kept = Kept(self.source.answer, [])
            self._earlier = await calls.taken_over(order=self.order, kept=kept, resolved=self._resolved, held=False)
        else:
            request.continuation = "ask"
        if request.continue_text and self._resume is not None:
            self._chain.told = False
            self.source.told_inexact()

    def _keep_remote(self) -> None:
        """Whoever takes over has to find what the provider writes on by itself."""
        self._remote = self.source.remote
        if self._remote is None or self._aside is None:
            return
        order, begun = self.order, replace(self._begun, id=self._remote.id)
        self._begun = begun
        self._keeping = self._aside(remote.keep(generation=order.generation, attempt=order.attempt, begun=begun))

    def _cancel_remote(self) -> None:
        if self._begun.id and self._aside is not None:
            self._aside(remote.cancel(self._resolved.provider, self._begun.id))

    def _kept(self) -> list[dict[str, Any]]:
        """The parts that are there before the provider is asked."""
        if self._resume is not None:
            return remote.kept_of(self._resume.answer.plain_parts())
        return [part for part in self.order.continued or () if is_whole(part)]

    def _asked(self) -> Stop | None:
        """What `stop` asked for. Looked at as well, since `asyncio.wait_for` in a driver can swallow a cancellation."""
        return self._stop

    async def _request(self) -> CompletionRequest:
        order, messages = self.order, await self._messages()
        params = {name: value for name, value in order.params.items() if name not in OUTSIDE_PARAMS}
        self._there = calls.bytes_of(self._kept())
        said = self._said()
        known = self._resolved.entry.continuation
        held = self._held(known)
        return CompletionRequest(
            model=self._resolved.entry.name,
            messages=messages,
            params=params,
            tools=order.tools,
            tool_choice=order.params.get("tool_choice"),
            response_format=order.params.get("response_format"),
            continue_text=said or None,
            continuation="ask" if known == "none" else known,
            held=held,
            user_key=user_key(order.user),
            ticket=str(order.generation),
        )

    async def _messages(self) -> list[dict[str, Any]]:
        """What stands above the answer."""
        message = self.order.message
        if self.order.messages is not None:
            return self.order.messages
        return await context.messages_above(
            conversation=message.conversation,
            parent=message.parent,
            system=self.order.system,
            native=self._native,
        )

    @property
    def _native(self) -> bool:
        """Whether calls of tools go to the model as such, or as words."""
        return bool(self.order.tools)

    def _held(self, known: Continuation) -> Held | None:
        """What is there of an answer that the provider is writing already."""
        kept, begun = self._kept(), self._resume.remote if self._resume else None
        held = begun.held(kept) if begun is not None and known == "background" else None
        if begun is None or held is None:
            self._begun = remote.Begun.after(kept)
            return None
        self._begun = begun
        self._there -= len((held.text + held.reasoning).encode("utf-8", "replace"))
        return held

    def _said(self) -> str:
        """The text that is there before the provider is asked."""
        if self._resume is not None:
            return visible_text(self._resume.answer.plain_parts())
        return visible_text(self.order.continued) if self.order.continued else ""

    def _report(self) -> None:
        self._reported = usage = self.source.usage
        if usage is not None:
            total = self._earlier + self._searched + spent(usage, self._resolved.entry)
            self.source.emit("usage", reported(total.body(), total.cost) or {})

    async def _end(self, outcome: Outcome) -> None:
        source, writer = self.source, self._writer
        source.close_parts()
        position = await writer.drain(source)
        ending = self._ending(outcome, position.offset + 1)
        said = reported(ending.message.usage, ending.message.cost)
        if said is not None and source.answer.usage != said:
            source.emit("usage", said)
            writer.wake(source)
            position = await writer.drain(source)
            ending = replace(ending, offset=position.offset + 1)
        if not await self._store(ending):
            return
        self.outcome = outcome
        source.end(outcome.status, outcome.data)
        writer.wake(source)
        await writer.drain(source)

    def _ending(self, outcome: Outcome, offset: int) -> Ending:
        order, parts = self.order, self.source.answer.plain_parts()
        settlement = self._settlement(outcome, until=self._clock.stopped)
        total = self._earlier + self._searched + settlement.spent
        message = order.message.model_copy(
            update={
                "status": outcome.status,
                "parts": parts,
                "text": visible_text(parts),
                "sources": sources_of(parts) or None,
                "model": self._resolved.entry.name,
                "instead_of": self.source.answer.instead_of or None,
                "usage": None if total == Spent() else total.body(),
                "cost": None if total.cost is None else float(total.cost),
                "timings": self._clock.timings(),
                "reason": outcome.reason,
                "error": outcome.error,
            }
        )
        return Ending(
            generation=order.generation,
            attempt=order.attempt,
            conversation=message.conversation,
            user=order.owner,
            message=message,
            outcome=outcome,
            epoch=order.epoch,
            offset=offset,
            now=datetime.now(UTC),
            settlement=settlement,
        )

    def _settlement(self, outcome: Outcome, *, until: float) -> Settlement:
        """Of the call that is open, which ends `until` then."""

        def since_call(moment: float | None) -> int | None:
            asked = self._sent is not None and moment is not None and moment >= self._called
            return round((moment - self._called) * 1000) if asked and moment else None

        source = self.source
        return calls.Attempt(
            resolved=self._resolved,
            asked=self._sent,
            out=self._flight.open,
            usage=source.usage,
            whole=outcome.status == "done" or source.finish is not None,
            written=max(0, calls.bytes_of(source.answer.plain_parts()) - self._there),
            outcome=outcome,
            first_token_ms=since_call(self._clock.first),
            duration_ms=since_call(until),
        ).settlement()

    def _lost(self, reason: str) -> None:
        log.warning("an answer was taken over", topic=self.order.topic, reason=reason)
        self.stop("lost")
