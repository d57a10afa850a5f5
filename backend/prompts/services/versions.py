"""New versions. What is stored never changes: going back is a label, or a new version with old texts."""

from uuid import UUID

from django.db import transaction

from backend.accounts.principal import Principal
from backend.core.errors import Conflict
from backend.core.problems import at
from backend.core.sentences import sentence, spoken
from backend.prompts.schemas import VersionNew
from backend.prompts.services.place import locked
from backend.prompts.services.writing import search_update, version_store


def version_create(*, principal: Principal, template: UUID, data: VersionNew) -> int:
    """Store the next version; its number. Raises `NotFound`, `Forbidden`, and `Conflict` where `base` is not the
    newest any more."""
    with transaction.atomic():
        row = locked(principal, template, "write")
        if data.base is not None and data.base != row.newest:
            said = "Version {newest} was saved meanwhile; this was made from version {base}."
            told = sentence("version_meanwhile", said, newest=str(row.newest), base=str(data.base))
            raise at("base", spoken(Conflict, told))
        version = version_store(row, data, author=principal.user_id, note=data.note)
        search_update(row, version)
    return version.number
