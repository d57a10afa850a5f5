"""Sessions of people who come back go on: one that is half over begins anew when its browser loads the page."""

import time
from datetime import UTC, datetime, timedelta

from django.conf import settings
from django.http import HttpResponse

from backend.accounts import selectors
from backend.accounts.principal import Principal


async def prolong(principal: Principal, response: HttpResponse) -> None:
    """Move the end of a session whose life is half over, in the database and in the browser's cookie."""
    age: int = settings.SESSION_COOKIE_AGE
    if principal.method != "session" or principal.session_id is None or principal.expires_at is None:
        return
    if principal.expires_at - time.time() > age / 2:
        return
    end = datetime.now(UTC) + timedelta(seconds=age)
    if not await selectors.session_prolong(session_key=principal.session_id, end=end):
        return
    response.set_cookie(
        settings.SESSION_COOKIE_NAME,
        principal.session_id,
        max_age=age,
        path=settings.SESSION_COOKIE_PATH,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )
