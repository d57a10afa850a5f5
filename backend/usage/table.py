"""A report as a table for spreadsheets: CSV with a header, UTF-8 with its mark, lines ended as RFC 4180 says."""

import csv
import io

from backend.usage.schemas import UsageReport

MOST_LINES = 100_000
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_SHOWN = {
    "day": ["day"],
    "model": ["provider", "model"],
    "user": ["user", "user_name"],
    "team": ["team", "team_name"],
    "key": ["key", "key_name"],
    "template": ["template", "template_name", "template_slug"],
}
_SUMS = [
    "calls", "errors", "estimated", "input_tokens", "output_tokens", "cached_tokens", "reasoning_tokens", "searches",
    "credits", "cost", "unpriced", "first_token_ms", "tokens_per_s",
]  # fmt: skip


def csv_of(report: UsageReport) -> str:
    """The groups, a line each."""
    columns = [column for name in report.by for column in _SHOWN[name]] + _SUMS
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(columns)
    for item in report.items:
        writer.writerow([_cell(getattr(item, column)) for column in columns])
    return "\ufeff" + out.getvalue()


def _cell(value: object) -> str:
    """Plain numbers; a name that a spreadsheet would take for a formula is quoted as it asks for."""
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:.9f}".rstrip("0").rstrip(".")
    text = str(value)
    return f"'{text}" if text.startswith(_FORMULA) else text
