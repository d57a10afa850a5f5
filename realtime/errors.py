"""The error tree of every transport: a stable code, a sentence for people, and whether trying again can help.

`realtime` renders these as error frames; the application renders the same objects as RFC 9457 problems and in
OpenAI's shape. Source: docs/realtime-protocol.md, "Limits and errors".
"""

from typing import Any, ClassVar


class AppError(Exception):
    """Anything a caller is told about. `code`, `status` and `temporary` are fixed per class.

    `sentence`: how the application names the message, to be shown in another language. No frame has it.
    """

    code: ClassVar[str] = "internal"
    status: ClassVar[int] = 500
    temporary: ClassVar[bool] = True
    default: ClassVar[str] = "Something went wrong on our side. Please try again."

    def __init__(
        self,
        message: str | None = None,
        *,
        field: str | None = None,
        retry_after_ms: int | None = None,
    ) -> None:
        self.message = message or self.default
        self.field = field
        self.retry_after_ms = retry_after_ms
        self.sentence: dict[str, Any] | None = None
        super().__init__(self.message)


class BadRequest(AppError):
    """The request does not have the form that the protocol asks for. `field` names what is wrong."""

    code, status, temporary = "bad_request", 422, False
    default = "The request is not valid."


class WrongMethod(BadRequest):
    """The address is asked with another method, which `allow` names for the header of that name."""

    status = 405

    def __init__(self, allow: str) -> None:
        self.allow = allow
        super().__init__(f"This is asked with {allow}.")


class Unauthenticated(AppError):
    """Nobody is signed in, or the token no longer holds. `reason`: missing, expired, malformed, revoked or closed."""

    code, status, temporary = "unauthenticated", 401, False
    default = "Sign in, or send a valid token or API key."

    def __init__(self, message: str | None = None, *, reason: str = "missing") -> None:
        self.reason = reason
        super().__init__(message)


class Forbidden(AppError):
    """The caller may see this, but may not do that to it."""

    code, status, temporary = "forbidden", 403, False
    default = "You may not do this."


class NotFound(AppError):
    """It does not exist, or the caller may not see it: the two are not told apart."""

    code, status, temporary = "not_found", 404, False
    default = "There is nothing here that you can see."


class Conflict(AppError):
    """The thing is in a state in which this can't be done."""

    code, status, temporary = "conflict", 409, False
    default = "This can't be done in the present state."


class KeyReused(AppError):
    """An idempotency key came again with another body."""

    code, status, temporary = "key_reused", 422, False
    default = "This idempotency key was used for another request."


class TooLarge(AppError):
    """The body, command or content is over its limit."""

    code, status, temporary = "too_large", 413, False
    default = "This is larger than what is allowed."


class RateLimited(AppError):
    """Too many requests; `retry_after_ms` says when to come back."""

    code, status, temporary = "rate_limited", 429, True
    default = "Too many requests. Please wait a moment."


class QuotaExceeded(AppError):
    """A budget or quota is used up."""

    code, status, temporary = "quota_exceeded", 429, False
    default = "The quota is used up."


class ModelUnavailable(AppError):
    """The model does not exist, is hidden, or its provider has no key."""

    code, status, temporary = "model_unavailable", 503, True
    default = "This model is not available."


class NoSuchModel(ModelUnavailable):
    """No provider has a model of this name, so that asking again changes nothing."""

    status, temporary = 404, False


class ProviderFailed(AppError):
    """The provider of the model answered with an error or not at all."""

    code, status, temporary = "provider_error", 502, True
    default = "The model's provider failed. Please try again."


class Unavailable(AppError):
    """A service that is needed (database, Redis) is away for the moment."""

    code, status, temporary = "unavailable", 503, True
    default = "The service is not available for the moment. Please try again."


class Internal(AppError):
    """A defect of ours."""
