"""Opens a table of any of the formats."""

from pathlib import Path

from backend.core.sentences import sentence
from backend.jobs.tables.base import BadTable, Format, Options, Table
from backend.jobs.tables.csv_file import read_csv
from backend.jobs.tables.jsonl_file import read_jsonl
from backend.jobs.tables.text import text_lines
from backend.jobs.tables.xlsx_file import read_xlsx

_BY_ENDING: dict[str, Format] = {
    ".csv": "csv",
    ".tsv": "csv",
    ".txt": "csv",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".xlsx": "xlsx",
}


def guess_format(*, name: str, head: bytes) -> Format | None:
    """By the first bytes, then by the name's ending; None: neither says."""
    if head.startswith(b"PK\x03\x04"):
        return "xlsx"
    found = _BY_ENDING.get(Path(name).suffix.lower())
    if found is not None and found != "xlsx":
        return found
    return "jsonl" if head.lstrip(b"\xef\xbb\xbf \r\n\t").startswith(b"{") else None


def open_table(path: Path, *, format: Format, options: Options | None = None) -> Table:  # noqa: A002
    """The table's columns, and its rows to walk. Raises `BadTable`, here and while walking."""
    chosen = options or Options()
    if len(chosen.delimiter) > 1:
        raise BadTable(sentence("one_delimiter", "A delimiter is one character."))
    if format == "xlsx":
        return read_xlsx(path, sheet=chosen.sheet)
    lines = text_lines(path, chosen)
    return read_jsonl(lines) if format == "jsonl" else read_csv(lines, delimiter=chosen.delimiter)
