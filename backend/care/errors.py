"""Which failures speak against a provider, and the one of a call that was not made."""

from backend.providers.errors import ProviderError

_ELSEWHERE = {"model_unavailable", "quota_exceeded", "rate_limited"}


class NotAsked(ProviderError):
    """The provider was not asked: it is left alone for a while, or its line was too long. `retry_after`: seconds."""

    def __init__(self, message: str, *, code: str, retry_after: float | None = None) -> None:
        super().__init__(message, code=code, temporary=False, retry_after=retry_after)


def another_may_help(error: ProviderError) -> bool:
    """Whether another model might answer; False: it is the request itself that was refused."""
    return error.temporary or error.code in _ELSEWHERE


def speaks_against(error: ProviderError) -> bool:
    """Whether this counts as a failure of the provider. A request for patience does not, nor does a cut after words."""
    return another_may_help(error) and error.code != "rate_limited" and not error.started
