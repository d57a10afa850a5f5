"""What reading a table gives: its columns, then a line or a bad line at a time."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Literal

Format = Literal["csv", "jsonl", "xlsx"]

MAX_COLUMNS: Final = 500
MAX_LINE: Final = 1024 * 1024
"""Characters of a record, all its cells together."""


class BadTable(Exception):
    """The table can't be used. `line` counts from 1; None: the file as a whole."""

    def __init__(self, reason: str, *, line: int | None = None) -> None:
        self.reason = reason
        self.line = line
        super().__init__(reason if line is None else f"Line {line}: {reason}")


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
    reason: str


@dataclass(frozen=True, slots=True)
class Table:
    """`rows` can be walked once. JSONL has the first record's names for `columns`; later ones may have others."""

    columns: list[str]
    rows: Iterator[Line | BadLine]


def checked_columns(names: Sequence[str], *, line: int) -> list[str]:
    """A header's names, stripped. Raises `BadTable`."""
    if len(names) > MAX_COLUMNS:
        raise BadTable(f"There are {len(names):,} columns; at most {MAX_COLUMNS} are read.", line=line)
    found = [name.strip() for name in names]
    for number, name in enumerate(found, 1):
        if not name:
            raise BadTable(f"Column {number} has no name.", line=line)
        if "\0" in name:
            raise BadTable(f"The name of column {number} holds a NUL character.", line=line)
        if name in found[: number - 1]:
            raise BadTable(f"Two columns are called {name[:60]!r}.", line=line)
    return found
