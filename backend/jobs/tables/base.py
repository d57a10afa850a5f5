"""What reading a table gives: its columns, then a line or a bad line at a time."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from backend.core.sentences import Said, sentence, text_of

Format = Literal["csv", "jsonl", "xlsx"]

MAX_COLUMNS: Final = 500
MAX_LINE: Final = 1024 * 1024
"""Characters of a record, all its cells together."""


class BadTable(Exception):
    """The table can't be used. `line` counts from 1; None: the file as a whole."""

    def __init__(self, said: Said, *, line: int | None = None) -> None:
        self.reason = text_of(said)
        self.line = line
        self.said = said if line is None else at_line(line, said)
        self.why = said
        super().__init__(text_of(self.said))


@dataclass(frozen=True, slots=True)
class Options:
    """How to read. Empty: found out. `encoding` is one of Python's names; `sheet` is for XLSX."""

    encoding: str = ""
    delimiter: str = ""
    sheet: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """A whole record; `number` is the line that it begins on."""

    number: int
    values: dict[str, str]


@dataclass(frozen=True, slots=True)
class BadLine:
    """A record that can't be used, and why."""

    number: int
    said: Said

    @property
    def reason(self) -> str:
        """In English."""
        return text_of(self.said)


def at_line(line: int, reason: Said) -> Said:
    """The reason with its line."""
    return sentence("at_line", "Line {line}: {reason}", line=line, reason=reason)


@dataclass(frozen=True, slots=True)
class Table:
    """`rows` can be walked once. JSONL has the first record's names for `columns`; later ones may have others."""

    columns: list[str]
    rows: Iterator[Line | BadLine]


def too_many_columns(count: int) -> Said:
    """More than are read."""
    said = "There are {count} columns; at most {most} are read."
    return sentence("columns_many", said, count=count, most=MAX_COLUMNS)


NUL = sentence("nul", "There is a NUL character in it.")
TOO_LONG = sentence("line_long", "The line is longer than 1 MiB.")
EMPTY = sentence("file_empty", "The file is empty.")


def checked_columns(names: Sequence[str], *, line: int) -> list[str]:
    """A header's names, stripped. Raises `BadTable`."""
    if len(names) > MAX_COLUMNS:
        raise BadTable(too_many_columns(len(names)), line=line)
    found = [name.strip() for name in names]
    for number, name in enumerate(found, 1):
        if not name:
            raise BadTable(sentence("column_unnamed", "Column {column} has no name.", column=number), line=line)
        if "\0" in name:
            nul = "The name of column {column} holds a NUL character."
            raise BadTable(sentence("column_nul", nul, column=number), line=line)
        if name in found[: number - 1]:
            raise BadTable(sentence("column_twice", "Two columns are called {name}.", name=repr(name[:60])), line=line)
    return found
