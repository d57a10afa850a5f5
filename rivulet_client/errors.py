"""What can go wrong, in one tree: the server's own codes, and a few for the way there."""

from typing import Any

TEMPORARY = frozenset({"rate_limited", "internal", "provider_error", "unavailable"})
"""Codes of the table of errors with which the same can succeed later; a frame's own `temporary` beats it."""


class RivuletError(Exception):
    """A command or subscription failed. `code` is the server's, or one of the local ones below.

    `temporary`: the same again can succeed, after `retry_after` seconds where that is given.
    """

    def __init__(self, code: str, message: str, *, temporary: bool = False, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.temporary = temporary
        self.retry_after = retry_after

    def __str__(self) -> str:
        return f"{self.code}: {self.message}"


class Undecided(RivuletError):
    """No answer came: the command may or may not have been done. Send it again under the same key."""


class Offline(RivuletError):
    """There is no way to the server at the moment; nothing was sent."""

    def __init__(self, message: str = "There is no connection to the server.") -> None:
        super().__init__("offline", message, temporary=True)


class Stopped(RivuletError):
    """The server said not to come back, or nobody is signed in any more. `close_code` is the socket's."""

    def __init__(self, code: str, message: str, *, close_code: int | None = None) -> None:
        super().__init__(code, message)
        self.close_code = close_code


def connection_lost() -> Undecided:
    """The connection went before the answer came."""
    return Undecided("connection_lost", "The connection was lost before the server answered.", temporary=True)


def timed_out() -> Undecided:
    """The answer did not come in time."""
    return Undecided("timeout", "The server did not answer in time.", temporary=True)


def from_frame(error: Any) -> RivuletError:
    """The `error` of a reply on a socket."""
    found = error if isinstance(error, dict) else {}
    wait = found.get("retry_after_ms")
    return RivuletError(
        str(found.get("code", "internal")),
        str(found.get("message", "")),
        temporary=found.get("temporary") is True,
        retry_after=wait / 1000 if isinstance(wait, int | float) else None,
    )


def from_problem(status: int, body: Any, retry_after: str | None) -> RivuletError:
    """An HTTP answer that is no success: RFC 9457 from the server, anything else from what stands before it."""
    found = body if isinstance(body, dict) else {}
    fallback = {401: "unauthenticated", 403: "forbidden", 404: "not_found", 429: "rate_limited"}.get(
        status, "unavailable" if status >= 500 else "bad_request"
    )
    temporary = found.get("temporary")
    return RivuletError(
        str(found.get("code") or fallback),
        str(found.get("detail") or found.get("title") or f"The server answered {status}."),
        temporary=temporary if isinstance(temporary, bool) else status >= 500 or status == 429,
        retry_after=float(retry_after) if retry_after and retry_after.isdigit() else None,
    )


def taken(topic: str) -> RivuletError:
    """Two readers of one topic at one client."""
    return RivuletError("conflict", f"This client follows {topic} already. A second reader needs a client of its own.")
