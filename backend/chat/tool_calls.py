"""Runs calls of tools of ours: all of one step at once, each within its time, each shown as soon as it has a result."""

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import structlog
from msgspec import DecodeError, json
from pydantic import ValidationError

from backend.accounts.selectors import DEFAULT_LANGUAGE, language_of
from backend.chat.fold import Part, read_call
from backend.chat.source import AnswerSource
from backend.chat.sources import Numbers, plain_sources, sound
from backend.core.errors import Unavailable
from backend.search.account import Account
from backend.tools.base import Context, Result, Tool

log = structlog.get_logger(__name__)

MOST_AT_ONCE = 8
MAX_RESULT = 24_000
"""Characters of a result that are kept and told to the model."""

NO_SUCH = "There is no tool of that name; there are {names}."
CUT = "\n[The rest was left out.]"
EVENTS = {"search.started", "search.results"}
"""What a tool may tell; anything else is no event of an answer."""


@dataclass(frozen=True, slots=True)
class Call:
    """A call that the model has made: the answer's part that shows it, the tool's name, its arguments as written."""

    part: int
    name: str
    arguments: str


def calls_of(source: AnswerSource) -> list[Call]:
    """The calls that wait for a result. All of their text has to be in the log."""
    found = []
    for number in source.calls:
        part = source.answer.parts[number]
        call = read_call(Part(part.kind, [part.text, '"}']).plain()) or {}
        found.append(Call(number, str(call.get("name", "")), str(call.get("arguments", ""))))
    return found


@dataclass(slots=True, kw_only=True)
class Caller:
    """Runs calls for one answer; one of a name that is not in `tools` fails. `show` has what was told to `source`
    brought to the log.
    """

    user: UUID
    tools: Mapping[str, Tool]
    source: AnswerSource
    show: Callable[[], None]
    account: Account | None = None
    language: str = ""
    told: dict[int, set[int]] = field(default_factory=dict)
    """The numbers of what each part's search has shown."""

    async def run(self, calls: Sequence[Call], *, step: int) -> None:
        """Give each call its result. Cancelled, it leaves those without one that have none yet."""
        numbers = Numbers(self.source.answer.plain_parts())
        if not self.language:
            try:
                self.language = await language_of(self.user)
            except Unavailable:
                self.language = DEFAULT_LANGUAGE
        async with asyncio.TaskGroup() as group:
            for at, call in enumerate(calls):
                group.create_task(self._run(call, numbers, step=step, too_many=at >= MOST_AT_ONCE))

    async def _run(self, call: Call, numbers: Numbers, *, step: int, too_many: bool) -> None:
        began = time.monotonic()
        tool = self.tools.get(call.name)
        if tool is None:
            result = _failed(NO_SUCH.format(names=", ".join(self.tools)))
        elif too_many:
            result = _failed(f"Only {MOST_AT_ONCE} tools can be called at once. Call this one again.")
        else:
            result = await self._result(tool, call, numbers)
        text = sound(numbers.cited(result.text, result.sources))
        if len(text) > MAX_RESULT:
            text = text[: MAX_RESULT - len(CUT)] + CUT
        more: dict[str, Any] = {"step": step, "result": text, "ms": round((time.monotonic() - began) * 1000)}
        if result.failed:
            more["failed"] = True
        if tool is None:
            more["unknown"] = True
        if tool is not None and tool.part == "search" and call.part not in self.told and not result.failed:
            self._tell(call.part, "search.results", {"items": plain_sources(result.sources)}, numbers)
        told = self.told.get(call.part, set())
        if rest := [one for one in numbers.items(plain_sources(result.sources)) if one["number"] not in told]:
            more["sources"] = rest
        self.source.answer_call(call.part, more)
        self.show()

    async def _result(self, tool: Tool, call: Call, numbers: Numbers) -> Result:
        """What the tool gives; a call that was wrong, took too long or broke gives a sentence about that."""
        heard = True

        def emit(event_type: str, data: dict[str, Any]) -> None:
            if heard and event_type in EVENTS:
                self._tell(call.part, event_type, data, numbers)

        try:
            arguments = tool.arguments.model_validate(json.decode(call.arguments or "{}"), strict=False)
            async with asyncio.timeout(tool.seconds):
                context = Context(
                    user=self.user, part=call.part, emit=emit, account=self.account, language=self.language
                )
                return await tool.run(arguments, context)
        except DecodeError:
            return _failed("The arguments are not JSON.")
        except ValidationError as error:
            return _failed(f"The arguments are wrong: {_wrong(error)}")
        except TimeoutError:
            return _failed(f"This took longer than {tool.seconds:g} seconds and was given up.")
        except Exception:
            log.exception("a tool failed", tool=tool.name)
            return _failed("The tool failed. Go on without it.")
        finally:
            heard = False

    def _tell(self, part: int, event_type: str, data: dict[str, Any], numbers: Numbers) -> None:
        if event_type == "search.started":
            told: dict[str, Any] = {"query": sound(str(data.get("query", "")))[:1000]}
        else:
            items = numbers.items(data.get("items") or ())
            told = {"items": items}
            self.told[part] = {one["number"] for one in items}
        self.source.emit(event_type, {"part": part, **told})
        self.show()


def _failed(text: str) -> Result:
    return Result(text=text, failed=True)


def _wrong(error: ValidationError) -> str:
    found = error.errors(include_url=False, include_input=False, include_context=False)[:5]
    return "; ".join(f"{'.'.join(map(str, one['loc'])) or 'arguments'}: {one['msg']}" for one in found)
