"""An answer whose model may call tools of ours: what it calls is run, it is told the results, and goes on.

All of that is one answer. How far it is, stands in its parts alone: a call with its result is over and is never run
again, whichever attempt goes on; one without is taken back. So every step, like every attempt, asks the model anew with
the parts that are there.
"""

import re
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import partial
from typing import Any, Literal

import structlog
from django.conf import settings
from msgspec import json

from backend.chat import calls, tool_prompt, toolbox
from backend.chat.entries import Resolved
from backend.chat.fold import is_answered, open_text, read_call, visible_text
from backend.chat.order import Aside, Ending, Order, Outcome, Resume, incomplete
from backend.chat.remote import kept_of
from backend.chat.run import Run, Stop
from backend.chat.source import AnswerSource
from backend.chat.tool_calls import Caller, calls_of
from backend.core.errors import BadRequest
from backend.providers.base import CompletionRequest, ProviderError, ToolDelta
from backend.search.account import Account
from backend.tools import registry
from backend.tools.base import Tool
from backend.usage.ledger import Settlement
from backend.usage.money import Spent, reported, spent
from realtime import LogWriter

log = structlog.get_logger(__name__)

Limit = Literal["steps", "time", "cost", "size"]

MAX_RESULTS = 160_000
"""Characters of all results of one answer."""
MAX_QUERY = 300
UNSAID = -1
"""The index of a call that no model made."""

CUT_SHORT = ("length", "content_filter")
"""Reasons for which a call may be half of one."""

_REFUSES_TOOLS = re.compile(r"(?=.*\btools?\b)(?=.*(support|enable|tool[_ -]choice))", re.IGNORECASE | re.DOTALL)
_REFUSED: set[tuple[str, str]] = set()
"""Models, by provider and name, that turned out not to take tools."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """After so many steps, seconds or dollars of an answer no more tools are called; `cost` 0: however much it was."""

    steps: int
    seconds: float
    cost: float

    @classmethod
    def configured(cls) -> "Limits":
        """As the environment has them."""
        found = settings.RIVULET
        return cls(steps=found.tool_steps, seconds=found.tool_seconds, cost=found.tool_cost)


def make_run(
    order: Order,
    *,
    resolved: Resolved,
    writer: LogWriter,
    store: Callable[[Ending], Awaitable[bool]],
    confirm: Callable[[AnswerSource], Awaitable[bool]],
    aside: Aside,
    wall_clock: float,
    resume: Resume | None,
) -> Run:
    """The run that an order needs."""
    tools = toolbox.chosen(order)
    given: dict[str, Any] = {
        "resolved": resolved,
        "writer": writer,
        "store": store,
        "confirm": confirm,
        "aside": aside,
        "wall_clock": wall_clock,
        "resume": resume,
    }
    plain = toolbox.without_ours(order)
    return ToolRun(plain, tools=tools, **given) if tools else Run(plain, **given)


class ToolRun(Run):
    """`tools` are ours; those of `order` are the client's, whose calls end the answer as they always do. A name that
    is neither was made up by the model, which is told so.
    """

    def __init__(self, order: Order, *, tools: Sequence[Tool], **given: Any) -> None:
        super().__init__(order, **given)
        self._tools = {tool.name: tool for tool in tools}
        self._theirs = toolbox.names_of(order.tools)
        self._limits = Limits.configured()
        self._enough: Limit | None = None
        self._settled: Settlement | None = None
        self.source.kinds = {tool.name: tool.part for tool in tools}
        account = Account(order.user, partial(calls.payer, order), paid=self._paid)
        self._caller = Caller(user=order.user, tools=self._tools, source=self.source, show=self._show, account=account)

    async def _follow(self, request: CompletionRequest) -> Stop:
        """See `Run._follow`; and again after each step."""
        while True:
            try:
                stop = await super()._follow(request)
            except ProviderError as error:
                self._do_without(error)
            else:
                if (ended := await self._step(stop)) is not None:
                    return ended
                await self._account()
            await self._ask_again(request)

    async def _step(self, stop: Stop) -> Stop | None:
        """Run what the model has called. None: it is to be told what came of it; else how it all ends."""
        source = self.source
        if not isinstance(stop, Outcome) or stop.status != "done" or stop.reason in CUT_SHORT or not source.calls:
            return stop
        await self._writer.drain(source)
        made = calls_of(source)
        ours = [call for call in made if call.name not in self._theirs]
        if not ours:
            return stop
        for_client = len(ours) < len(made)
        steps = tool_prompt.steps_of(source.answer.plain_parts())
        if self._enough or steps >= self._limits.steps:
            return stop if for_client else incomplete("tool_limit")
        self._settled = super()._settlement(stop, until=time.monotonic())
        await self._caller.run(ours, step=steps + 1)
        return stop if for_client else None

    async def _ask_again(self, request: CompletionRequest) -> None:
        """The same request, as it is now: whoever holds it goes on with this one."""
        fresh = await self._request()
        for name in fresh.__struct_fields__:
            setattr(request, name, getattr(fresh, name))

    async def _account(self) -> None:
        """The call that is over is settled, and the next one counts on from it."""
        source = self.source
        assert self._settled is not None
        await self._writer.drain(source)
        self._earlier = await calls.passed_on(
            order=self.order, settlement=self._settled, resolved=self._resolved, parts=source.answer.plain_parts()
        )
        self._searched = Spent()
        self._settled = self._reported = self._remote = source.usage = source.finish = source.remote = None
        if self._resume is not None:
            self._resume = replace(self._resume, remote=None)

    def _paid(self, cost: Decimal) -> None:
        """A search has cost something: the answer's cost so far has it at once."""
        self._searched += Spent(cost=cost)
        usage = self.source.usage
        own = self._settled.spent if self._settled else spent(usage, self._resolved.entry) if usage else Spent()
        total = self._earlier + self._searched + own
        self.source.emit("usage", reported(total.body(), total.cost) or {})
        self._show()

    def _settlement(self, outcome: Outcome, *, until: float) -> Settlement:
        """While tools run the call before them is over."""
        return self._settled or super()._settlement(outcome, until=until)

    # what the model is asked

    async def _request(self) -> CompletionRequest:
        await self._writer.drain(self.source)
        if not self._native:
            await self._search_first()
        request = await super()._request()
        parts, messages = self._kept(), request.messages
        steps = tool_prompt.steps_of(parts)
        if self._native:
            self._look_at_limits(parts, steps)
            messages = [*messages, *tool_prompt.Calls(messages).turns(parts)]
            request.tools = (request.tools or []) + [registry.schema(tool) for tool in self._tools.values()]
            if self._enough:
                request.tool_choice = "none"
            elif steps and request.tool_choice != "none":
                request.tool_choice = None  # What had to be called has been.
        else:
            messages = tool_prompt.beside_question(messages, tool_prompt.in_words(parts))
        request.messages = tool_prompt.told_about(messages, enough=bool(self._enough))
        return request

    @property
    def _native(self) -> bool:
        return toolbox.can_call(self._resolved.entry) and self._model not in _REFUSED

    @property
    def _model(self) -> tuple[str, str]:
        return self._resolved.provider.name, self._resolved.entry.name

    def _kept(self) -> list[dict[str, Any]]:
        return kept_of(self.source.answer.plain_parts())

    def _said(self) -> str:
        parts = self._kept()
        return open_text(parts) if self._native else visible_text(parts)

    def _do_without(self, error: ProviderError) -> None:
        """A model that turns out not to take tools is not given any from here on. Raises any other `error`."""
        refuses = error.status in {400, 404, 422} and _REFUSES_TOOLS.search(error.message)
        if error.started or not refuses or not self._native:
            raise error
        log.warning("a model takes no tools", model=self._resolved.entry.name, reason=error.message)
        _REFUSED.add(self._model)

    async def _search_first(self) -> None:
        """The question is searched for, once, where the model can't. Raises `BadRequest` without such a tool."""
        source = self.source
        if any((read_call(part) or {}).get("name") in self._tools for part in source.answer.plain_parts()):
            return
        tool = toolbox.first_search(list(self._tools.values()))
        if tool is None:
            raise BadRequest(toolbox.NO_CALLS.format(model=self._resolved.entry.name))
        question = " ".join(tool_prompt.last_question(await self._messages()).split())
        arguments = json.encode({"query": question[:MAX_QUERY]}).decode()
        source.feed([ToolDelta(UNSAID, "search", tool.name, arguments)])
        await self._writer.drain(source)
        await self._caller.run(calls_of(source), step=1)
        await self._writer.drain(source)

    # limits

    def _look_at_limits(self, parts: list[dict[str, Any]], steps: int) -> None:
        """Say once that the model gets no further calls."""
        self._enough = next((part["limit"] for part in parts if "limit" in part), None)
        if self._enough or not steps or not (reached := self._reached(parts, steps)):
            return
        self._enough = reached
        last = max(number for number, part in enumerate(self.source.answer.plain_parts()) if is_answered(part))
        self.source.emit("tool.limit", {"part": last, "limit": reached})

    def _reached(self, parts: list[dict[str, Any]], steps: int) -> Limit | None:
        limits = self._limits
        if steps >= limits.steps:
            return "steps"
        if time.monotonic() - self._clock.began >= limits.seconds:
            return "time"
        if limits.cost and (self._earlier.cost or 0) >= limits.cost:
            return "cost"
        return "size" if tool_prompt.result_size(parts) >= MAX_RESULTS else None

    def _show(self) -> None:
        self._writer.wake(self.source)
