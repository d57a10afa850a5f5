"""What every search provider takes and gives."""

from typing import Literal, Protocol

from msgspec import Struct

Freshness = Literal["day", "week", "month", "year"]


class SearchError(Exception):
    """A search or a page that failed. `code` is stable; `message` can be shown to a person and has no secret."""

    def __init__(self, code: str, message: str, *, retryable: bool = False) -> None:
        self.code = code
        self.message = message
        self.retryable = retryable
        super().__init__(message)


class Hit(Struct, frozen=True, kw_only=True):
    """One result: a public http(s) `url`, its `title`, a `snippet` in plain text; `published` as the provider says."""

    url: str
    title: str
    snippet: str = ""
    score: float | None = None
    published: str | None = None


class Found(Struct, frozen=True, kw_only=True):
    """What one query found, best first. `credits`: what the provider counts for it, where it says so."""

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
