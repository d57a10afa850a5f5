"""CSV: a record at a time, so that a quotation mark that is never closed spoils its own record and no other."""

import csv
from collections import deque
from collections.abc import Iterator

from backend.core.sentences import Said, sentence
from backend.jobs.tables.base import EMPTY, MAX_LINE, BadLine, BadTable, Line, Table, checked_columns
from backend.jobs.tables.text import TextLine

DELIMITERS = (",", ";", "\t", "|")
MOST_JOINED = 1000
"""Lines that one record may go over."""


class _Lines:
    """Feeds the csv module, and takes back what a broken record had read of the lines behind it."""

    def __init__(self, lines: Iterator[TextLine]) -> None:
        self._lines = lines
        self._back: deque[TextLine] = deque()
        self.taken: list[TextLine] = []
        self._size = 0

    def begin(self) -> TextLine | None:
        """The next line, where a record begins."""
        self.taken, self._size = [], 0
        return self._next()

    def put_back(self, line: TextLine) -> None:
        """Read it again."""
        self._back.appendleft(line)

    def rewind(self) -> None:
        """Take back all lines of this record but its first."""
        self._back.extendleft(reversed(self.taken[1:]))

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        found = self._next()
        if found is None:
            raise StopIteration
        self.taken.append(found)
        if isinstance(found, BadLine):
            raise _Broken(found)
        self._size += len(found[1])
        if self._size > MAX_LINE or len(self.taken) > MOST_JOINED:
            raise csv.Error("too long")
        return found[1]

    def _next(self) -> TextLine | None:
        return self._back.popleft() if self._back else next(self._lines, None)


class _Broken(Exception):
    """A line inside a record that is no text."""

    def __init__(self, line: BadLine) -> None:
        self.line = line
        super().__init__(line.reason)


def read_csv(lines: Iterator[TextLine], *, delimiter: str) -> Table:
    """Raises `BadTable` for what is wrong with the header."""
    csv.field_size_limit(MAX_LINE)
    feed = _Lines(lines)
    first = feed.begin()
    if first is None:
        raise BadTable(EMPTY)
    if isinstance(first, BadLine):
        raise BadTable(first.said, line=first.number)
    used = delimiter or max(DELIMITERS, key=first[1].count)
    feed.put_back(first)
    header = next(_records(feed, used), None)
    if header is None:
        raise BadTable(sentence("no_header", "There is no header: the first line names the columns."), line=1)
    if isinstance(header, BadLine):
        raise BadTable(header.said, line=header.number)
    number, names = header
    columns = checked_columns(names, line=number)
    return Table(columns, _rows(feed, used, columns))


def _rows(feed: _Lines, delimiter: str, columns: list[str]) -> Iterator[Line | BadLine]:
    for found in _records(feed, delimiter):
        if isinstance(found, BadLine):
            yield found
            continue
        number, cells = found
        if len(cells) == len(columns):
            yield Line(number, dict(zip(columns, cells, strict=True)))
        else:
            have = "is 1 cell" if len(cells) == 1 else "are {count} cells"
            said = f"There {have}; the header has {{columns}} columns."
            yield BadLine(number, sentence("cells", said, count=len(cells), columns=len(columns)))


def _records(feed: _Lines, delimiter: str) -> Iterator[tuple[int, list[str]] | BadLine]:
    """The records with the lines that they begin on, blank lines left out."""
    while (first := feed.begin()) is not None:
        if isinstance(first, BadLine):
            yield first
            continue
        if not first[1].strip("\r\n"):
            continue
        feed.put_back(first)
        try:
            yield first[0], next(csv.reader(feed, delimiter=delimiter, strict=True))
        except _Broken as error:
            feed.rewind()
            said = "Its text goes on in line {line}, where: {reason}"
            yield BadLine(first[0], sentence("goes_on", said, line=error.line.number, reason=error.line.said))
        except csv.Error as error:
            feed.rewind()
            yield BadLine(first[0], _reason(str(error)))


def _reason(said: str) -> Said:
    if "end of data" in said or "too long" in said or "field larger" in said:
        open_ = "A quotation mark that opens here is not closed, or its cell is longer than 1 MiB."
        return sentence("quote_open", open_)
    if "expected after" in said:
        early = "A quotation mark that opens here is closed before the end of its cell, or not at all."
        return sentence("quote_early", early)
    if "new-line character" in said:
        return sentence("bare_return", "There is a bare carriage return in it.")
    return sentence("not_csv", "This is not CSV: {reason}.", reason=said)
