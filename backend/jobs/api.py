"""`/api/v1`: jobs, their rows and results, and files. `POST files` is beside Django: see `uploads`."""

from typing import Annotated, Any, get_args
from uuid import UUID

import orjson
from django.conf import settings
from django.http import HttpRequest, StreamingHttpResponse
from ninja import Query, Router, Status
from pydantic import BaseModel, Field

from backend.accounts.principal import Principal
from backend.chat.api import Key
from backend.core.db import in_thread
from backend.core.errors import BadRequest
from backend.core.pagination import PageQuery
from backend.jobs import files, portable, results, selectors, services
from backend.jobs.imports import undo
from backend.jobs.kinds import kind_names
from backend.jobs.kinds.export import CONVERSATIONS
from backend.jobs.kinds.schedule import upcoming
from backend.jobs.schemas import (
    FileOut,
    FilePage,
    JobClone,
    JobCreate,
    JobOut,
    JobPage,
    JobResume,
    KindsOut,
    ResultFormat,
    RowPage,
    RowStatusName,
    StatusName,
    TimesOut,
    Undone,
)
from backend.jobs.tables import Options

router = Router(tags=["jobs"])


class JobQuery(PageQuery):
    """`kind` and `status` narrow the list; `dead=true` has what was given up, with its reasons."""

    kind: Annotated[str, Field(max_length=16)] | None = None
    status: StatusName | None = None
    dead: bool = False


class RowQuery(PageQuery):
    """`status` narrows the list. `after`, the index of a row, begins it behind that row: a page from the middle."""

    status: RowStatusName | None = None
    after: Annotated[int, Field(ge=-1)] | None = None

    def behind(self) -> int:
        """The index that the page comes after. Raises `BadRequest`."""
        key = self.key() or str(-1 if self.after is None else self.after)
        try:
            return int(key)
        except ValueError as error:
            raise BadRequest("The cursor is not one that this list gave.", field="cursor") from error


class ResultQuery(BaseModel):
    """Which form to download."""

    format: ResultFormat = "json"


class TimesQuery(BaseModel):
    """A schedule's `cron` and `timezone`, and how many times to tell."""

    cron: Annotated[str, Field(max_length=100)]
    timezone: Annotated[str, Field(max_length=60)] = "UTC"
    count: Annotated[int, Field(ge=1, le=20)] = 5


class FileQuery(BaseModel):
    """How to look into it; empty: found out."""

    encoding: Annotated[str, Field(max_length=40)] = ""
    delimiter: Annotated[str, Field(max_length=1)] = ""
    sheet: Annotated[str, Field(max_length=60)] = ""


@router.get("/jobs", response=JobPage, summary="List jobs")
async def jobs_list(request: HttpRequest, query: Query[JobQuery]) -> JobPage:
    """The own jobs, the newest first."""
    return await in_thread(
        selectors.job_page,
        principal=_caller(request),
        before=query.before(),
        limit=query.limit,
        kind=query.kind,
        status=[query.status] if query.status else [],
        dead=query.dead,
    )


@router.post("/jobs", response={201: JobOut}, summary="Start a job")
async def jobs_create(request: HttpRequest, body: JobCreate, key: Key = None) -> Status[JobOut]:
    """Checks the spec and starts the job, whose `topic` tells how far it is. The same key again: the first reply."""
    made = await services.job_create(principal=_caller(request), data=body, key=key, fields=_fields(request))
    return Status(201, made)


@router.get("/jobs/kinds", response=KindsOut, summary="Kinds of jobs")
async def jobs_kinds(request: HttpRequest) -> KindsOut:  # noqa: ARG001
    """Those that this site has, by the names that `POST jobs` takes."""
    parts = [CONVERSATIONS, *portable.parts()]
    return KindsOut(
        kinds=kind_names(),
        formats=list(get_args(ResultFormat)),
        parts=parts,
        max_file=settings.MAX_UPLOAD_BYTES,
        max_import=settings.MAX_IMPORT_BYTES,
    )


@router.get("/jobs/times", response=TimesOut, summary="When a schedule would come")
async def jobs_times(request: HttpRequest, query: Query[TimesQuery]) -> TimesOut:  # noqa: ARG001
    """The next times, in the schedule's own time zone. Nothing is kept."""
    return TimesOut(times=upcoming(query.cron, query.timezone, count=query.count))


@router.get("/jobs/{job_id}", response=JobOut, summary="One job")
async def jobs_get(request: HttpRequest, job_id: UUID) -> JobOut:
    """How it stands; `position` is where to follow it from."""
    return await in_thread(selectors.job_shown, principal=_caller(request), job=job_id)


@router.post("/jobs/{job_id}/pause", response=JobOut, summary="Pause a job")
async def jobs_pause(request: HttpRequest, job_id: UUID) -> JobOut:
    """What is under way ends, nothing new begins. `wanted` is `pause` until it stands still."""
    return await in_thread(services.job_pause, principal=_caller(request), job=job_id)


@router.post("/jobs/{job_id}/resume", response=JobOut, summary="Go on with a paused job")
async def jobs_resume(request: HttpRequest, job_id: UUID, body: JobResume | None = None) -> JobOut:
    """Where the cost cap was reached, give another one."""
    cap = None if body is None else body.cost_cap
    return await in_thread(services.job_resume, principal=_caller(request), job=job_id, cost_cap=cap)


@router.post("/jobs/{job_id}/cancel", response=JobOut, summary="Cancel a job")
async def jobs_cancel(request: HttpRequest, job_id: UUID) -> JobOut:
    """Breaks off what is under way and keeps what is done. `wanted` is `cancel` until it has ended."""
    return await in_thread(services.job_cancel, principal=_caller(request), job=job_id)


@router.post("/jobs/{job_id}/retry", response=JobOut, summary="Do failed rows again")
async def jobs_retry(request: HttpRequest, job_id: UUID) -> JobOut:
    """Only the failed rows, and those that a cancel left; what is done stays as it is."""
    return await in_thread(services.job_retry, principal=_caller(request), job=job_id)


@router.post("/jobs/{job_id}/undo", response=Undone, summary="Undo an import")
async def jobs_undo(request: HttpRequest, job_id: UUID) -> Undone:
    """Deletes the conversations that it brought, but those that were changed since."""
    return await in_thread(undo.import_undo, principal=_caller(request), job=job_id)


@router.post("/jobs/{job_id}/clone", response={201: JobOut}, summary="Start a job like this one")
async def jobs_clone(
    request: HttpRequest, job_id: UUID, body: JobClone | None = None, key: Key = None
) -> Status[JobOut]:
    """The same spec but for the fields that the body's `spec` names."""
    made = await services.job_clone(
        principal=_caller(request),
        job=job_id,
        data=body or JobClone(),
        key=key,
        fields={**_fields(request), "clone": str(job_id)},
    )
    return Status(201, made)


@router.get("/jobs/{job_id}/rows", response=RowPage, summary="Rows of a job")
async def jobs_rows(request: HttpRequest, job_id: UUID, query: Query[RowQuery]) -> RowPage:
    """In their order, with input and output whole."""
    return await in_thread(
        selectors.row_page,
        principal=_caller(request),
        job=job_id,
        after=query.behind(),
        limit=query.limit,
        status=[query.status] if query.status else [],
    )


@router.get(
    "/jobs/{job_id}/result",
    response=dict[str, Any],
    summary="Download a job's result",
    openapi_extra={"responses": {200: {"content": results.documented()}}},
)
async def jobs_result(request: HttpRequest, job_id: UUID, query: Query[ResultQuery]) -> Any:
    """All rows as they are now: JSON (`columns` and `rows`), CSV, or JSONL, as a download. An export also comes as a
    zip with JSON and Markdown, or as Markdown alone.
    """
    job = await in_thread(selectors.job_get, principal=_caller(request), job=job_id)
    response = StreamingHttpResponse(results.result(job=job, format=query.format))
    response["Content-Type"] = results.TYPES[query.format]
    response["Content-Disposition"] = f'attachment; filename="job-{job.id}.{query.format}"'
    response["Cache-Control"] = "no-store"
    return response


@router.get("/files", response=FilePage, summary="List files")
async def files_list(request: HttpRequest, query: Query[PageQuery]) -> FilePage:
    """The own uploads, the newest first."""
    return await in_thread(files.file_page, principal=_caller(request), before=query.before(), limit=query.limit)


@router.get("/files/{file_id}", response=FileOut, summary="One file")
async def files_get(request: HttpRequest, file_id: UUID, query: Query[FileQuery]) -> FileOut:
    """Its columns, first rows, and what is wrong with its first thousand lines."""
    options = Options(encoding=query.encoding, delimiter=query.delimiter, sheet=query.sheet)
    return await in_thread(files.file_get, principal=_caller(request), file=file_id, options=options)


@router.delete("/files/{file_id}", response={204: None}, summary="Delete a file")
async def files_delete(request: HttpRequest, file_id: UUID) -> Status[None]:
    """Jobs that have read it keep their rows."""
    await in_thread(files.file_delete, principal=_caller(request), file=file_id)
    return Status(204, None)


def _caller(request: HttpRequest) -> Principal:
    principal: Principal = request.principal  # type: ignore[attr-defined]
    return principal


def _fields(request: HttpRequest) -> dict[str, Any]:
    return dict(orjson.loads(request.body) or {}) if request.body else {}
