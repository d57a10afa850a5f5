"""Which model of a chain writes an answer, and what clients are told about it.

Before the first word a switch is only recorded: `started` names who answers, and whom instead of. After it the switch
is declared as well, by `resumed`, as a node's that carries on.
"""

from collections.abc import Sequence
from typing import Any

from backend.care.errors import another_may_help
from backend.chat.entries import Resolved
from backend.chat.fold import Answer, open_text
from backend.chat.source import AnswerSource
from backend.providers.base import Asking, Continuation, Delta, Passing, ProviderError, Waiting

EXACT: tuple[Continuation, ...] = ("prefix", "continue_final_message")


def reached(resolved: Resolved, answer: Answer) -> Resolved:
    """Where in its chain an interrupted answer stood; its beginning where that is not known."""
    here: Resolved | None = resolved
    while here is not None:
        if (here.entry.name, here.provider.name) == (answer.model, answer.provider):
            return here
        here = here.after
    return resolved


def asked_first(model: str, instead_of: Sequence[dict[str, Any]] | None) -> str:
    """The model that a person chose, whichever answered."""
    return str(instead_of[0]["model"]) if instead_of else model


class Chain:
    """`resolved` is the model that writes. `told`: text is there already, and clients were told whether it is gone on
    from exactly; None: there was nothing to tell.
    """

    def __init__(self, resolved: Resolved, source: AnswerSource, *, told: bool | None) -> None:
        self.resolved = resolved
        self.told = told
        self._source = source
        self._given_up: list[dict[str, str]] = []
        source.noticed = self._noticed

    def begin(self) -> None:
        """A provider is asked; one that tells whom it asks does so itself, once it is its turn."""
        if not self.resolved.announces:
            self._started()

    def has_another(self, error: ProviderError) -> bool:
        """Whether another model goes on where this one failed."""
        return self.resolved.after is not None and error.started and another_may_help(error)

    def follow(self, error: ProviderError) -> None:
        """From here on the next model is the one."""
        following = self.resolved.after
        assert following is not None
        self._give_up(error.code)
        self.resolved = following

    @property
    def exact(self) -> bool:
        """Whether the present model goes on from the very text that is there."""
        said = open_text(self._source.answer.plain_parts())
        return not said or self.resolved.entry.continuation in EXACT

    def _noticed(self, notice: Delta) -> None:
        if isinstance(notice, Waiting):
            self._source.emit("queued", {"place": notice.place})
        elif isinstance(notice, Passing):
            following = self.resolved.after
            assert following is not None
            self._give_up(notice.code)
            self.resolved = following
        elif isinstance(notice, Asking):
            if self._given_up and self.told and not self.exact:
                self.told = False
                self._source.told_inexact()
            self._started()

    def _give_up(self, code: str) -> None:
        resolved = self.resolved
        self._given_up.append({"model": resolved.entry.name, "provider": resolved.provider.name, "code": code})

    def _started(self) -> None:
        data: dict[str, Any] = {"model": self.resolved.entry.name, "provider": self.resolved.provider.name}
        if self._given_up:
            data["instead_of"], self._given_up = self._given_up, []
        self._source.emit("started", data)
