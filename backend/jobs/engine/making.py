"""Makes a job's rows, all or none."""

import json
from typing import Any

from django.db import connection, transaction

from backend.core.ids import new_id
from backend.core.sentences import sentence
from backend.jobs import changes
from backend.jobs.kinds.base import Kind, NewRow, Reserve, SpecError
from backend.jobs.models import STEP, Job
from backend.usage.money import dollars


def make_rows(*, job: Job, kind: Kind) -> bool:
    """Store all rows of a job. False: somebody else has it. Raises `SpecError`, and nothing is stored then."""
    with transaction.atomic():
        made = kind.rows(job)
        total = failed = 0
        with connection.cursor() as cursor, cursor.copy(_COPY) as copy:
            for total, row in enumerate(made.rows, 1):
                failed += row.error is not None
                copy.write_row(_columns(job, total - 1, row))
        found = Job.objects.select_for_update(of=("self",)).filter(id=job.id, fence=job.fence, ready=False).first()
        if found is None:
            transaction.set_rollback(True)
            return False
        _check_cap(found, made.reserve)
        found.ready, found.total, found.failed = True, total, failed
        found.reserve = made.reserve.most
        found.say("")
        if made.columns:
            found.spec = {**found.spec, "columns": list(made.columns)}
        if failed:
            one = "1 line of the source is broken; the errors are kept beside the rows."
            more = "{count} rows are of broken lines; the errors are kept beside the rows."
            said = sentence("broken_lines", one if failed == 1 else more, count=failed)
            changes.logged(found, said, level="warning")
        changes.progressed(found)
        found.save(update_fields=["ready", "total", "failed", "reserve", *STEP, "log", "spec"])
        for name in ("ready", "total", "failed", "reserve", *STEP, "log", "spec", "epoch", "position"):
            setattr(job, name, getattr(found, name))
    return True


def _check_cap(job: Job, reserve: Reserve) -> None:
    cap = job.cost_cap
    if cap is None:
        return
    if reserve.most is None:
        raise SpecError(
            sentence(
                "cap_unpriced",
                "A cost cap can't be kept: the price of this model is not known. An administrator can set it.",
            ),
            field="spec.cost_cap",
        )
    if reserve.most > cap:
        raise SpecError(
            sentence(
                "cap_below_row",
                "One row may cost up to {most}, which is over the cap of {cap}.",
                most=dollars(reserve.most),
                cap=dollars(cap),
            ),
            field="spec.cost_cap",
        )


def _columns(job: Job, index: int, row: NewRow) -> tuple[Any, ...]:
    return (
        *(new_id(), job.id, index, row.line, row.model),
        None if row.input is None else json.dumps(row.input, ensure_ascii=False),
        "pending" if row.error is None else "failed",
        *(0, 0, 0, ""),
        None if row.error is None else json.dumps(row.error, ensure_ascii=False),
        row.tokens,
    )


_COPY = """
COPY jobs_jobrow (id, job_id, index, line, model, input, status, fence, attempt, lost, output, error, tokens) FROM STDIN
"""
