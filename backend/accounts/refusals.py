"""The security log: each credential that is refused, by what is known of it, and never the credential itself.

One event a refusal, `credential.refused`, with `reason` (as the caller is told), `cause` (what exactly was wrong),
`kind`, `credential_id` and `person` where known, and from the request its id and the caller's address. An access token
that has merely run out is no cause for alarm, so it is logged at a lower level.
"""

import re
from typing import Any, Literal

import jwt
import structlog

from backend.core.errors import Unauthenticated

Kind = Literal["access", "refresh", "key", "ticket"]
_log = structlog.get_logger("rivulet.security")
_PLAIN = re.compile(r"[^A-Za-z0-9:._-]")
_MOST = 64


class Refused(Unauthenticated):
    """A refusal of a credential that is known, or that names itself: `credential_id` and `person` are for the log."""

    def __init__(self, message: str, *, reason: str, credential_id: object = "", person: object = "") -> None:
        self.credential_id = str(credential_id)
        self.person = str(person)
        super().__init__(message, reason=reason)


def note_refusal(error: Unauthenticated, *, kind: Kind, value: str = "") -> None:
    """Write one event. `value` is the credential: of an access token, what it claims of itself is looked at."""
    known: dict[str, str] = {}
    if kind == "access":
        known = _claimed(value)
    if isinstance(error, Refused):
        given = {"credential_id": error.credential_id, "person": error.person}
        known |= {name: value for name, value in given.items() if value}
    cause = error.__cause__
    log = _log.info if error.reason == "expired" else _log.warning
    log(
        "credential.refused",
        reason=error.reason,
        cause=type(cause).__name__ if cause is not None else error.message,
        kind=kind,
        **known,
    )


def _claimed(token: str) -> dict[str, str]:
    """Algorithm and ids by which an access token calls itself, whoever made it; cut short and without odd signs."""
    found: dict[str, Any] = {}
    try:
        found["algorithm"] = jwt.get_unverified_header(token).get("alg")
        claims = jwt.decode(token, options={"verify_signature": False})
        found |= {"credential_id": claims.get("jti"), "family": claims.get("sid"), "person": claims.get("sub")}
    except (jwt.PyJWTError, ValueError, TypeError, AttributeError):
        pass
    return {name: _PLAIN.sub("?", str(value))[:_MOST] for name, value in found.items() if value}
