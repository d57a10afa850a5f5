"""When to come back after a connection ended, and every interval of the client. Pure."""

from dataclasses import dataclass
from random import Random
from typing import Literal

TOKEN_EXPIRED, TOO_MANY_SOCKETS, SIGN_IN = 4005, 4014, 4500
ABNORMAL = 1006
NORMAL = 1000
REFUSED_FRAME = frozenset({1007, 1009, 4501})
"""Something that was sent is wrong: report it, and try at most once more."""


@dataclass(slots=True, kw_only=True)
class Timing:
    """Seconds. The defaults are the protocol's where it names one; tests scale them."""

    base: float = 0.5
    cap: float = 20.0
    stable: float = 30.0
    """A connection that stood so long makes the next wait begin small again."""
    crowded: float = 60.0
    """Least wait after 4014."""
    connect: float = 10.0
    request: float = 15.0
    rest: float = 60.0
    ack: float = 5.0
    silence: float | None = None
    """Give up a socket that was silent so long. None: what the server says, ping and pong time-out together."""
    socket_again: float = 60.0
    """While topics come over HTTP: how often to try a socket."""
    sse_silence: float = 20.0
    """A stream of events that never says anything is held back by a proxy: poll instead."""
    poll_wait: float = 25.0
    blocked_after: int = 2
    """Handshakes that failed in a row before HTTP is tried instead (a count)."""

    def wait(self, attempt: int, chance: Random) -> float:
        """random(0, min(cap, base · 2^n))."""
        return chance.uniform(0, min(self.cap, self.base * 2.0 ** min(attempt, 16)))


Verdict = Literal["again", "refresh", "once more", "crowded", "stop"]


def verdict(code: int, *, tried_once_more: bool) -> Verdict:
    """What a close code asks for."""
    if code == TOKEN_EXPIRED:
        return "refresh"
    if code == TOO_MANY_SOCKETS:
        return "crowded"
    if code in REFUSED_FRAME:
        return "stop" if tried_once_more else "once more"
    return "stop" if 4500 <= code <= 4599 else "again"
