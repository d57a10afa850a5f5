"""Sign-ins of browsers and apps: listed, and ended one by one or all at once, with the tokens that grew from them."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from allauth.usersessions.models import UserSession
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from backend.accounts.models import TokenFamily, User
from backend.core.errors import NotFound

FAMILY_OF_SESSION = "rivulet_token_family"
"""Where an app's session keeps the id of its token family: the session's own key changes with the password."""


@dataclass(frozen=True, slots=True)
class SessionEntry:
    """One sign-in, as its owner sees it."""

    id: int
    user_agent: str
    ip: str
    created: datetime
    last_seen: datetime
    current: bool


def session_list(*, user_id: UUID, session_key: str | None, family_id: UUID | None) -> list[SessionEntry]:
    """A person's live sign-ins, the newest first. The caller's own is marked by its session or token family."""
    user = User.objects.get(pk=user_id)
    live = UserSession.objects.purge_and_list(user)
    if family_id is not None:
        session_key = TokenFamily.objects.filter(pk=family_id).values_list("session_key", flat=True).first()
    entries = [
        SessionEntry(
            id=session.pk,
            user_agent=session.user_agent,
            ip=session.ip,
            created=session.created_at,
            last_seen=session.last_seen_at,
            current=bool(session_key) and session.session_key == session_key,
        )
        for session in live
    ]
    return sorted(entries, key=lambda entry: entry.created, reverse=True)


def session_end(*, user_id: UUID, session_id: int) -> None:
    """End one of a person's sign-ins. Raises `NotFound` for another's, too."""
    with transaction.atomic():
        session = UserSession.objects.filter(pk=session_id, user_id=user_id).first()
        if session is None:
            raise NotFound("There is no such session.")
        key = session.session_key
        session.end()
        families_revoke(user_id=user_id, session_keys=[key], reason="logout")
        _bump(user_id)


def end_all(*, user_id: UUID, reason: str, keep: str | None = None) -> None:
    """End all sign-ins of a person, but for the session `keep`."""
    ended = UserSession.objects.filter(user_id=user_id).exclude(session_key=keep or "")
    for session in ended:
        session.end()
    families = TokenFamily.objects.filter(user_id=user_id, revoked__isnull=True)
    if keep:
        families = families.exclude(session_key=keep)
    families.update(revoked=timezone.now(), reason=reason)


def families_revoke(*, user_id: UUID, session_keys: list[str], reason: str) -> None:
    """Revoke the token families of sign-ins that ended."""
    keys = [key for key in session_keys if key]
    TokenFamily.objects.filter(user_id=user_id, session_key__in=keys, revoked__isnull=True).update(
        revoked=timezone.now(), reason=reason
    )


def _bump(user_id: UUID) -> None:
    User.objects.filter(pk=user_id).update(auth_version=F("auth_version") + 1)
