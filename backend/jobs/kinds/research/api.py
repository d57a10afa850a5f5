"""`/api/v1`: the report of a research, and its sources."""

from typing import Any, Literal
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from ninja import Query, Router
from pydantic import BaseModel

from backend.accounts.principal import Principal
from backend.core.db import in_thread
from backend.jobs.kinds.research import report
from backend.jobs.kinds.research.schemas import ReportOut, SourceText

router = Router(tags=["jobs"])


class ReportQuery(BaseModel):
    """JSON, or Markdown as a download."""

    format: Literal["json", "md"] = "json"


@router.get("/jobs/{job_id}/report", response=ReportOut, summary="A research's report")
async def jobs_report(request: HttpRequest, job_id: UUID, query: Query[ReportQuery]) -> Any:
    """How far it is, and the report with its citations and sources once it is written; `format=md` is the report."""
    found = await in_thread(report.report, principal=_caller(request), job=job_id)
    if query.format == "json":
        return found
    response = HttpResponse(report.as_markdown(found), content_type="text/markdown; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="report-{job_id}.md"'
    response["Cache-Control"] = "no-store"
    return response


@router.get("/jobs/{job_id}/sources/{number}", response=SourceText, summary="A source of a research")
async def jobs_source(request: HttpRequest, job_id: UUID, number: int) -> SourceText:
    """The page's text as it was stored, with the passages that the report quotes."""
    return await in_thread(report.source, principal=_caller(request), job=job_id, number=number)


def _caller(request: HttpRequest) -> Principal:
    principal: Principal = request.principal  # type: ignore[attr-defined]
    return principal
