"""Whoever is not here: what runs for a person later has the rights that the person has then."""

from uuid import UUID

from backend.accounts import selectors
from backend.accounts.principal import Principal
from backend.core.errors import Forbidden


async def principal_of(user_id: UUID) -> Principal:
    """The person, as if signed in. Raises `Forbidden` for an account that is closed or gone."""
    person = await selectors.person(user_id)
    if person is None or not person.is_active:
        raise Forbidden("This account is closed.")
    return Principal(
        user_id=person.id,
        email=person.email,
        name=person.name,
        role=person.role,
        method="session",
        auth_version=person.auth_version,
        team_ids=person.team_ids,
    )
