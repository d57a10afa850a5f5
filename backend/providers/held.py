"""Leaves out of an answer, read once more from its beginning, what is there already, and checks that it is the same."""

from collections.abc import Sequence

from backend.providers.base import Delta, Finish, Held, ReasoningDelta, TextDelta, ToolDelta
from backend.providers.errors import CannotContinue


class Skipper:
    """One for each stream. What is held is the beginning of what was written, so nothing new comes before its end."""

    __slots__ = ("_reasoning", "_text", "_tools")

    def __init__(self, held: Held) -> None:
        self._text = held.text
        self._reasoning = held.reasoning
        self._tools = held.tools

    def rest(self, deltas: Sequence[Delta]) -> list[Delta]:
        """The deltas that are new. Raises `CannotContinue` where the provider has written something else."""
        found: list[Delta] = []
        for delta in deltas:
            if isinstance(delta, TextDelta):
                fresh, self._text = _split(delta.text, self._text)
                if fresh:
                    self._new(TextDelta(fresh), found)
            elif isinstance(delta, ReasoningDelta):
                fresh, self._reasoning = _split(delta.text, self._reasoning)
                if fresh:
                    self._new(ReasoningDelta(fresh), found)
            elif isinstance(delta, Finish) or (isinstance(delta, ToolDelta) and delta.index >= self._tools):
                self._new(delta, found)
            elif not isinstance(delta, ToolDelta):
                found.append(delta)
        return found

    def _new(self, delta: Delta, found: list[Delta]) -> None:
        if self._text or self._reasoning:
            raise _differs()
        found.append(delta)


def _split(text: str, held: str) -> tuple[str, str]:
    """What of `text` lies behind `held`, and what of `held` is still to come."""
    common = min(len(text), len(held))
    if text[:common] != held[:common]:
        raise _differs()
    return text[common:], held[common:]


def _differs() -> CannotContinue:
    return CannotContinue("The provider's answer is not the one that is there.")
