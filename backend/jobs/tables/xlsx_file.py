"""XLSX: one sheet, read as a stream; what it would unpack to is looked at before anything is unpacked."""

import warnings
import zipfile
import zlib
from collections.abc import Iterator
from datetime import date, datetime, time
from pathlib import Path
from typing import Any, BinaryIO

import openpyxl
from openpyxl.utils.exceptions import InvalidFileException

from backend.jobs.tables.base import MAX_COLUMNS, MAX_LINE, BadLine, BadTable, Line, Table, checked_columns

MIB = 1024 * 1024
MOST_UNPACKED = 512 * MIB
MOST_SHARED = 128 * MIB
"""Of the strings that all sheets share, which are held in memory."""

_DAMAGE = (
    *(InvalidFileException, zipfile.BadZipFile, zlib.error, OSError, EOFError, SyntaxError),
    *(KeyError, ValueError, TypeError, IndexError, AttributeError),
)
"""How openpyxl, zipfile and the XML reader say that a file is not what it seems."""

_ERRORS = {"#DIV/0!", "#N/A", "#NAME?", "#NULL!", "#NUM!", "#REF!", "#VALUE!", "#GETTING_DATA"}


def read_xlsx(path: Path, *, sheet: str = "") -> Table:
    """The named sheet, or the first; its first line that is not empty has the names. Raises `BadTable`."""
    _look(path)
    rows = _cells(path, sheet)
    for number, cells in rows:
        if any(cells):
            while cells and not cells[-1]:
                cells.pop()
            columns = checked_columns(cells, line=number)
            return Table(columns, _rows(rows, columns))
    raise BadTable("The sheet is empty.")


def _look(path: Path) -> None:
    try:
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
    except (zipfile.BadZipFile, OSError, ValueError) as error:
        raise BadTable("This is not a workbook that can be read (.xlsx).") from error
    if sum(entry.file_size for entry in entries) > MOST_UNPACKED:
        raise BadTable(f"The workbook unpacks to more than {MOST_UNPACKED // MIB} MiB.")
    if any(entry.file_size > MOST_SHARED for entry in entries if entry.filename.endswith("sharedStrings.xml")):
        raise BadTable("The workbook's texts unpack to more than 128 MiB.")


def _cells(path: Path, sheet: str) -> Iterator[tuple[int, list[str]]]:
    with path.open("rb") as file:
        try:
            page = _page(file, sheet)
            for number, row in enumerate(page.iter_rows(values_only=True, max_col=MAX_COLUMNS + 1), 1):
                yield number, [_text(value) for value in row]
        except _DAMAGE as error:
            raise BadTable("This is not a workbook that can be read (.xlsx).") from error


def _page(file: BinaryIO, sheet: str) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        book = openpyxl.load_workbook(file, read_only=True, data_only=True, keep_links=False)
    names = book.sheetnames
    if sheet and sheet not in names:
        raise BadTable(f"There is no sheet {sheet[:60]!r}, only {', '.join(names[:10])}.")
    return book[sheet] if sheet else book.worksheets[0]


def _rows(cells: Iterator[tuple[int, list[str]]], columns: list[str]) -> Iterator[Line | BadLine]:
    width = len(columns)
    for number, found in cells:
        if not any(found):
            continue
        if any(found[width:]):
            yield BadLine(number, f"There are cells beyond the {width} columns of the header.")
            continue
        values = (found + [""] * width)[:width]
        wrong = next((name for name, value in zip(columns, values, strict=True) if value in _ERRORS), None)
        if wrong is not None:
            yield BadLine(number, f"The cell {wrong[:60]!r} holds the error {values[columns.index(wrong)]}.")
        elif sum(map(len, values)) > MAX_LINE:
            yield BadLine(number, "The line is longer than 1 MiB.")
        elif any("\0" in value for value in values):
            yield BadLine(number, "There is a NUL character in it.")
        else:
            yield Line(number, dict(zip(columns, values, strict=True)))


def _text(value: Any) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case float() if value.is_integer() and abs(value) < 1e15:
            return str(int(value))
        case datetime() if value.time() == time(0):
            return value.date().isoformat()
        case datetime() | date() | time():
            return value.isoformat()
    return str(value)
