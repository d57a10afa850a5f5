r"""Placeholders: `{{name}}`, with blanks inside the braces or not, is where a value goes; `\{{` is two braces.

Nothing else has a meaning: no logic, no evaluation. Whatever begins with two braces and is no placeholder is an error,
so that a slip of the pen never goes to a model.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from backend.core.sentences import Sentence, sentence

MAX_NAME = 40
NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")

_MARK = re.compile(r"\\\{\{|\{\{")
_SHOWN = 40


@dataclass(frozen=True, slots=True)
class Placeholder:
    """Where a value goes."""

    name: str


Piece = str | Placeholder


class Malformed(ValueError):
    """A text that can't be read. `line` and `column` count from 1; `said` is all of it as a sentence."""

    def __init__(self, reason: Sentence, *, line: int, column: int) -> None:
        self.said = sentence(
            "at_place", "Line {line}, column {column}: {reason}", line=str(line), column=str(column), reason=reason
        )
        super().__init__(self.said.text)
        self.line = line
        self.column = column


@lru_cache(maxsize=128)
def parse(text: str) -> tuple[Piece, ...]:
    """The text as pieces. Raises `Malformed`."""
    pieces: list[Piece] = []
    at = 0
    while (found := _MARK.search(text, at)) is not None:
        pieces.append(text[at : found.start()])
        if found.group() == r"\{{":
            pieces.append("{{")
            at = found.end()
            continue
        end = text.find("}}", found.end())
        if end < 0:
            raise _malformed(text, found.start(), sentence("braces_open", _OPEN, example="{{name}}", plain=r"\{{"))
        name = text[found.end() : end].strip(" \t")
        if len(name) > MAX_NAME or not NAME.match(name):
            shown = f"{{{{{_shown(name)}}}}}"
            raise _malformed(
                text, found.start(), sentence("braces_wrong", _WRONG, found=shown, example="{{name}}", plain=r"\{{")
            )
        pieces.append(Placeholder(name))
        at = end + 2
    pieces.append(text[at:])
    return tuple(piece for piece in pieces if piece != "")


def names(text: str) -> list[str]:
    """The names of a text's placeholders, each once, in their order. Raises `Malformed`."""
    return list(dict.fromkeys(piece.name for piece in parse(text) if isinstance(piece, Placeholder)))


def place(text: str, name: str) -> tuple[int, int]:
    """Line and column of the first placeholder of this name."""
    found = re.search(r"(?<!\\)\{\{[ \t]*" + re.escape(name) + r"[ \t]*\}\}", text)
    return _position(text, found.start() if found else 0)


def length(pieces: Sequence[Piece], values: Mapping[str, str]) -> int:
    """How long the filled text will be, in characters."""
    return sum(len(values[piece.name] if isinstance(piece, Placeholder) else piece) for piece in pieces)


def fill(pieces: Sequence[Piece], values: Mapping[str, str]) -> str:
    """The text with its values. What a value holds is not looked at again."""
    return "".join(values[piece.name] if isinstance(piece, Placeholder) else piece for piece in pieces)


_HELP = "A placeholder is a name of letters, digits and _ in two braces: {example}. Write {plain} for plain braces."
_OPEN = "these braces are not closed. " + _HELP
_WRONG = "{found} is no placeholder. " + _HELP


def _malformed(text: str, index: int, reason: Sentence) -> Malformed:
    line, column = _position(text, index)
    return Malformed(reason, line=line, column=column)


def _position(text: str, index: int) -> tuple[int, int]:
    return text.count("\n", 0, index) + 1, index - text.rfind("\n", 0, index)


def _shown(name: str) -> str:
    flat = " ".join(name.split())
    return flat if len(flat) <= _SHOWN else flat[:_SHOWN] + "…"
