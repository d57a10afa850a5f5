"""Jobs and rows of the database as clients see them."""

from collections.abc import Sequence
from typing import Any, cast

from backend.chat.schemas import Position
from backend.jobs.models import Job, JobRow
from backend.jobs.schemas import JobOut, RowOut, RowStatusName, StatusName

HIDDEN = frozenset({"prices", "pinned", "columns"})
"""What a kind keeps in a spec for itself."""


BRIEF = frozenset(
    {"models", "concurrency", "errors", "cost_cap", "file", "format", "cron", "timezone", "depth", "model"}
)
"""What of a spec stands in lists and events."""


def shown_spec(spec: dict[str, Any]) -> dict[str, Any]:
    """The spec as its maker knows it."""
    return {name: value for name, value in spec.items() if name not in HIDDEN}


def eta_of(*, total: int, ended: int, rate: float) -> float | None:
    """Seconds until the end at this rate."""
    return round((total - ended) / rate, 1) if rate > 0 and total else None


def job_out(job: Job, *, brief: bool = False) -> JobOut:
    """A job's row. `brief`: of the spec only what is short, for lists and events."""
    spec = shown_spec(job.spec)
    if brief:
        spec = {name: value for name, value in spec.items() if name in BRIEF}
        spec |= {"question": job.spec["question"][:200]} if "question" in job.spec else {}
    running = job.status == "running"
    return JobOut.model_construct(
        id=job.id,
        kind=job.kind,
        name=job.name,
        spec=spec,
        status=cast("StatusName", job.status),
        reason=job.reason,
        error=job.error,
        wanted=job.wanted,
        step=job.step,
        step_said=job.step_said,
        total=job.total,
        done=job.done,
        failed=job.failed,
        rate=job.rate if running else 0.0,
        eta_s=eta_of(total=job.total, ended=job.done + job.failed, rate=job.rate) if running else None,
        input_tokens=job.input_tokens,
        output_tokens=job.output_tokens,
        cost=float(job.cost),
        lost_calls=job.lost_calls,
        lost_cost=float(job.lost_cost),
        cost_cap=None if job.cost_cap is None else float(job.cost_cap),
        file=job.source_id,
        cloned_from=job.cloned_from,
        topic=job.topic,
        position=Position.model_construct(epoch=job.epoch, offset=job.position),
        created=job.created,
        started=job.started_at,
        finished=job.finished_at,
    )


def ordered(given: dict[str, Any] | None, columns: Sequence[str]) -> dict[str, Any] | None:
    """A row's input in the order of its source, which the database does not keep."""
    if not given or not columns:
        return given
    return {name: given[name] for name in columns if name in given} | given


def row_out(row: JobRow, columns: Sequence[str] = ()) -> RowOut:
    """A row of work; `columns` as its source has them."""
    return RowOut.model_construct(
        index=row.index,
        line=row.line,
        model=row.model,
        status=cast("RowStatusName", row.status),
        input=ordered(row.input, columns),
        output=row.output,
        error=row.error,
        usage=row.usage,
        cost=None if row.cost is None else float(row.cost),
        attempt=row.attempt,
        lost=row.lost,
        finished=row.finished_at,
    )
