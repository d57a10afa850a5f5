"""Templates as a JSON document: out, and in again here or at another site. A template comes whole or not at all."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from pydantic import Field, ValidationError, model_validator

from backend.accounts.permissions import Owned, may, require
from backend.accounts.principal import Principal
from backend.core.errors import AppError, BadRequest
from backend.core.schemas import Strict, Text
from backend.core.sentences import spoken
from backend.prompts.models import Label, Template, TemplateVersion
from backend.prompts.schemas import (
    MAX_TEMPLATES_IN_IMPORT,
    MAX_VERSIONS_IN_IMPORT,
    Conflicts,
    Content,
    Description,
    Folder,
    Imported,
    ImportReport,
    Number,
    Skipped,
    Slug,
    Tags,
    TemplateName,
)
from backend.prompts.schemas import Label as LabelName
from backend.prompts.services.place import owned
from backend.prompts.services.templates import cannot_be_had, slug_taken
from backend.prompts.services.writing import free_slug, search_update, version_store

FORMAT = "rivulet.prompts"
FORMAT_VERSION = 1
SAME = "Its newest version is here already."


class VersionIn(Content):
    """A version in a document."""

    number: Number
    note: Annotated[Text, Field(max_length=500)] = ""
    created: datetime | None = None


class TemplateIn(Strict):
    """A template in a document. Versions keep their order; numbers begin with 1 here, whatever they were there."""

    slug: Slug
    name: TemplateName
    description: Description = ""
    folder: Folder = ""
    tags: Tags = Field(default_factory=list)
    labels: dict[LabelName, Number] = Field(default_factory=dict)
    versions: Annotated[list[VersionIn], Field(min_length=1, max_length=MAX_VERSIONS_IN_IMPORT)]

    @model_validator(mode="after")
    def _whole(self) -> "TemplateIn":
        numbers = [version.number for version in self.versions]
        if len(set(numbers)) != len(numbers):
            raise ValueError("a version's number is there twice")
        for label, number in self.labels.items():
            if number not in numbers:
                raise ValueError(f"the label {label} is on version {number}, which is not in the document")
        self.versions.sort(key=lambda version: version.number)
        return self


def templates_export(*, principal: Principal, ids: Sequence[UUID] | None = None) -> dict[str, Any]:
    """The document of the templates that the caller may read: those of `ids`, else the own ones."""
    require(principal, "read", Owned("prompt", principal.user_id))
    rows = Template.objects.filter(deleted_at=None).prefetch_related("versions", "labels__version").order_by("slug")
    rows = rows.filter(owner_id=principal.user_id) if ids is None else rows.filter(id__in=ids)
    found = [row for row in rows if may(principal, "read", owned(row))]
    return {
        "format": FORMAT,
        "version": FORMAT_VERSION,
        "exported": timezone.now().isoformat(timespec="seconds"),
        "templates": [_exported(row) for row in found],
    }


def _exported(row: Template) -> dict[str, Any]:
    versions = sorted(row.versions.all(), key=lambda version: version.number)
    return {
        "slug": row.slug,
        "name": row.name,
        "description": row.description,
        "folder": row.folder,
        "tags": row.tags,
        "labels": {label.name: label.version.number for label in row.labels.all()},
        "versions": [_exported_version(version) for version in versions],
    }


def _exported_version(version: TemplateVersion) -> dict[str, Any]:
    return {
        "number": version.number,
        "system": version.system,
        "user": version.user,
        "variables": version.variables,
        "model": version.model,
        "params": version.params,
        "note": version.note,
        "created": version.created.isoformat(),
    }


def templates_import(*, principal: Principal, data: Conflicts) -> ImportReport:
    """Store what can be, each template whole, and say of each other one why not. Raises `BadRequest`, `Forbidden`."""
    require(principal, "write", Owned("prompt", principal.user_id))
    entries = _entries(data.document)
    report = ImportReport(imported=[], skipped=[], dry_run=data.dry_run)
    with transaction.atomic():
        for index, entry in enumerate(entries):
            slug = str(entry.get("slug", ""))[:80] if isinstance(entry, dict) else ""
            try:
                with transaction.atomic():
                    done = _import(principal, TemplateIn.model_validate(entry), data.on_conflict)
            except ValidationError as error:
                report.skipped.append(Skipped(index=index, slug=slug, reason=_reason(error)))
            except AppError as error:
                report.skipped.append(Skipped(index=index, slug=slug, reason=error.message))
            else:
                report.imported.append(Imported(index=index, **done))
        if data.dry_run:
            transaction.set_rollback(True)
    if data.dry_run:
        for each in report.imported:
            each.id = None if each.change != "version" else each.id
    return report


def _entries(document: dict[str, Any]) -> list[Any]:
    if document.get("format") != FORMAT:
        raise BadRequest(f"This is no document of templates: `format` is not {FORMAT!r}.", field="document.format")
    if document.get("version") != FORMAT_VERSION:
        raise BadRequest(f"Only version {FORMAT_VERSION} of the format can be read.", field="document.version")
    entries = document.get("templates")
    if not isinstance(entries, list):
        raise BadRequest("`templates` is not a list.", field="document.templates")
    if len(entries) > MAX_TEMPLATES_IN_IMPORT:
        raise BadRequest(f"At most {MAX_TEMPLATES_IN_IMPORT:,} templates at once.", field="document.templates")
    return entries


def _import(
    principal: Principal, entry: TemplateIn, on_conflict: Literal["skip", "rename", "version"]
) -> dict[str, Any]:
    taken = Template.objects.select_for_update().filter(slug=entry.slug, deleted_at=None).first()
    if taken is None:
        return {"slug": entry.slug, "id": _make(principal, entry, entry.slug).id, "change": "made"}
    if on_conflict == "rename":
        made = _make(principal, entry, free_slug(entry.slug))
        return {"slug": made.slug, "id": made.id, "change": "renamed"}
    if not may(principal, "read", owned(taken)):
        raise spoken(BadRequest, cannot_be_had(entry.slug))
    if on_conflict == "skip":
        raise BadRequest(f"The slug {entry.slug} is taken.")
    if not may(principal, "write", owned(taken)):
        raise BadRequest(f"The slug {entry.slug} is taken by a template that you can't change.")
    newest, held = entry.versions[-1], TemplateVersion.objects.get(template=taken, number=taken.newest)
    if _same(newest, held):
        raise BadRequest(SAME)
    search_update(taken, version_store(taken, newest, author=principal.user_id, note=newest.note))
    return {"slug": taken.slug, "id": taken.id, "change": "version"}


def _make(principal: Principal, entry: TemplateIn, slug: str) -> Template:
    row = Template(
        owner_id=principal.user_id,
        slug=slug,
        name=entry.name,
        description=entry.description,
        folder=entry.folder,
        tags=entry.tags,
    )
    with slug_taken(slug):
        row.save(force_insert=True)
    made = {
        version.number: version_store(
            row, version, author=principal.user_id, note=version.note, created=version.created
        )
        for version in entry.versions
    }
    search_update(row, made[entry.versions[-1].number])
    Label.objects.bulk_create(
        Label(template=row, name=name, version=made[number]) for name, number in entry.labels.items()
    )
    return row


def _same(new: Content, held: TemplateVersion) -> bool:
    old = Content.model_validate(
        {name: getattr(held, name) for name in ("system", "user", "variables", "model", "params")}
    )
    return old == Content.model_validate(new.model_dump(include=set(Content.model_fields)))


def _reason(error: ValidationError) -> str:
    first = error.errors(include_url=False, include_input=False, include_context=False)[0]
    place = ".".join(str(step) for step in first["loc"])
    message = first["msg"].removeprefix("Value error, ")
    return f"{place}: {message}" if place else message
