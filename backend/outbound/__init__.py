"""The one guarded HTTP client that makes all outbound calls.

It keeps connections, limits times and sizes, follows no redirect, holds no cookie, reads no proxy from the process's
environment, and connects to an address that a person typed in only when that address is a public one. Imports
nothing of Django; nothing else in the repository may import an HTTP client.
"""

from backend.outbound.client import OutboundClient
from backend.outbound.errors import (
    AddressRefused,
    BodyTooLarge,
    ConnectFailed,
    ConnectionLost,
    OutboundError,
    RedirectRefused,
    TimedOut,
    UpgradeRefused,
    UrlRefused,
)
from backend.outbound.guard import Guard
from backend.outbound.response import Answer, StreamResponse, Timeouts
from backend.outbound.socket import Socket

__all__ = [
    "AddressRefused",
    "Answer",
    "BodyTooLarge",
    "ConnectFailed",
    "ConnectionLost",
    "Guard",
    "OutboundClient",
    "OutboundError",
    "RedirectRefused",
    "Socket",
    "StreamResponse",
    "TimedOut",
    "Timeouts",
    "UpgradeRefused",
    "UrlRefused",
]
