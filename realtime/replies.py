"""Parts of replies: an error as a frame, and times as the protocol writes them."""

import time

from realtime.errors import AppError
from realtime.frames import ErrorBody, Failure
from realtime.hooks import Principal
from realtime.wire import message


def failure(id_: int, error: AppError) -> bytes:
    """The answer to a command that went wrong."""
    body = ErrorBody(code=error.code, message=error.message, temporary=error.temporary)
    if error.retry_after_ms is not None:
        body.retry_after_ms = error.retry_after_ms
    if error.sentence is not None:
        body.sentence, body.params = error.sentence["sentence"], error.sentence["params"]
    return message(Failure(id=id_, error=body))


def expires_in(principal: Principal) -> float | None:
    """Seconds until the credentials end, not below 0; None: not by themselves."""
    return None if principal.expires_at is None else max(0, round(principal.expires_at - time.time()))


def number(value: float) -> float:
    """Whole seconds without a fraction."""
    return int(value) if value == int(value) else value
