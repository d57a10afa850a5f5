"""The error tree in OpenAI's shape: `{"error": {"message", "type", "param", "code"}}`."""

from collections.abc import Sequence
from typing import Any

import msgspec
from pydantic import ValidationError

from backend.core.errors import (
    AppError,
    BadRequest,
    Forbidden,
    ModelUnavailable,
    NotFound,
    QuotaExceeded,
    RateLimited,
    Unauthenticated,
)

_TYPES: dict[type[AppError], str] = {
    BadRequest: "invalid_request_error",
    Unauthenticated: "authentication_error",
    Forbidden: "permission_error",
    NotFound: "invalid_request_error",
    ModelUnavailable: "invalid_request_error",
    RateLimited: "rate_limit_error",
    QuotaExceeded: "insufficient_quota",
}


def status_of(error: AppError) -> int:
    """The HTTP status that OpenAI's SDKs expect: 400 for a bad body."""
    return 400 if isinstance(error, BadRequest) else error.status


def error_body(error: AppError) -> bytes:
    """The JSON of an error answer, and of an error inside a stream."""
    known = (_TYPES[kind] for kind in type(error).__mro__ if kind in _TYPES)
    kind = next(known, "api_error" if error.status >= 500 else "invalid_request_error")
    return msgspec.json.encode(
        {"error": {"message": error.message, "type": kind, "param": error.field, "code": error.code}}
    )


def headers_of(error: AppError) -> list[tuple[bytes, bytes]]:
    """`Retry-After`, in whole seconds, where trying again can help."""
    if error.retry_after_ms is None:
        return []
    return [(b"retry-after", str(max(1, -(-error.retry_after_ms // 1000))).encode())]


def from_validation(error: ValidationError, *, given: Any) -> BadRequest:
    """The first thing that is wrong with the body `given`, with the field's path as OpenAI writes it."""
    first: Any = error.errors(include_url=False, include_input=False)[0]
    steps = _steps(first["loc"], given=given, missing=first["type"] == "missing")
    path = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in steps).lstrip(".")
    if first["type"] == "extra_forbidden":
        return BadRequest(f"Unrecognized request argument supplied: {path}", field=path)
    return BadRequest(f"Invalid value for '{path}': {first['msg']}.", field=path)


def _steps(location: Sequence[str | int], *, given: Any, missing: bool) -> list[str | int]:
    """The steps that lead through what was given; the names of a union's branches, which are in between, do not."""
    steps: list[str | int] = []
    here = given
    for step in location:
        inside = step in here if isinstance(here, dict) else isinstance(here, list) and isinstance(step, int)
        if inside:
            here = here[step]
            steps.append(step)
    return [*steps, location[-1]] if missing or not steps else steps
