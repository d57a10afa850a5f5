"""Close codes: 40xx come back, 45xx don't."""

from enum import IntEnum

from realtime.errors import Unauthenticated


class Close(IntEnum):
    """Why the server closed a WebSocket."""

    BINARY = 1003
    TOO_BIG = 1009
    SHUTTING_DOWN = 4001
    TOKEN_EXPIRED = 4005
    TOO_SLOW = 4008
    NO_PONG = 4012
    TOO_MANY_COMMANDS = 4013
    TOO_MANY_SOCKETS = 4014
    TOKEN_REFUSED = 4500
    BAD_FRAME = 4501
    NO_CONNECT = 4502
    ACCOUNT_CLOSED = 4507
    UNKNOWN_VERSION = 4510


def close_for(error: Unauthenticated) -> Close:
    """The code that tells a client what to do about its credentials."""
    return {"expired": Close.TOKEN_EXPIRED, "closed": Close.ACCOUNT_CLOSED}.get(error.reason, Close.TOKEN_REFUSED)
