"""The one error of the adapters: a code of the protocol, a sentence that a person can act on, and what may help."""

from typing import Any


class ProviderError(Exception):
    """A provider failed or refused.

    `code`: `provider_error`, `model_unavailable`, `rate_limited`, `quota_exceeded`, `too_large` or `bad_request`.
    `status`: the provider's HTTP status, None when there was none. `temporary`: the same call may succeed later.
    `retry_after`: seconds, when the provider said so. `started`: deltas had been handed out before. `sentence`: the
    message's stable name and what stands in it (`sentence`, `params`), to be said in another language.
    """

    def __init__(
        self,
        message: str,
        *,
        code: str = "provider_error",
        status: int | None = None,
        temporary: bool = True,
        retry_after: float | None = None,
        started: bool = False,
        sentence: dict[str, Any] | None = None,
    ) -> None:
        self.message = message
        self.code = code
        self.status = status
        self.temporary = temporary
        self.retry_after = retry_after
        self.started = started
        self.sentence = sentence
        super().__init__(message)


class CannotContinue(ProviderError):
    """The provider does not go on from the very text, and nothing was handed out: it can be asked to go on instead."""

    def __init__(self, message: str, *, status: int | None = None, sentence: dict[str, Any] | None = None) -> None:
        super().__init__(message, status=status, temporary=False, sentence=sentence)
