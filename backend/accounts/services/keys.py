"""API keys: made, listed, revoked. The key itself is returned once and never stored."""

from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from backend.accounts import secrets
from backend.accounts.models import ApiKey
from backend.accounts.permissions import SCOPES
from backend.accounts.services.people import auth_version_bump
from backend.core.errors import BadRequest, Conflict, NotFound

MAX_KEYS = 100


def key_create(
    *,
    user_id: UUID,
    name: str = "",
    scopes: list[str] | None = None,
    expires: datetime | None = None,
    store_default: bool = False,
) -> tuple[ApiKey, str]:
    """Make a key: the row and the key to show once. `scopes` None is all that its owner may do."""
    if scopes is not None:
        unknown = sorted(set(scopes) - SCOPES)
        if unknown or not scopes:
            raise BadRequest(f"Scopes are {', '.join(sorted(SCOPES))}.", field="scopes")
    if expires is not None and expires <= timezone.now():
        raise BadRequest("The expiry must lie in the future.", field="expires")
    if ApiKey.objects.filter(user_id=user_id, revoked__isnull=True).count() >= MAX_KEYS:
        raise Conflict(f"There are {MAX_KEYS} keys already. Delete one first.")
    value = secrets.new_secret("rvk_")
    row = ApiKey.objects.create(
        user_id=user_id,
        name=name,
        prefix=value[: secrets.PREFIX_SHOWN],
        hash=secrets.hashed(value),
        scopes=sorted(set(scopes)) if scopes is not None else None,
        expires=expires,
        store_default=store_default,
    )
    return row, value


def key_revoke(*, user_id: UUID, key_id: UUID) -> None:
    """Revoke a person's key; sockets that use it close within two seconds. Raises `NotFound` for another's, too."""
    with transaction.atomic():
        if not ApiKey.objects.filter(pk=key_id, user_id=user_id, revoked__isnull=True).update(revoked=timezone.now()):
            raise NotFound("There is no such key.")
        auth_version_bump(user_id=user_id)
