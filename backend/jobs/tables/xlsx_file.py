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

from backend.core.sentences import sentence
from backend.jobs.tables.base import (
    MAX_COLUMNS,
    MAX_LINE,
    NUL,
    TOO_LONG,
    BadLine,
    BadTable,
    Line,
    Table,
    checked_columns,
)

MIB = 1024 * 1024
MOST_UNPACKED = 512 * MIB
MOST_SHARED = 128 * MIB
"""Of the strings that all sheets share, which are held in memory."""

_DAMAGE = (
    *(InvalidFileException, zipfile.BadZipFile, zlib.error, OSError, EOFError, SyntaxError),
    *(KeyError, ValueError, TypeError, IndexError, AttributeError),
)
"""How openpyxl, zipfile and the XML reader say that a file is not what it seems."""

_UNREADABLE = sentence("book_unreadable", "This is not a workbook that can be read (.xlsx).")
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
    raise BadTable(sentence("sheet_empty", "The sheet is empty."))


def _look(path: Path) -> None:
    try:
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
    except (zipfile.BadZipFile, OSError, ValueError) as error:
        raise BadTable(_UNREADABLE) from error
    if sum(entry.file_size for entry in entries) > MOST_UNPACKED:
        most = MOST_UNPACKED // MIB
        raise BadTable(sentence("book_large", "The workbook unpacks to more than {most} MiB.", most=most))
    if any(entry.file_size > MOST_SHARED for entry in entries if entry.filename.endswith("sharedStrings.xml")):
        said = "The workbook's texts unpack to more than {most} MiB."
        raise BadTable(sentence("book_texts_large", said, most=MOST_SHARED // MIB))


def _cells(path: Path, sheet: str) -> Iterator[tuple[int, list[str]]]:
    with path.open("rb") as file:
        try:
            page = _page(file, sheet)
            for number, row in enumerate(page.iter_rows(values_only=True, max_col=MAX_COLUMNS + 1), 1):
                yield number, [_text(value) for value in row]
        except _DAMAGE as error:
            raise BadTable(_UNREADABLE) from error


def _page(file: BinaryIO, sheet: str) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        book = openpyxl.load_workbook(file, read_only=True, data_only=True, keep_links=False)
    names = book.sheetnames
    if sheet and sheet not in names:
        said = "There is no sheet {name}, only {names}."
        raise BadTable(sentence("no_sheet", said, name=repr(sheet[:60]), names=", ".join(names[:10])))
    return book[sheet] if sheet else book.worksheets[0]


def _rows(cells: Iterator[tuple[int, list[str]]], columns: list[str]) -> Iterator[Line | BadLine]:
    width = len(columns)
    for number, found in cells:
        if not any(found):
            continue
        if any(found[width:]):
            said = "There are cells beyond the {columns} columns of the header."
            yield BadLine(number, sentence("cells_beyond", said, columns=width))
            continue
        values = (found + [""] * width)[:width]
        wrong = next((name for name, value in zip(columns, values, strict=True) if value in _ERRORS), None)
        if wrong is not None:
            shown = {"name": repr(wrong[:60]), "error": values[columns.index(wrong)]}
            yield BadLine(number, sentence("cell_error", "The cell {name} holds the error {error}.", **shown))
        elif sum(map(len, values)) > MAX_LINE:
            yield BadLine(number, TOO_LONG)
        elif any("\0" in value for value in values):
            yield BadLine(number, NUL)
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
