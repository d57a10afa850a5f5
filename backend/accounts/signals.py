"""What follows a logout or a new password, whoever caused it: tokens end, and open sockets ask again."""

from typing import Any

from allauth.account.signals import password_changed, password_reset, password_set
from django.contrib.auth.signals import user_logged_out
from django.db import transaction
from django.http import HttpRequest

from backend.accounts.models import TokenFamily, User
from backend.accounts.services import people, sessions


def on_logged_out(*, request: HttpRequest, user: User | None, **_: Any) -> None:
    """End the tokens of the session that was left."""
    if user is None:
        return
    with transaction.atomic():
        sessions.families_revoke(user_id=user.pk, session_keys=[request.session.session_key or ""], reason="logout")
        people.auth_version_bump(user_id=user.pk)


def on_password(*, request: HttpRequest, user: User, **_: Any) -> None:
    """End all other sign-ins; the one that changed the password stays, under its new session key."""
    current = request.session.session_key if request.user.is_authenticated else None
    family = request.session.get(sessions.FAMILY_OF_SESSION) if current else None
    with transaction.atomic():
        if family:
            TokenFamily.objects.filter(pk=family, user_id=user.pk).update(session_key=current)
        sessions.end_all(user_id=user.pk, reason="password", keep=current)
        people.auth_version_bump(user_id=user.pk)


def connect() -> None:
    """Listen. Called once, when the application starts."""
    user_logged_out.connect(on_logged_out, dispatch_uid="rivulet-logged-out")
    for signal in (password_changed, password_set, password_reset):
        signal.connect(on_password, dispatch_uid="rivulet-password")
