"""Tickets: a single-use pass of 30 s for a browser of another origin, which can send no header with its handshake."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from django.utils import timezone

from backend.accounts import secrets
from backend.accounts.models import Ticket
from backend.accounts.principal import Principal
from backend.core.errors import Forbidden

LIFE_S = 30


def ticket_create(*, principal: Principal) -> str:
    """A ticket that stands for the caller's own credential, with its scopes and its end."""
    now = timezone.now()
    if principal.key_id is None and principal.session_id is None:
        raise Forbidden
    is_session = principal.method == "session"
    value = secrets.new_secret("rvt_")
    Ticket.objects.filter(expires__lt=now - timedelta(minutes=5)).delete()
    Ticket.objects.create(
        user_id=principal.user_id,
        hash=secrets.hashed(value),
        session_key=(principal.session_id or "") if is_session else "",
        family_id=UUID(principal.session_id) if principal.session_id and not is_session else None,
        key_id=principal.key_id,
        credential_expires=datetime.fromtimestamp(principal.expires_at, UTC) if principal.expires_at else None,
        expires=now + timedelta(seconds=LIFE_S),
    )
    return value
