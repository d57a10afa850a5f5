"""Forms of the secrets that we hand out, and how they are told apart and hashed.

All carry 256 random bits, so one SHA-256 is enough to store them by; a check sum tells a mistyped key from a revoked
one without a query. `rvk_` API key, `rvr_` refresh token, `rvt_` ticket.
"""

import base64
import hashlib
import hmac
import secrets
import zlib
from typing import Literal

from django.utils.crypto import salted_hmac

Kind = Literal["rvk_", "rvr_", "rvt_"]
PREFIX_SHOWN = 10
BODY_LENGTH = 43
SUM_LENGTH = 6


def new_secret(kind: Kind) -> str:
    """A fresh secret with its check sum."""
    return _with_sum(kind, secrets.token_bytes(32))


def successor(token: str) -> str:
    """The refresh token that follows `token`: computed, so that a repeated exchange gives the same one."""
    return _with_sum("rvr_", salted_hmac("rivulet refresh successor", token, algorithm="sha256").digest())


def well_formed(kind: Kind, value: str) -> bool:
    """Whether a value was made by us, as far as its form tells."""
    if not value.startswith(kind) or not value.isascii():
        return False
    body, check = value[len(kind) : -SUM_LENGTH], value[-SUM_LENGTH:]
    return len(body) == BODY_LENGTH and hmac.compare_digest(_sum(kind, body), check)


def hashed(value: str) -> str:
    """What is stored and looked up by: SHA-256 in hexadecimal."""
    return hashlib.sha256(value.encode()).hexdigest()


def _with_sum(kind: Kind, raw: bytes) -> str:
    body = base64.urlsafe_b64encode(raw).decode().rstrip("=").replace("-", "A").replace("_", "B")
    return f"{kind}{body}{_sum(kind, body)}"


def _sum(kind: Kind, body: str) -> str:
    return (
        base64.b32encode(zlib.crc32(f"{kind}{body}".encode()).to_bytes(4, "big"))
        .decode()
        .rstrip("=")[:SUM_LENGTH]
        .lower()
    )
