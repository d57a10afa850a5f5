"""Tables that people upload: CSV, JSONL and XLSX, read row by row with the line of whatever is wrong. No Django."""

from backend.jobs.tables.base import MAX_COLUMNS, BadLine, BadTable, Format, Line, Options, Table
from backend.jobs.tables.reading import guess_format, open_table

__all__ = [
    "MAX_COLUMNS",
    "BadLine",
    "BadTable",
    "Format",
    "Line",
    "Options",
    "Table",
    "guess_format",
    "open_table",
]
