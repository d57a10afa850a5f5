"""`/api/v1/prompts/export` and `import`: templates as a document."""

from typing import Annotated, Any
from uuid import UUID

from django.http import HttpRequest
from ninja import Query, Router
from pydantic import BaseModel, Field

from backend.core.db import in_thread
from backend.core.errors import BadRequest
from backend.core.schemas import Out
from backend.prompts import services
from backend.prompts.schemas import Conflicts, ImportReport

router = Router(tags=["prompts"])

MOST = 200


class ExportQuery(BaseModel):
    """`?ids=` holds ids with commas between them; without it, all own templates."""

    ids: Annotated[str, Field(max_length=37 * MOST)] | None = None


class Document(Out):
    """Templates with all their versions, for `import`."""

    format: str
    version: int
    exported: str
    templates: list[dict[str, Any]]


@router.get("/prompts/export", response=Document, summary="Export templates")
async def prompts_export(request: HttpRequest, query: Query[ExportQuery]) -> dict[str, Any]:
    """All versions and labels, without shares and authors."""
    principal = request.principal  # type: ignore[attr-defined]
    try:
        ids = None if query.ids is None else [UUID(part) for part in query.ids.split(",")]
    except ValueError as error:
        raise BadRequest("`ids` holds ids with commas between them.", field="ids") from error
    return await in_thread(services.templates_export, principal=principal, ids=ids)


@router.post("/prompts/import", response=ImportReport, summary="Import templates")
async def prompts_import(request: HttpRequest, body: Conflicts) -> ImportReport:
    """Each template comes whole or not at all; the report says of each what became of it, and why."""
    principal = request.principal  # type: ignore[attr-defined]
    return await in_thread(services.templates_import, principal=principal, data=body)
