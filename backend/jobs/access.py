"""Whose a job is: its maker's, but for maintenance, which is the administrators'."""

from uuid import UUID

from backend.accounts.permissions import Owned, Site

MAINTENANCE = "maintenance"


def thing_of(*, kind: str, owner: UUID) -> Owned | Site:
    """What to ask permissions of."""
    return Site("settings") if kind == MAINTENANCE else Owned("job", owner)
