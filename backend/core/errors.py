"""The one error tree, as features import it. The classes live in `realtime.errors`, where frames render them."""

from realtime.errors import (
    AppError,
    BadRequest,
    Conflict,
    Forbidden,
    Internal,
    KeyReused,
    ModelUnavailable,
    NoSuchModel,
    NotFound,
    ProviderFailed,
    QuotaExceeded,
    RateLimited,
    TooLarge,
    Unauthenticated,
    Unavailable,
    WrongMethod,
)

__all__ = [
    "AppError",
    "BadRequest",
    "Conflict",
    "Forbidden",
    "Internal",
    "KeyReused",
    "ModelUnavailable",
    "NoSuchModel",
    "NotFound",
    "ProviderFailed",
    "QuotaExceeded",
    "RateLimited",
    "TooLarge",
    "Unauthenticated",
    "Unavailable",
    "WrongMethod",
]
