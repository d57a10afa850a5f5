"""JSONL: an object a line. Values that are no text become their JSON."""

import json
from collections.abc import Iterator
from itertools import chain
from typing import Any

from backend.core.sentences import sentence
from backend.jobs.tables.base import EMPTY, MAX_COLUMNS, NUL, BadLine, BadTable, Line, Table
from backend.jobs.tables.text import TextLine


def read_jsonl(lines: Iterator[TextLine]) -> Table:
    """Raises `BadTable` for an empty file, or one that does not begin with an object."""
    rows = _rows(lines)
    first = next(rows, None)
    if first is None:
        raise BadTable(EMPTY)
    columns = list(first.values) if isinstance(first, Line) else []
    return Table(columns, chain([first], rows))


def _rows(lines: Iterator[TextLine]) -> Iterator[Line | BadLine]:
    for line in lines:
        if isinstance(line, BadLine):
            yield line
        elif line[1].strip():
            yield _row(*line)


def _row(number: int, text: str) -> Line | BadLine:
    try:
        found: Any = json.loads(text, parse_constant=_refused)
    except json.JSONDecodeError as error:
        said = "This is not JSON: {reason} at column {column}."
        return BadLine(number, sentence("not_json_at", said, reason=error.msg, column=error.colno))
    except (ValueError, RecursionError) as error:
        reason = str(error)[:100] or sentence("too_deep", "it is nested too deep")
        return BadLine(number, sentence("not_json", "This is not JSON: {reason}.", reason=reason))
    if not isinstance(found, dict):
        said = 'This is no object: each line is one, such as {{"name": "value"}}.'
        return BadLine(number, sentence("no_object", said))
    if len(found) > MAX_COLUMNS:
        said = "There are {count} names; at most {most} are read."
        return BadLine(number, sentence("names_many", said, count=len(found), most=MAX_COLUMNS))
    values = {name: plain(value) for name, value in found.items()}
    if any("\0" in part for pair in values.items() for part in pair):
        return BadLine(number, NUL)
    try:
        json.dumps(values, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return BadLine(number, sentence("half_character", "There is half a character (a lone surrogate) in it."))
    return Line(number, values)


def plain(value: Any) -> str:
    """A value as a cell of a table."""
    if isinstance(value, str):
        return value
    return "" if value is None else json.dumps(value, ensure_ascii=False)


def _refused(name: str) -> Any:
    raise ValueError(f"{name} is no number")
