"""How allauth's headless API works on our rows: who becomes what, which address counts, which tokens apps get."""

from typing import Any, cast
from uuid import UUID

from allauth.account.adapter import DefaultAccountAdapter
from allauth.headless.adapter import DefaultHeadlessAdapter
from allauth.headless.tokens.strategies.sessions import SessionTokenStrategy
from allauth.usersessions.adapter import DefaultUserSessionsAdapter
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser
from django.db import transaction
from django.http import HttpRequest

from backend.accounts import jwt
from backend.accounts.models import TokenFamily, User
from backend.accounts.refusals import note_refusal
from backend.accounts.services import people, sessions, tokens
from backend.core.asgi import state
from backend.core.errors import Unauthenticated


class AccountAdapter(DefaultAccountAdapter):
    """The first person to sign up on an empty site becomes its administrator; after that, everyone is a member."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:  # noqa: ARG002
        """Whether people may sign up by themselves; the first one always may."""
        return settings.RIVULET.signup == "open" or not User.objects.exists()

    def save_user(
        self, request: HttpRequest, user: AbstractBaseUser, form: Any, commit: bool = True
    ) -> AbstractBaseUser:
        """Store a new person with its role, in one transaction that lets only one be the first."""
        with transaction.atomic():
            cast("User", user).role = people.role_for_new_person()
            return super().save_user(request, user, form, commit=commit)

    def get_client_ip(self, request: HttpRequest) -> str:
        """The address that the edge found behind trusted proxies."""
        return str(request.META.get("REMOTE_ADDR") or "127.0.0.1")


class HeadlessAdapter(DefaultHeadlessAdapter):
    """What the session's answer tells of a person."""

    def serialize_user(self, user: AbstractBaseUser) -> dict[str, Any]:
        """allauth's fields and ours."""
        found: dict[str, Any] = super().serialize_user(user)
        person = cast("User", user)
        return {**found, "name": person.name, "role": person.role}


class UserSessionsAdapter(DefaultUserSessionsAdapter):
    """Ending a session ends its tokens, and its sockets within two seconds."""

    def end_sessions(self, ended: list[UserSession]) -> None:
        """End sessions of one person."""
        by_user: dict[UUID, list[str]] = {}
        for session in ended:
            by_user.setdefault(session.user_id, []).append(session.session_key)
        with transaction.atomic():
            super().end_sessions(ended)
            for user_id, keys in by_user.items():
                sessions.families_revoke(user_id=user_id, session_keys=keys, reason="logout")
                people.auth_version_bump(user_id=user_id)


class TokenStrategy(SessionTokenStrategy):
    """Pairs of an access and a refresh token for apps, beside allauth's own session token."""

    def get_session_token(self, request: HttpRequest) -> str | None:
        """The session token, or the session that an access token grew from."""
        given: str | None = super().get_session_token(request)
        scheme, _, value = request.headers.get("Authorization", "").partition(" ")
        if given or scheme.lower() != "bearer":
            return given
        try:
            access = jwt.verify(value.strip())
        except Unauthenticated as error:
            noted = state(request.scope)  # type: ignore[attr-defined]  # allauth asks several times
            if not noted.get("refusal"):
                noted["refusal"] = True
                note_refusal(error, kind="access", value=value.strip())
            return None
        family = TokenFamily.objects.filter(pk=access.family_id, user_id=access.user_id, revoked__isnull=True).first()
        return family.session_key if family else None

    def create_access_token_payload(self, request: HttpRequest) -> dict[str, Any] | None:
        """The pair that a sign-in earns."""
        if not request.session.session_key:
            request.session.save()
        family_id, pair = tokens.family_start(
            user_id=cast("User", request.user).pk, session_key=str(request.session.session_key)
        )
        request.session[sessions.FAMILY_OF_SESSION] = str(family_id)
        return {"access_token": pair.access_token, "refresh_token": pair.refresh_token, "expires_in": pair.expires_in}

    def refresh_token(self, refresh_token: str) -> tuple[str, str] | None:
        """The next pair, or None when the token is no good."""
        try:
            pair = tokens.refresh(refresh_token=refresh_token)
        except Unauthenticated as error:
            note_refusal(error, kind="refresh")
            return None
        return pair.access_token, pair.refresh_token
