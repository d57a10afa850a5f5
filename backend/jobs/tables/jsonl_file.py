"""JSONL: an object a line. Values that are no text become their JSON."""

import json
from collections.abc import Iterator
from itertools import chain
from typing import Any

from backend.jobs.tables.base import MAX_COLUMNS, BadLine, BadTable, Line, Table
from backend.jobs.tables.text import TextLine


def read_jsonl(lines: Iterator[TextLine]) -> Table:
    """Raises `BadTable` for an empty file, or one that does not begin with an object."""
    rows = _rows(lines)
    first = next(rows, None)
    if first is None:
        raise BadTable("The file is empty.")
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
        return BadLine(number, f"This is not JSON: {error.msg} at column {error.colno}.")
    except (ValueError, RecursionError) as error:
        return BadLine(number, f"This is not JSON: {str(error)[:100] or 'it is nested too deep'}.")
    if not isinstance(found, dict):
        return BadLine(number, 'This is no object: each line is one, such as {"name": "value"}.')
    if len(found) > MAX_COLUMNS:
        return BadLine(number, f"There are {len(found):,} names; at most {MAX_COLUMNS} are read.")
    values = {name: plain(value) for name, value in found.items()}
    if any("\0" in part for pair in values.items() for part in pair):
        return BadLine(number, "There is a NUL character in it.")
    try:
        json.dumps(values, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return BadLine(number, "There is half a character (a lone surrogate) in it.")
    return Line(number, values)


def plain(value: Any) -> str:
    """A value as a cell of a table."""
    if isinstance(value, str):
        return value
    return "" if value is None else json.dumps(value, ensure_ascii=False)


def _refused(name: str) -> Any:
    raise ValueError(f"{name} is no number")
