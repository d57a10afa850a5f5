"""`/api/v1/prompts`: templates, their versions, labels and shares, and what they say when filled."""

from typing import Annotated, Any
from uuid import UUID

import orjson
from django.http import HttpRequest
from ninja import Header, Path, Query, Router, Status
from pydantic import Field

from backend.accounts.principal import Principal
from backend.core.db import in_thread
from backend.core.idempotency import MAX_KEY
from backend.prompts import selectors, services, use
from backend.prompts.defaults import model_check
from backend.prompts.diff import diff
from backend.prompts.rendering import fill
from backend.prompts.schemas import (
    Diff,
    DiffQuery,
    Facets,
    Label,
    LabelPut,
    Preview,
    PromptUse,
    RenderedOut,
    ShareNew,
    Shares,
    TemplateNew,
    TemplateOut,
    TemplatePage,
    TemplateQuery,
    TemplateUpdate,
    VersionNew,
    VersionOut,
    VersionPage,
    VersionQuery,
    Which,
)

router = Router(tags=["prompts"])

Key = Annotated[
    Annotated[str, Field(min_length=1, max_length=MAX_KEY, pattern=r"^[\x20-\x7e]+$")] | None,
    Header(alias="Idempotency-Key"),
]
Named = Annotated[Label, Path()]
Which_ = Annotated[int, Path(ge=1, le=2**31 - 1)]


@router.get("/prompts", response=TemplatePage, summary="List and search templates")
async def prompts_list(request: HttpRequest, query: Query[TemplateQuery]) -> TemplatePage:
    """The own templates and those that are shared, by name."""
    return await selectors.template_page(_caller(request), query)


@router.post("/prompts", response={201: TemplateOut}, summary="Make a template")
async def prompts_create(request: HttpRequest, body: TemplateNew, key: Key = None) -> Status[TemplateOut]:
    """The template and its first version. The same key again: the same template."""
    caller = _caller(request)
    fields: dict[str, Any] = orjson.loads(request.body)
    await model_check(caller, body.model)
    made = await in_thread(services.template_create, principal=caller, data=body, key=key, fields=fields)
    return Status(201, await selectors.template_get(caller, made))


@router.get("/prompts/facets", response=Facets, summary="Folders, tags and labels")
async def prompts_facets(request: HttpRequest) -> Facets:
    """What the visible templates can be narrowed by, and how many there are."""
    return await selectors.facets(_caller(request))


@router.post("/prompts/preview", response=RenderedOut, summary="Fill a version that is not stored")
async def prompts_preview(request: HttpRequest, body: Preview) -> RenderedOut:  # noqa: ARG001 - `Auth` has asked
    """What a version would say with these values; wrong ones are named `values.<name>`. Nothing is kept."""
    filled = fill(system=body.system, user=body.user, variables=body.variables, given=body.values, field="values")
    return RenderedOut(
        template=None,
        version=None,
        slug="",
        number=0,
        label=None,
        variables=filled.values,
        system=filled.system,
        user=filled.user,
        model=body.model,
        params=body.params,
    )


@router.get("/prompts/{uuid:template_id}", response=TemplateOut, summary="One template")
async def prompts_get(request: HttpRequest, template_id: UUID) -> TemplateOut:
    """With the version that a use takes which names none."""
    return await selectors.template_get(_caller(request), template_id)


@router.patch("/prompts/{uuid:template_id}", response=TemplateOut, summary="Change a template")
async def prompts_update(request: HttpRequest, template_id: UUID, body: TemplateUpdate) -> TemplateOut:
    """Rename, file, tag; `deleted: false` restores a deleted one. Texts change by a new version."""
    caller = _caller(request)
    await in_thread(services.template_update, principal=caller, template=template_id, data=body)
    return await selectors.template_get(caller, template_id)


@router.delete("/prompts/{uuid:template_id}", response={204: None}, summary="Delete a template")
async def prompts_delete(request: HttpRequest, template_id: UUID) -> Status[None]:
    """Hides it and frees its slug; it can be restored. Messages made with it keep what they say."""
    await in_thread(services.template_delete, principal=_caller(request), template=template_id)
    return Status(204, None)


@router.get("/prompts/{uuid:template_id}/versions", response=VersionPage, summary="Versions of a template")
async def prompt_versions_list(request: HttpRequest, template_id: UUID, query: Query[VersionQuery]) -> VersionPage:
    """Without their texts, the newest first."""
    return await selectors.version_page(_caller(request), template_id, query)


@router.post("/prompts/{uuid:template_id}/versions", response={201: VersionOut}, summary="Save a new version")
async def prompt_versions_create(request: HttpRequest, template_id: UUID, body: VersionNew) -> Status[VersionOut]:
    """With `base`, only where nobody saved another one meanwhile."""
    caller = _caller(request)
    await model_check(caller, body.model, template=template_id)
    number = await in_thread(services.version_create, principal=caller, template=template_id, data=body)
    return Status(201, await selectors.version_get(caller, template_id, number))


@router.get("/prompts/{uuid:template_id}/versions/{int:number}", response=VersionOut, summary="One version")
async def prompt_versions_get(request: HttpRequest, template_id: UUID, number: Which_) -> VersionOut:
    """With its texts and variables."""
    return await selectors.version_get(_caller(request), template_id, number)


@router.get("/prompts/{uuid:template_id}/diff", response=Diff, summary="What changed between two versions")
async def prompts_diff(request: HttpRequest, template_id: UUID, query: Query[DiffQuery]) -> Diff:
    """Line by line, with the words that changed. Without numbers: the newest version and the one before.

    `context` unchanged lines are told round each change.
    """
    caller = _caller(request)
    newest: int = (await selectors.visible(caller, template_id))["newest"]
    new = query.new or newest
    old = query.old or max(1, new - 1)
    return await in_thread(
        diff,
        await selectors.version_get(caller, template_id, old),
        await selectors.version_get(caller, template_id, new),
        context=query.context,
    )


@router.put("/prompts/{uuid:template_id}/labels/{label}", response=TemplateOut, summary="Put a label on a version")
async def prompt_labels_put(request: HttpRequest, template_id: UUID, label: Named, body: LabelPut) -> TemplateOut:
    """Releases a version, or goes back to one: whoever asks by the label gets it from now on."""
    caller = _caller(request)
    await in_thread(services.label_set, principal=caller, template=template_id, label=label, number=body.version)
    return await selectors.template_get(caller, template_id)


@router.delete("/prompts/{uuid:template_id}/labels/{label}", response={204: None}, summary="Take a label away")
async def prompt_labels_delete(request: HttpRequest, template_id: UUID, label: Named) -> Status[None]:
    """The versions stay."""
    await in_thread(services.label_remove, principal=_caller(request), template=template_id, label=label)
    return Status(204, None)


@router.get("/prompts/{uuid:template_id}/shares", response=Shares, summary="Whom a template is shared with")
async def prompt_shares_list(request: HttpRequest, template_id: UUID) -> Shares:
    """For its owner."""
    return await selectors.shares(_caller(request), template_id)


@router.post("/prompts/{uuid:template_id}/shares", response=Shares, summary="Share a template")
async def prompt_shares_create(request: HttpRequest, template_id: UUID, body: ShareNew) -> Shares:
    """With a person, one of the own teams, or everybody; again, to change what they may do."""
    caller = _caller(request)
    await in_thread(services.share_add, principal=caller, template=template_id, data=body)
    return await selectors.shares(caller, template_id)


@router.delete("/prompts/{uuid:template_id}/shares/{uuid:share_id}", response={204: None}, summary="End a share")
async def prompt_shares_delete(request: HttpRequest, template_id: UUID, share_id: UUID) -> Status[None]:
    """They don't see the template any more."""
    await in_thread(services.share_remove, principal=_caller(request), template=template_id, share=share_id)
    return Status(204, None)


@router.post("/prompts/{uuid:template_id}/render", response=RenderedOut, summary="Fill a template")
async def prompts_render(request: HttpRequest, template_id: UUID, body: Which) -> RenderedOut:
    """What a message with it would say. What is wrong with a value is named `variables.<name>`."""
    wanted = PromptUse(id=template_id, **body.model_dump())
    found = await use.render(_caller(request), wanted, verb="read", field="")
    return RenderedOut.model_validate(
        {
            "template": found.template_id,
            "version": found.version_id,
            "slug": found.slug,
            "number": found.number,
            "label": found.label,
            "variables": found.variables,
            "system": found.system,
            "user": found.user,
            "model": found.model,
            "params": found.params,
        }
    )


def _caller(request: HttpRequest) -> Principal:
    principal: Principal = request.principal  # type: ignore[attr-defined]
    return principal
