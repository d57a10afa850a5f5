"""A provider's failure as one of our errors."""

from backend.core.errors import (
    AppError,
    BadRequest,
    ModelUnavailable,
    ProviderFailed,
    QuotaExceeded,
    RateLimited,
    TooLarge,
)
from backend.providers.base import ProviderError

_BY_CODE: dict[str, type[AppError]] = {
    "bad_request": BadRequest,
    "model_unavailable": ModelUnavailable,
    "provider_error": ProviderFailed,
    "quota_exceeded": QuotaExceeded,
    "rate_limited": RateLimited,
    "too_large": TooLarge,
}


def as_app_error(error: ProviderError) -> AppError:
    """The same code and sentence; `retry_after` in milliseconds."""
    after = None if error.retry_after is None else int(error.retry_after * 1000)
    found = _BY_CODE.get(error.code, ProviderFailed)(error.message, retry_after_ms=after)
    found.sentence = error.sentence
    return found


def by_code(code: str, message: str) -> AppError:
    """The error of a generation that ended with one, from the terminal event's code."""
    return _BY_CODE.get(code, ProviderFailed)(message)
