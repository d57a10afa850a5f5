"""The web, as a research sees it: `backend.search.service`, or what a test puts in its place."""

from typing import Protocol

from backend.search import service
from backend.search.account import Account
from backend.search.base import Found, Freshness, Page, SearchError

__all__ = ["Found", "Page", "SearchError", "Web", "web"]


class Web(Protocol):
    """Searches and reads."""

    def available(self) -> bool:
        """A search service is configured."""

    async def search(
        self, query: str, *, limit: int = 5, freshness: Freshness | None = None, account: Account | None = None
    ) -> Found:
        """Search. Raises `SearchError`, and `QuotaExceeded`."""

    async def read(self, url: str) -> Page:
        """Read a page. Raises `SearchError`."""


web: Web = service
