"""A batch's table, whether uploaded or given in its spec, as rows of work."""

from collections.abc import Iterator, Mapping
from typing import Any

from backend.jobs.kinds.base import NewRow, SpecError
from backend.jobs.models import File
from backend.jobs.schemas import BatchSpec
from backend.jobs.tables import BadLine, BadTable, Line, Options, guess_format, open_table
from backend.jobs.tables.jsonl_file import plain

MAX_ROWS = 200_000
"""Of a job, all models together."""


def table_of(spec: BatchSpec, file: File | None) -> tuple[list[str], Iterator[Line | BadLine]]:
    """Columns and rows. Raises `SpecError`."""
    if file is None:
        rows = spec.rows or []
        return list(dict.fromkeys(name for row in rows for name in row)), _inline(rows)
    try:
        with file.path.open("rb") as opened:
            head = opened.read(64)
    except OSError as error:
        raise SpecError("The file is gone. Upload it again.", field="spec.file") from error
    form = spec.format or guess_format(name=file.name, head=head)
    if form is None:
        raise SpecError("Is this CSV, JSONL or XLSX? Say it in `format`.", field="spec.format")
    options = Options(encoding=spec.encoding, delimiter=spec.delimiter, sheet=spec.sheet)
    try:
        table = open_table(file.path, format=form, options=options)
    except BadTable as error:
        raise SpecError(str(error), line=error.line, field="spec.file") from error
    return table.columns, _walked(table.rows)


def new_rows(
    spec: BatchSpec, rows: Iterator[Line | BadLine], *, variables: list[str], models: list[str]
) -> Iterator[NewRow]:
    """A row of work for each row of the table and each model. Raises `SpecError`."""
    count = 0
    for found in rows:
        reason = found.reason if isinstance(found, BadLine) else _lacks(found.values, variables, spec.mapping)
        if reason and spec.errors == "refuse":
            raise SpecError(f"Line {found.number}: {reason}", line=found.number, field="spec.file")
        error = {"code": "bad_request", "message": reason, "line": found.number} if reason else None
        count += len(models)
        if count > MAX_ROWS:
            raise SpecError(f"There are over {MAX_ROWS:,} rows, all models together.", field="spec.file")
        values = found.values if isinstance(found, Line) else None
        for model in models:
            yield NewRow(line=found.number, model=model, input=values, error=error)
    if not count:
        raise SpecError("The table has no rows.", field="spec.file")


def column_of(variable: str, mapping: Mapping[str, str]) -> str:
    """The column that a variable is taken from."""
    return mapping.get(variable, variable)


def _lacks(values: Mapping[str, str], variables: list[str], mapping: Mapping[str, str]) -> str:
    for name in variables:
        if column_of(name, mapping) not in values:
            return f"There is no {column_of(name, mapping)[:60]!r}, which the variable {name[:60]!r} is taken from."
    return ""


def _inline(rows: list[dict[str, Any]]) -> Iterator[Line | BadLine]:
    for number, row in enumerate(rows, 1):
        yield Line(number, {name: plain(value) for name, value in row.items()})


def _walked(rows: Iterator[Line | BadLine]) -> Iterator[Line | BadLine]:
    try:
        yield from rows
    except BadTable as error:
        raise SpecError(str(error), line=error.line, field="spec.file") from error
