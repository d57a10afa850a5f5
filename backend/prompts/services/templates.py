"""Templates themselves: make, rename, file, delete and restore."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils import timezone

from backend.accounts.permissions import Owned, require
from backend.accounts.principal import Principal
from backend.core.errors import BadRequest, Conflict
from backend.core.idempotency import run_once
from backend.core.problems import at
from backend.core.sentences import Sentence, sentence, spoken
from backend.prompts.models import Template
from backend.prompts.schemas import TemplateNew, TemplateUpdate
from backend.prompts.services.place import locked
from backend.prompts.services.writing import free_slug, search_update, slug_of, version_store


def template_create(
    *, principal: Principal, data: TemplateNew, key: str | None = None, fields: Mapping[str, Any] | None = None
) -> UUID:
    """A template with its first version; once for a `key`. Raises `Forbidden`, `Conflict`, `KeyReused`."""
    require(principal, "write", Owned("prompt", principal.user_id))
    if key is None:
        return _create(principal, data)
    reply, _ = run_once(
        user_id=principal.user_id, key=key, fields=fields or {}, work=lambda: {"id": str(_create(principal, data))}
    )
    return UUID(reply["id"])


def _create(principal: Principal, data: TemplateNew) -> UUID:
    row = Template(
        owner_id=principal.user_id,
        slug=data.slug or free_slug(slug_of(data.name)),
        name=data.name,
        description=data.description,
        folder=data.folder,
        tags=data.tags,
    )
    with transaction.atomic():
        with slug_taken(row.slug):
            row.save(force_insert=True)
        version = version_store(row, data, author=principal.user_id, note=data.note)
        search_update(row, version)
    return row.id


def template_update(*, principal: Principal, template: UUID, data: TemplateUpdate) -> None:
    """Change what `data` names; `deleted: false` restores. Raises `NotFound`, `Forbidden`, `Conflict`, `BadRequest`."""
    changed = {name: value for name, value in data.model_dump(exclude_unset=True).items() if name != "deleted"}
    for name, value in changed.items():
        if value is None:
            raise BadRequest(f"{name} can't be null.", field=name)
    restore = data.deleted is False
    with transaction.atomic():
        row = locked(principal, template, "delete" if restore else "write", deleted=restore)
        for name, value in changed.items():
            setattr(row, name, value)
        stored: dict[str, Any] = {**changed, "updated": timezone.now()}
        if restore:
            stored["deleted_at"] = None
        with slug_taken(row.slug):
            Template.objects.filter(id=row.id).update(**stored)
        search_update(row)


def template_delete(*, principal: Principal, template: UUID) -> None:
    """Hide a template and free its slug; it can be restored. Raises `NotFound`, `Forbidden`."""
    with transaction.atomic():
        row = locked(principal, template, "delete")
        Template.objects.filter(id=row.id).update(deleted_at=timezone.now())


def cannot_be_had(slug: str) -> Sentence:
    """Slugs are one space for the whole site; whose template has one, and whether it is there to see, is not said."""
    return sentence("slug_taken", "The slug {slug} can't be had. Choose another one.", slug=slug)


class slug_taken:  # noqa: N801 - reads as a statement
    """Around a write: a slug that another template has is a `Conflict`. Leaves a savepoint behind, not a broken one."""

    def __init__(self, slug: str) -> None:
        self._slug = slug
        self._point = transaction.atomic()

    def __enter__(self) -> None:
        self._point.__enter__()

    def __exit__(self, kind: Any, error: BaseException | None, trace: Any) -> None:
        self._point.__exit__(kind, error, trace)
        if isinstance(error, IntegrityError) and "prompts_template_slug" in str(error):
            raise at("slug", spoken(Conflict, cannot_be_had(self._slug))) from error
