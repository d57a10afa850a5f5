"""The JSON API of a SearXNG, a search service that one can run oneself; it counts nothing.

Source: docs.searxng.org, "Search API". Asked by POST, so that queries don't stand in its access log.
"""

from typing import Any
from urllib.parse import urlencode

from backend.outbound import Guard, OutboundClient
from backend.search.asking import ask, hits, no_answer
from backend.search.base import Found, Freshness, SearchError


class SearXNG:
    """One instance, at the operator's `base_url`."""

    name = "SearXNG"

    def __init__(self, client: OutboundClient, guard: Guard, *, base_url: str) -> None:
        self._client = client
        self._guard = guard
        self._url = base_url.rstrip("/").removesuffix("/search") + "/search"

    async def search(self, query: str, *, limit: int = 5, freshness: Freshness | None = None) -> Found:
        """See `SearchProvider.search`."""
        form = {"q": query, "format": "json", "safesearch": "1"}
        if freshness is not None:
            form["time_range"] = freshness
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
        try:
            answer = await ask(self._client, self.name, self._url, headers=headers, body=urlencode(form).encode())
        except SearchError as error:
            if error.status == 403:
                raise SearchError(
                    "refused_key",
                    "SearXNG does not give its results as JSON. An administrator can add `json` to "
                    "`search.formats` in its settings.",
                    status=403,
                ) from error
            raise
        results = answer.get("results") if isinstance(answer, dict) else None
        if not isinstance(results, list):
            raise no_answer(self.name)
        if not results and _silent(answer):
            raise SearchError("upstream", "None of SearXNG's search engines answered.", retryable=True)
        return Found(
            query=query,
            provider=self.name,
            hits=hits(results, guard=self._guard, limit=limit, snippet="content", published="publishedDate"),
            credits=0,
        )


def _silent(answer: dict[str, Any]) -> bool:
    """Whether it found nothing because engines failed it."""
    return bool(answer.get("unresponsive_engines"))
