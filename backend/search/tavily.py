"""Tavily's search API: one POST, counted in credits.

Source: docs.tavily.com, API reference, Search. Statuses 432 and 433 are its own: the plan's or the account's limit.
"""

from typing import Any

from backend.outbound import Guard, OutboundClient
from backend.search.asking import ask, hits, no_answer
from backend.search.base import Found, Freshness, SearchError

BASE_URL = "https://api.tavily.com"
LONGEST_QUERY = 400
MOST_HITS = 20
_SPENT = {402, 432, 433}


class Tavily:
    """One account. `key` may be empty where a proxy at `base_url` adds it."""

    name = "Tavily"

    def __init__(self, client: OutboundClient, guard: Guard, *, key: str, base_url: str = "") -> None:
        self._client = client
        self._guard = guard
        self._headers = {"Authorization": f"Bearer {key}"} if key else {}
        self._url = (base_url or BASE_URL).rstrip("/") + "/search"

    async def search(self, query: str, *, limit: int = 5, freshness: Freshness | None = None) -> Found:
        """See `SearchProvider.search`."""
        asked: dict[str, Any] = {
            "query": query[:LONGEST_QUERY],
            "max_results": min(limit, MOST_HITS),
            "search_depth": "basic",
            "include_usage": True,
        }
        if freshness is not None:
            asked["time_range"] = freshness
        try:
            answer = await ask(self._client, self.name, self._url, headers=self._headers, json=asked)
        except SearchError as error:
            if error.status in _SPENT:
                raise SearchError(
                    "quota_exceeded", "The account at Tavily has no searches left.", status=error.status
                ) from error
            raise
        results = answer.get("results") if isinstance(answer, dict) else None
        if not isinstance(results, list):
            raise no_answer(self.name)
        return Found(
            query=query,
            provider=self.name,
            hits=hits(results, guard=self._guard, limit=limit, snippet="content", published="published_date"),
            credits=_credits(answer),
        )


def _credits(answer: dict[str, Any]) -> int:
    """What the answer says, or what a basic search costs."""
    usage = answer.get("usage")
    said = usage.get("credits") if isinstance(usage, dict) else None
    return said if isinstance(said, int) and said >= 0 else 1
