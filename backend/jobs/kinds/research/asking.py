"""The calls of a research: an answer as text, or as JSON with one more try where it can't be read."""

from collections.abc import Callable
from contextlib import aclosing
from typing import TypeVar

from pydantic import BaseModel

from backend.chat.entries import Resolved
from backend.jobs.calls import RowCalls
from backend.jobs.kinds.research.answers import Unreadable, parse
from backend.jobs.kinds.research.room import room_of
from backend.providers.base import CompletionRequest, ProviderError, TextDelta

T = TypeVar("T", bound=BaseModel)
U = TypeVar("U")

Message = dict[str, str]

MOST_CHARS = 50_000
"""Of an answer: a model that does not stop is stopped."""

AGAIN = (
    "Your answer could not be used. {reason} Answer once more, with nothing but what was asked for, in exactly "
    "the form that was asked for."
)


class Asker:
    """One model, asked for one person. `room`: how much it can be shown."""

    def __init__(self, resolved: Resolved, *, user_key: str) -> None:
        self._resolved = resolved
        self._user_key = user_key
        self.room = room_of(resolved.entry.context)

    async def text(self, messages: list[Message], *, calls: RowCalls, said: Callable[[str], None] | None = None) -> str:
        """The whole answer; `said` has each piece as it comes. Raises `ProviderError`, and `QuotaExceeded`."""
        request = CompletionRequest(model=self._resolved.entry.name, messages=list(messages), user_key=self._user_key)
        pieces: list[str] = []
        size = 0
        async with calls.asked(self._resolved, request) as meter, aclosing(meter.stream(request)) as reads:
            async for deltas in reads:
                for delta in deltas:
                    if type(delta) is TextDelta:
                        pieces.append(delta.text)
                        size += len(delta.text)
                        if said is not None:
                            said(delta.text)
                if size > MOST_CHARS:
                    break
        return "".join(pieces).replace("\0", "\ufffd")

    async def read(
        self, messages: list[Message], shape: type[T], *, calls: RowCalls, check: Callable[[T], str] | None = None
    ) -> T:
        """An answer of a shape. `check` says what is wrong with one. Raises `Unreadable` after the second try."""

        def use(answer: str) -> T:
            found = parse(answer, shape)
            if check is not None and (problem := check(found)):
                raise Unreadable(problem)
            return found

        return await self.used(messages, use, calls=calls)

    async def used(
        self,
        messages: list[Message],
        use: Callable[[str], U],
        *,
        calls: RowCalls,
        said: Callable[[str], None] | None = None,
    ) -> U:
        """What `use` makes of the answer; where it raises `Unreadable`, the model is told why and asked once more."""
        answer = await self.text(messages, calls=calls, said=said)
        try:
            return use(answer)
        except Unreadable as error:
            more = [*messages, {"role": "assistant", "content": answer or "(nothing)"}]
            more.append({"role": "user", "content": AGAIN.format(reason=error)})
        answer = await self.text(more, calls=calls, said=said)
        try:
            return use(answer)
        except Unreadable as error:
            raise Unreadable(f"The model did not answer in the form that it was asked for, twice. {error}") from error


__all__ = ["Asker", "Message", "ProviderError", "Unreadable"]
