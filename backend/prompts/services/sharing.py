"""Whom a template is shared with. Only its owner decides."""

from typing import Any
from uuid import UUID

from django.db import transaction

from backend.accounts.models import User
from backend.accounts.principal import Principal
from backend.core.errors import BadRequest, NotFound
from backend.core.problems import at
from backend.core.sentences import sentence, spoken
from backend.prompts.models import Share
from backend.prompts.schemas import ShareNew
from backend.prompts.services.place import locked


def share_add(*, principal: Principal, template: UUID, data: ShareNew) -> None:
    """Share, or change what a share allows. Raises `NotFound`, `Forbidden`, and `BadRequest` for who can't be found."""
    with transaction.atomic():
        row = locked(principal, template, "share")
        user = None if data.person is None else _person(data.person, row.owner_id)
        if data.team is not None and data.team not in principal.team_ids:
            raise BadRequest("You are in no such team.", field="team")
        side: dict[str, Any] = {"user_id": user, "team_id": data.team}
        Share.objects.update_or_create(template=row, **side, defaults={"access": data.access})


def share_remove(*, principal: Principal, template: UUID, share: UUID) -> None:
    """End a share. Raises `NotFound`, `Forbidden`."""
    with transaction.atomic():
        row = locked(principal, template, "share")
        removed, _ = Share.objects.filter(template=row, id=share).delete()
        if not removed:
            raise NotFound


def _person(address: str, owner: UUID) -> UUID:
    found = User.objects.filter(email=address.strip().lower(), is_active=True).values_list("id", flat=True).first()
    if found is None:
        nobody = sentence("nobody_here", "Nobody here has the address {address}.", address=address.strip()[:254])
        raise at("person", spoken(BadRequest, nobody))
    if found == owner:
        raise at("person", spoken(BadRequest, sentence("theirs_already", "The template is theirs already.")))
    return found
