"""People: made, changed, disabled; and the version that makes their open sockets ask again."""

from typing import Any
from uuid import UUID

from allauth.account.models import EmailAddress
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import connection, transaction
from django.db.models import F

from backend.accounts.models import Role, User
from backend.accounts.services import sessions
from backend.core.errors import BadRequest, Conflict

_FIRST_PERSON_LOCK = 0x52495655


def auth_version_bump(*, user_id: UUID) -> None:
    """Raise a person's version, for everything that changes what they may do. Nodes look once a second."""
    User.objects.filter(pk=user_id).update(auth_version=F("auth_version") + 1)


def user_create(
    *, email: str, password: str | None, name: str = "", role: str = Role.MEMBER, verified: bool = False
) -> User:
    """Make a person with a primary address. Raises `BadRequest` naming the field, or `Conflict`."""
    address = email.strip().lower()
    try:
        validate_email(address)
    except ValidationError as error:
        raise BadRequest("This is not an e-mail address.", field="email") from error
    if role not in Role.values:
        raise BadRequest(f"The role must be one of {', '.join(Role.values)}.", field="role")
    if password is not None:
        try:
            validate_password(password, User(email=address, name=name))
        except ValidationError as error:
            raise BadRequest(" ".join(error.messages), field="password") from error
    with transaction.atomic():
        _one_at_a_time()
        if User.objects.filter(email=address).exists():
            raise Conflict("There is a person with this e-mail address already.")
        user = User.objects.create_user(address, password, name=name, role=role)
        EmailAddress.objects.create(user=user, email=address, primary=True, verified=verified)
    return user


def role_for_new_person() -> Role:
    """Administrator for the first person of an empty site, member for all others.

    Call it in the transaction that makes the person: a lock held to its end lets only one be the first.
    """
    _one_at_a_time()
    return Role.MEMBER if User.objects.exists() else Role.ADMIN


def user_update(*, user_id: UUID, changes: dict[str, Any]) -> User:
    """Change `name` and `preferences`; given preferences are merged, a null removes one."""
    with transaction.atomic():
        user = User.objects.select_for_update().get(pk=user_id)
        if "name" in changes:
            user.name = changes["name"]
        if "preferences" in changes:
            merged = {**user.preferences, **changes["preferences"]}
            user.preferences = {key: value for key, value in merged.items() if value is not None}
        user.save(update_fields=["name", "preferences", "updated"])
    return user


def user_role_set(*, user: User, role: Role) -> None:
    """Give a role; open sockets are authorised again within two seconds."""
    with transaction.atomic():
        user.role = role
        user.save(update_fields=["role", "updated"])
        auth_version_bump(user_id=user.pk)


def user_disable(*, user: User) -> None:
    """Close an account: sessions and tokens end now, keys stop with the account."""
    with transaction.atomic():
        user.is_active = False
        user.save(update_fields=["is_active", "updated"])
        sessions.end_all(user_id=user.pk, reason="disabled")
        auth_version_bump(user_id=user.pk)


def user_enable(*, user: User) -> None:
    """Open a closed account again."""
    with transaction.atomic():
        user.is_active = True
        user.save(update_fields=["is_active", "updated"])
        auth_version_bump(user_id=user.pk)


def _one_at_a_time() -> None:
    with connection.cursor() as cursor:
        cursor.execute("select pg_advisory_xact_lock(%s)", [_FIRST_PERSON_LOCK])
