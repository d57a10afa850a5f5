"""Jobs, rows and results to read."""

from typing import Any
from uuid import UUID

from django.db.models import Exists, OuterRef, Q

from backend.accounts.permissions import Owned, Site, may, require
from backend.accounts.principal import Principal
from backend.core.errors import NotFound
from backend.core.pagination import Page, page
from backend.jobs.access import MAINTENANCE, thing_of
from backend.jobs.models import MOST_LOST, Job, JobRow
from backend.jobs.rows import job_out, row_out
from backend.jobs.schemas import JobOut, RowOut

AT_ONCE = 100
"""Rows of a result that are read together."""


def job_get(*, principal: Principal, job: UUID) -> Job:
    """Raises `NotFound`."""
    found = Job.objects.filter(id=job).first()
    if found is None:
        raise NotFound
    require(principal, "read", thing_of(kind=found.kind, owner=found.owner_id))
    return found


def job_shown(*, principal: Principal, job: UUID) -> JobOut:
    """As clients see it."""
    return job_out(job_get(principal=principal, job=job))


def job_page(
    *, principal: Principal, before: UUID | None, limit: int, kind: str | None, status: list[str], dead: bool
) -> Page[JobOut]:
    """The own jobs, the newest first, without what is long of their specs.

    `dead`: only those that were given up, or with rows that were, with their reasons. Maintenance is a list of its own:
    the whole site's, for administrators.
    """
    if kind == MAINTENANCE and may(principal, "read", Site("settings")):
        found = Job.objects.all()
    else:
        require(principal, "read", Owned("job", principal.user_id))
        found = Job.objects.filter(owner_id=principal.user_id).exclude(kind=MAINTENANCE)
    if before is not None:
        found = found.filter(id__lt=before)
    if kind is not None:
        found = found.filter(kind=kind)
    if status:
        found = found.filter(status__in=status)
    if dead:
        worn = JobRow.objects.filter(job_id=OuterRef("id"), lost__gte=MOST_LOST, status="failed")
        found = found.filter(Q(reason="dead") | Exists(worn))
    return page(
        [job_out(job, brief=True) for job in found.order_by("-id")[: limit + 1]], limit=limit, key=lambda job: job.id
    )


def row_page(*, principal: Principal, job: UUID, after: int, limit: int, status: list[str]) -> Page[RowOut]:
    """Rows in order."""
    columns = job_get(principal=principal, job=job).spec.get("columns") or ()
    found = JobRow.objects.filter(job_id=job, index__gt=after)
    if status:
        found = found.filter(status__in=status)
    return page(
        [row_out(row, columns) for row in found.order_by("index")[: limit + 1]], limit=limit, key=lambda row: row.index
    )


def result_rows(*, job: UUID, after: int) -> list[dict[str, Any]]:
    """The next rows of a result behind an index: `AT_ONCE` of them, or fewer at the end."""
    names = ("index", "line", "model", "status", "input", "output", "error", "usage", "cost")
    found = JobRow.objects.filter(job_id=job, index__gt=after).order_by("index")[:AT_ONCE]
    return list(found.values(*names))


def columns_of(*, job: UUID) -> list[str]:
    """The columns of the source in their order, or the names of the first row that could be read."""
    known = Job.objects.filter(id=job).values_list("spec__columns", flat=True).first()
    if known:
        return list(known)
    readable = JobRow.objects.filter(job_id=job, input__isnull=False)
    first = readable.order_by("index").values_list("input", flat=True).first()
    return list(first or {})
