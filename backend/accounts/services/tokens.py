"""Token pairs of apps: a family for each sign-in, a refresh token for each exchange, theft noticed by reuse.

A refresh token is exchanged once. Its successor is computed from it, so that within 30 s the same exchange, its reply
lost on the way, gives the same successor. Later, or when the successor was exchanged itself, it is reuse: the family
is revoked, for whoever holds the other copy may be a thief.
"""

from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from backend.accounts import jwt, secrets
from backend.accounts.models import RefreshToken, TokenFamily
from backend.accounts.refusals import Refused
from backend.accounts.services.people import auth_version_bump
from backend.core.errors import Unauthenticated

LIFE = timedelta(days=30)
"""An unused refresh token lasts so long, and each exchange starts it anew."""
FAMILY_LIFE = timedelta(days=180)
GRACE = timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class Pair:
    """What an app gets. `expires_in`: seconds that the access token lasts."""

    access_token: str
    refresh_token: str
    expires_in: int = field(default_factory=lambda: int(settings.RIVULET.access_token_seconds))


def family_start(*, user_id: UUID, session_key: str) -> tuple[UUID, Pair]:
    """The family's id and the first pair of a sign-in."""
    now = timezone.now()
    with transaction.atomic():
        family = TokenFamily.objects.create(user_id=user_id, session_key=session_key, expires=now + FAMILY_LIFE)
        token = secrets.new_secret("rvr_")
        RefreshToken.objects.create(family=family, hash=secrets.hashed(token), expires=now + LIFE)
    return family.pk, Pair(jwt.issue(user_id=user_id, family_id=family.pk), token)


def refresh(*, refresh_token: str) -> Pair:
    """Exchange a refresh token. Raises `Unauthenticated`: `malformed`, `expired` or `revoked`."""
    if not secrets.well_formed("rvr_", refresh_token):
        raise Unauthenticated("The refresh token is not valid.", reason="malformed")
    family_id, user_id, reason = _exchange(refresh_token)
    if reason is not None:
        sentence = "The refresh token is over or was revoked. Sign in again."
        raise Refused(sentence, reason=reason, credential_id=family_id, person=user_id)
    return Pair(jwt.issue(user_id=user_id, family_id=family_id), secrets.successor(refresh_token))


def _exchange(refresh_token: str) -> tuple[UUID, UUID, str | None]:
    now = timezone.now()
    with transaction.atomic():
        token = RefreshToken.objects.select_related("family__user").filter(hash=secrets.hashed(refresh_token)).first()
        if token is None:
            raise Unauthenticated("The refresh token was never made here.", reason="revoked")
        family = TokenFamily.objects.select_for_update().get(pk=token.family_id)
        token.refresh_from_db()
        names = (family.pk, family.user_id)
        if family.revoked is not None or not token.family.user.is_active:
            return *names, "revoked"
        if token.used is None and min(token.expires, family.expires) <= now:
            return *names, "expired"
        follower = secrets.hashed(secrets.successor(refresh_token))
        if token.used is None:
            token.used = now
            token.save(update_fields=["used", "updated"])
            RefreshToken.objects.create(family=family, hash=follower, expires=min(now + LIFE, family.expires))
            return *names, None
        unused = RefreshToken.objects.filter(hash=follower, used__isnull=True).exists()
        if now - token.used <= GRACE and unused:
            return *names, None
        family.revoked, family.reason = now, "reuse"
        family.save(update_fields=["revoked", "reason", "updated"])
        auth_version_bump(user_id=family.user_id)
        return *names, "revoked"
