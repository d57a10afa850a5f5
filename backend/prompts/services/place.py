"""The template that a write is about: locked, and asked of the permission function."""

from uuid import UUID

from backend.accounts.permissions import Owned, Verb, require
from backend.accounts.principal import Principal
from backend.core.errors import NotFound
from backend.prompts.grants import thing
from backend.prompts.models import Share, Template, TemplateVersion


def locked(principal: Principal, template: UUID, verb: Verb, *, deleted: bool = False) -> Template:
    """The row, locked; a deleted one only where that is asked for. Raises `NotFound`, `Forbidden`."""
    rows = Template.objects.select_for_update().filter(id=template)
    row = (rows if deleted else rows.filter(deleted_at=None)).first()
    if row is None:
        raise NotFound
    require(principal, verb, owned(row))
    return row


def owned(row: Template) -> Owned:
    """The template as the permission function sees it."""
    return thing(row.owner_id, Share.objects.filter(template=row).values_list("user_id", "team_id", "access"))


def version_of(row: Template, number: int) -> TemplateVersion:
    """One of its versions. Raises `NotFound`."""
    found = TemplateVersion.objects.filter(template=row, number=number).first()
    if found is None:
        raise NotFound(f"There is no version {number} of this template.", field="version")
    return found
