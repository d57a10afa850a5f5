"""What every search provider takes and gives."""

from typing import Literal, Protocol

from msgspec import Struct

Freshness = Literal["day", "week", "month", "year"]


Code = Literal[
    "bad_query",
    "not_configured",
    "bad_address",
    "refused_address",
    "unreachable",
    "timeout",
    "too_large",
    "unsupported_type",
    "redirects",
    "upstream",
    "rate_limited",
    "quota_exceeded",
    "refused_key",
    "unreadable",
]
"""`bad_address`: no http(s) URL that may be read; `refused_address`: not a public one; `redirects`: too many of them;
`upstream`: an HTTP error, with its `status`, or an answer that is none; `unreadable`: no text in it, or none found in
time.
"""


class SearchError(Exception):
    """A search or a page that failed. `code` is stable; `message` can be shown to a person and has no secret.

    `retryable`: the same may work later. `status`: the other side's HTTP status, where it sent one. `retry_after`:
    seconds, where it said so.
    """

    def __init__(
        self,
        code: Code,
        message: str,
        *,
        retryable: bool = False,
        status: int | None = None,
        retry_after: float | None = None,
    ) -> None:
        self.code = code
        self.message = message
        self.retryable = retryable
        self.status = status
        self.retry_after = retry_after
        super().__init__(message)


class Hit(Struct, frozen=True, kw_only=True):
    """One result: a public http(s) `url`, its `title`, a `snippet` in plain text; `published` as the provider says."""

    url: str
    title: str
    snippet: str = ""
    score: float | None = None
    published: str | None = None


class Found(Struct, frozen=True, kw_only=True):
    """What one query found, best first. `credits`: what the provider counts for it, 0 where nothing was asked anew."""

    query: str
    provider: str
    hits: list[Hit]
    credits: int = 1


class Page(Struct, frozen=True, kw_only=True):
    """A page that was read: its main text without markup. `url` after redirects; `fetched_at` in ISO 8601, UTC."""

    url: str
    title: str
    text: str
    fetched_at: str
    truncated: bool = False


class SearchProvider(Protocol):
    """One account at one search service."""

    @property
    def name(self) -> str:
        """The name that events and errors show."""
        ...

    async def search(self, query: str, *, limit: int = 5, freshness: Freshness | None = None) -> Found:
        """Search the web. Raises `SearchError`."""
        ...
