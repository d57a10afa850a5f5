"""Why a call outside did not work. Messages name the host, never a key, a path or a body."""

import ssl
from typing import Literal

Stage = Literal["connect", "first_byte", "silence"]


class OutboundError(Exception):
    """Base of all. `temporary`: the same call may work later."""

    temporary = True


class UrlRefused(OutboundError):
    """The URL is not one that may be called: scheme, user info, port or form."""

    temporary = False


class AddressRefused(OutboundError):
    """The host is, or resolves to, an address that is not public."""

    temporary = False


class RedirectRefused(OutboundError):
    """The server answered with a redirect; none is followed. `location` is where to, as it was sent."""

    temporary = False

    def __init__(self, message: str, *, location: str = "") -> None:
        self.location = location
        super().__init__(message)


class ConnectFailed(OutboundError):
    """Name resolution, connection or TLS failed: the server has seen no request. `certificate`: what is wrong there."""

    def __init__(self, message: str, *, certificate: ssl.SSLCertVerificationError | None = None) -> None:
        self.certificate = certificate
        super().__init__(message)


class UpgradeRefused(OutboundError):
    """A WebSocket's opening handshake was answered with an ordinary `status`, or not as the protocol asks."""

    temporary = False

    def __init__(self, message: str, *, status: int) -> None:
        self.status = status
        super().__init__(message)


class ConnectionLost(OutboundError):
    """The connection broke, or the body was not what HTTP allows."""


class BodyTooLarge(OutboundError):
    """The body went over the caller's limit."""

    temporary = False


class TimedOut(OutboundError):
    """A time limit passed. `stage` says which."""

    def __init__(self, message: str, *, stage: Stage) -> None:
        self.stage = stage
        super().__init__(message)
