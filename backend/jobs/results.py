"""A job's result as a download, streamed: CSV for spreadsheets, JSONL and JSON word for word."""

import csv
import io
import json
from collections.abc import AsyncIterator
from decimal import Decimal
from typing import Any
from uuid import UUID

from backend.core.db import in_thread
from backend.core.errors import BadRequest, Conflict
from backend.jobs import selectors
from backend.jobs.exports.archive import as_markdown, as_zip
from backend.jobs.models import ENDED, Job, Status
from backend.jobs.rows import ordered
from backend.jobs.schemas import ResultFormat

OWN = ("index", "line", "model", "status", "output", "error", "input_tokens", "output_tokens", "cost")
TYPES: dict[ResultFormat, str] = {
    "csv": "text/csv; charset=utf-8",
    "jsonl": "application/x-ndjson",
    "json": "application/json",
    "zip": "application/zip",
    "md": "text/markdown; charset=utf-8",
}
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def documented() -> dict[str, Any]:
    """The forms of a download beside JSON, in OpenAPI's words."""
    binary = {"type": "string", "format": "binary"}
    return {
        TYPES[name].partition(";")[0]: {"schema": binary if name == "zip" else {"type": "string"}}
        for name in TYPES
        if name != "json"
    }


def result(*, job: Job, format: ResultFormat) -> AsyncIterator[bytes]:  # noqa: A002
    """The whole result in pieces. Raises `BadRequest` for a form that only exports have, and `Conflict` for an export
    that is not whole: nobody should keep a part for all of their data.
    """
    whole = job.kind == "export"
    if whole and job.status != Status.DONE:
        raise Conflict("This export is not whole." if job.status in ENDED else "This export is not done yet.")
    if format in {"zip", "md"}:
        if not whole:
            raise BadRequest("Only an export comes in this form.", field="format")
        return as_zip(job) if format == "zip" else as_markdown(job)
    made_with = job.spec.get("pinned")
    template = f"{made_with['slug']}@{made_with['number']}" if made_with else ""
    return _rows(job=job.id, format=format, whole=whole, template=template)


async def _rows(
    *,
    job: UUID,
    format: ResultFormat,  # noqa: A002
    whole: bool,
    template: str,
) -> AsyncIterator[bytes]:
    """A piece for some hundred rows. `whole`: an output is a line of JSONL by itself. `template`: the stored template
    that made it, which each row then names.
    """
    columns = await in_thread(selectors.columns_of, job=job)
    own = (*OWN, "template") if template else OWN
    made = {"template": template} if template else {}
    if format == "csv":
        yield b"\xef\xbb\xbf" + _csv([[*columns, *_named(columns, own)]])
    elif format == "json":
        yield b'{"columns":' + json.dumps(columns, ensure_ascii=False).encode() + b',"rows":['
    after, begun = -1, False
    while found := await in_thread(selectors.result_rows, job=job, after=after):
        after = found[-1]["index"]
        found = [{**row, "input": ordered(row["input"], columns)} for row in found]
        if format == "csv":
            yield _csv([_cells({**row, **made}, columns, own) for row in found])
        else:
            if whole and format == "jsonl":
                lines = [row["output"] for row in found if row["status"] == "done" and "part" not in row["input"]]
            else:
                lines = [json.dumps({**_flat(row), **made}, ensure_ascii=False) for row in found]
            joined = ("\n" if format == "jsonl" else ",").join(lines).encode()
            yield (joined + b"\n" if lines else b"") if format == "jsonl" else (b"," if begun else b"") + joined
        begun = True
        if len(found) < selectors.AT_ONCE:
            break
    if format == "json":
        yield b"]}\n"


def _named(columns: list[str], own: tuple[str, ...]) -> list[str]:
    """Our own columns; where the source has one of that name, ours has `result_` before it."""
    return [f"result_{name}" if name in columns else name for name in own]


def _flat(row: dict[str, Any]) -> dict[str, Any]:
    usage = row["usage"] or {}
    return {
        **{name: row[name] for name in ("index", "line", "model", "status", "input", "output", "error")},
        "input_tokens": usage.get("input_tokens"),
        "output_tokens": usage.get("output_tokens"),
        "cost": None if row["cost"] is None else float(row["cost"]),
    }


def _cells(row: dict[str, Any], columns: list[str], own: tuple[str, ...]) -> list[Any]:
    flat = {**_flat(row), "template": row.get("template", "")}
    flat["error"] = (row["error"] or {}).get("message", "")
    flat["cost"] = _plain(row["cost"])
    values = row["input"] or {}
    return [_safe(values.get(name, "")) for name in columns] + [_safe(flat[name]) for name in own]


def _plain(cost: Decimal | None) -> str:
    """Without an exponent, and without zeros that say nothing."""
    text = "" if cost is None else f"{cost:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _safe(value: Any) -> Any:
    """A text that a spreadsheet would take for a formula gets an apostrophe before it."""
    if isinstance(value, str) and value.startswith(_FORMULA) and not _number(value):
        return f"'{value}"
    return value


def _number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _csv(rows: list[list[Any]]) -> bytes:
    out = io.StringIO(newline="")
    csv.writer(out).writerows(rows)
    return out.getvalue().encode()
