"""Sentences for people that a page can say in another language: the English text, a stable name, and its parameters.

Whoever does not know a name shows the text. A parameter is a text, a number, or a sentence in itself.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar, Union

from backend.core.errors import AppError

E = TypeVar("E", bound=AppError)
Param = Union[str, int, float, "Sentence"]

MOST_SAID = 500
"""Characters of a text that others have written, inside of a sentence."""


@dataclass(frozen=True, slots=True)
class Sentence:
    """`template` with its parameters in braces. Counts among them have thousands separators."""

    name: str
    template: str
    params: dict[str, Param] = field(default_factory=dict)

    @property
    def text(self) -> str:
        """In English."""
        return self.template.format(**{name: _word(value) for name, value in self.params.items()})

    def plain(self) -> dict[str, Any]:
        """As JSON has it beside the text."""
        given = {
            name: {"text": value.text, **value.plain()} if isinstance(value, Sentence) else value
            for name, value in self.params.items()
        }
        return {"sentence": self.name, "params": given}


Said = str | Sentence
"""What a person is told: named where the page can translate it."""


def sentence(name: str, template: str, /, **params: Param) -> Sentence:
    """A named sentence."""
    cut = {key: value[:MOST_SAID] if isinstance(value, str) else value for key, value in params.items()}
    return Sentence(name, template, cut)


def together(parts: Sequence[Said]) -> Said:
    """One after the other."""
    first, *rest = parts
    return sentence("and_then", "{first} {rest}", first=first, rest=together(rest)) if rest else first


def text_of(said: Said) -> str:
    """The English text."""
    return said.text if isinstance(said, Sentence) else said


def named(said: Said) -> dict[str, Any]:
    """`sentence` and `params`; nothing for a text without a name."""
    return said.plain() if isinstance(said, Sentence) else {}


def problem(code: str, said: Said, *, most: int = 2000) -> dict[str, Any]:
    """An error as rows keep it: `code`, `message`, and how the message is named."""
    return {"code": code, "message": text_of(said)[:most], **named(said)}


def problem_of(error: AppError) -> dict[str, Any]:
    """The same of an error that was raised."""
    return {"code": error.code, "message": error.message, **(error.sentence or {})}


def spoken(kind: type[E], said: Said) -> E:
    """An error that says a sentence."""
    error = kind(text_of(said))
    error.sentence = named(said) or None
    return error


def reason_of(error: dict[str, Any]) -> Said:
    """A kept error's message, to stand in another sentence."""
    message = str(error.get("message", ""))
    if "sentence" not in error:
        return message
    params = {
        name: reason_of({**value, "message": value.get("text", "")}) if isinstance(value, dict) else value
        for name, value in error.get("params", {}).items()
    }
    return _Kept(str(error["sentence"]), message, params)


class _Kept(Sentence):
    """One whose text is known already."""

    @property
    def text(self) -> str:
        return self.template


def went_wrong(failure: BaseException) -> Sentence:
    """An error of our own."""
    return sentence("went_wrong", "Something went wrong on our side ({kind}).", kind=type(failure).__name__)


def _word(value: Param) -> str:
    if isinstance(value, Sentence):
        return value.text
    return f"{value:,}" if isinstance(value, int) else str(value)
