"""A batch's table, whether uploaded or given in its spec, as rows of work."""

from collections.abc import Iterator
from typing import Any

from backend.core.sentences import Said, problem, sentence
from backend.jobs.kinds.base import NewRow, SpecError
from backend.jobs.kinds.batch.template import Prompt, Unfilled
from backend.jobs.models import File
from backend.jobs.schemas import BatchSpec
from backend.jobs.tables import BadLine, BadTable, Line, Options, guess_format, open_table
from backend.jobs.tables.base import at_line
from backend.jobs.tables.jsonl_file import plain
from backend.usage.money import tokens_of

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
        raise SpecError(sentence("file_gone", "The file is gone. Upload it again."), field="spec.file") from error
    form = spec.format or guess_format(name=file.name, head=head)
    if form is None:
        raise SpecError(
            sentence("format_unknown", "Is this CSV, JSONL or XLSX? Say it in `format`."), field="spec.format"
        )
    options = Options(encoding=spec.encoding, delimiter=spec.delimiter, sheet=spec.sheet)
    try:
        table = open_table(file.path, format=form, options=options)
    except BadTable as error:
        raise SpecError(error.said, line=error.line, field="spec.file") from error
    return table.columns, _walked(table.rows)


def new_rows(spec: BatchSpec, rows: Iterator[Line | BadLine], *, prompt: Prompt, models: list[str]) -> Iterator[NewRow]:
    """A row of work for each row of the table and each model. Raises `SpecError`."""
    count = 0
    for found in rows:
        tokens, reason = _tried(found, prompt)
        if reason and spec.errors == "refuse":
            raise SpecError(at_line(found.number, reason), line=found.number, field="spec.file")
        error = {**problem("bad_request", reason), "line": found.number} if reason else None
        count += len(models)
        if count > MAX_ROWS:
            said = sentence("too_many_rows", "There are over {most} rows, all models together.", most=MAX_ROWS)
            raise SpecError(said, field="spec.file")
        values = found.values if isinstance(found, Line) else None
        for model in models:
            yield NewRow(line=found.number, model=model, input=values, error=error, tokens=tokens)
    if not count:
        raise SpecError(sentence("no_rows", "The table has no rows."), field="spec.file")


def _tried(found: Line | BadLine, prompt: Prompt) -> tuple[int, Said]:
    """About how many tokens go in for it, or why nothing can."""
    if isinstance(found, BadLine):
        return 0, found.said
    try:
        return tokens_of(prompt.messages(found.values)), ""
    except Unfilled as error:
        return 0, error.said


def _inline(rows: list[dict[str, Any]]) -> Iterator[Line | BadLine]:
    for number, row in enumerate(rows, 1):
        yield Line(number, {name: plain(value) for name, value in row.items()})


def _walked(rows: Iterator[Line | BadLine]) -> Iterator[Line | BadLine]:
    try:
        yield from rows
    except BadTable as error:
        raise SpecError(error.said, line=error.line, field="spec.file") from error
