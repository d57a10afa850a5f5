r"""Placeholders: `{{name}}`, with blanks inside the braces or not, is where a value goes; `\{{` is two braces.

Nothing else has a meaning: no logic, no evaluation. Whatever begins with two braces and is no placeholder is an error,
so that a slip of the pen never goes to a model.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

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
    """A text that can't be read. `line` and `column` count from 1."""

    def __init__(self, message: str, *, line: int, column: int) -> None:
        super().__init__(f"Line {line}, column {column}: {message}")
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
            raise _malformed(text, found.start(), "these braces are not closed. " + _HELP)
        name = text[found.end() : end].strip(" \t")
        if len(name) > MAX_NAME or not NAME.match(name):
            raise _malformed(text, found.start(), f"{{{{{_shown(name)}}}}} is no placeholder. " + _HELP)
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


_HELP = r"A placeholder is a name of letters, digits and _ in two braces: {{name}}. Write \{{ for plain braces."


def _malformed(text: str, index: int, message: str) -> Malformed:
    line, column = _position(text, index)
    return Malformed(message, line=line, column=column)


def _position(text: str, index: int) -> tuple[int, int]:
    return text.count("\n", 0, index) + 1, index - text.rfind("\n", 0, index)


def _shown(name: str) -> str:
    flat = " ".join(name.split())
    return flat if len(flat) <= _SHOWN else flat[:_SHOWN] + "…"
