"""Labels: what is released, what is a draft."""

from uuid import UUID

from django.db import transaction
from django.utils import timezone

from backend.accounts.principal import Principal
from backend.core.errors import BadRequest, NotFound
from backend.core.problems import at
from backend.core.sentences import sentence, spoken
from backend.prompts.models import Label, Template
from backend.prompts.schemas import NEWEST
from backend.prompts.services.place import locked, version_of


def label_set(*, principal: Principal, template: UUID, label: str, number: int) -> None:
    """Point a label at a version: release, or roll back. Raises `NotFound`, `Forbidden`, `BadRequest`."""
    if label == NEWEST:
        newest = sentence("label_newest", "“{label}” is always the newest version.", label=NEWEST)
        raise at("label", spoken(BadRequest, newest))
    with transaction.atomic():
        row = locked(principal, template, "write")
        Label.objects.update_or_create(template=row, name=label, defaults={"version": version_of(row, number)})
        Template.objects.filter(id=row.id).update(updated=timezone.now())


def label_remove(*, principal: Principal, template: UUID, label: str) -> None:
    """Take a label away. Raises `NotFound`, `Forbidden`."""
    with transaction.atomic():
        row = locked(principal, template, "write")
        removed, _ = Label.objects.filter(template=row, name=label).delete()
        if not removed:
            raise NotFound(f"This template has no label {label}.")
        Template.objects.filter(id=row.id).update(updated=timezone.now())
