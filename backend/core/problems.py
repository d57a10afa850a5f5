"""Errors as RFC 9457 problems: one table from the error tree to `application/problem+json`."""

from collections.abc import Sequence
from typing import Any, TypeVar

import orjson
from pydantic import BaseModel

from backend.core.errors import (
    AppError,
    BadRequest,
    Conflict,
    Forbidden,
    Internal,
    NotFound,
    RateLimited,
    TooLarge,
    Unauthenticated,
    Unavailable,
    WrongMethod,
)
from backend.core.sentences import Said, named, text_of

E = TypeVar("E", bound=AppError)

CONTENT_TYPE = "application/problem+json"

_BY_STATUS: dict[int, type[AppError]] = {
    400: BadRequest,
    401: Unauthenticated,
    403: Forbidden,
    404: NotFound,
    405: BadRequest,
    406: BadRequest,
    409: Conflict,
    411: BadRequest,
    413: TooLarge,
    415: BadRequest,
    422: BadRequest,
    429: RateLimited,
    503: Unavailable,
}
_SENTENCES = {
    400: "The request could not be read.",
    404: "There is nothing at this address that you can see.",
    405: "This address does not know that method.",
}


class FieldProblem(BaseModel):
    """What is wrong with one field. `sentence` and `params`: see `Problem`."""

    field: str
    message: str
    sentence: str | None = None
    params: dict[str, Any] | None = None


class Problem(BaseModel):
    """Any error of the API (RFC 9457). `code` is stable; `temporary` tells whether trying again can help. `sentence`
    names the `detail` and `params` are what stands in it, for clients that say it in another language.
    """

    type: str
    title: str
    status: int
    detail: str
    code: str
    temporary: bool
    request_id: str
    retry_after_ms: int | None = None
    reason: str | None = None
    sentence: str | None = None
    params: dict[str, Any] | None = None
    errors: list[FieldProblem] = []


class FieldErrors(BadRequest):
    """A body, query or path that does not fit its schema: each entry names its field."""

    def __init__(self, errors: Sequence[tuple[str, Said]]) -> None:
        self.errors = [(field, text_of(said)) for field, said in errors]
        self.named = [named(said) for _, said in errors]
        field, message = self.errors[0] if self.errors else ("", self.default)
        super().__init__(f"{field}: {message}" if field else message, field=field or None)


def at(field: str, error: E) -> E:
    """The error, told of a field."""
    error.field = field
    return error


def problem(error: AppError, *, request_id: str, status: int | None = None) -> tuple[int, bytes, list[tuple[str, str]]]:
    """Status, body and extra headers for an error."""
    code = status or error.status
    body: dict[str, Any] = {
        "type": f"urn:rivulet:error:{error.code}",
        "title": error.code.replace("_", " ").capitalize(),
        "status": code,
        "detail": error.message,
        "code": error.code,
        "temporary": error.temporary,
        "request_id": request_id,
    }
    headers: list[tuple[str, str]] = []
    if error.retry_after_ms is not None:
        body["retry_after_ms"] = error.retry_after_ms
        headers.append(("Retry-After", str(max(1, -(-error.retry_after_ms // 1000)))))
    if isinstance(error, FieldErrors):
        body["errors"] = [
            {"field": field, "message": message, **more}
            for (field, message), more in zip(error.errors, error.named, strict=True)
        ]
    elif error.field:
        body["errors"] = [{"field": error.field, "message": error.message, **(error.sentence or {})}]
    body |= error.sentence or {}
    if isinstance(error, Unauthenticated):
        body["reason"] = error.reason
        headers.append(("WWW-Authenticate", _challenge(error)))
    if isinstance(error, WrongMethod):
        headers.append(("Allow", error.allow))
    return code, orjson.dumps(body), headers


def error_for_status(status: int) -> AppError:
    """The error of the tree that stands for a bare status, such as a framework's own 404."""
    kind = _BY_STATUS.get(status, Internal if status >= 500 else BadRequest)
    return kind(_SENTENCES.get(status))


def _challenge(error: Unauthenticated) -> str:
    return (
        "Bearer" if error.reason == "missing" else f'Bearer error="invalid_token", error_description="{error.reason}"'
    )
