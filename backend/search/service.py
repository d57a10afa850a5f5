"""Search the web and read pages: what chats (by tools) and research jobs use. One set of connections a loop.

A query or page that was asked for a moment ago is answered from the cache. Services are asked in the operator's order;
where one fails, the next is asked. Neither queries nor addresses are logged.
"""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from typing import TypeVar

import structlog
from msgspec.structs import replace

from backend.care.budget import RetryBudget
from backend.outbound import Guard, OutboundClient
from backend.search import kept
from backend.search.account import Account
from backend.search.base import Found, Freshness, Page, SearchError, SearchProvider
from backend.search.clean import line
from backend.search.options import Options
from backend.search.pages import Pages
from backend.search.reader import Reader
from backend.search.searxng import SearXNG
from backend.search.tavily import Tavily

T = TypeVar("T")

LONGEST_QUERY = 400
MOST_HITS = 20
AT_ONCE = 8
"""Searches, and pages, that one process asks for at a time; more wait."""
ONE_SERVICE = 15.0
"""Seconds that one service may take for a search, retries included."""
ONE_PAGE = 30.0
"""Seconds for a page: redirects, a retry and the reading of it."""
ATTEMPTS = 3
FIRST_WAIT = 0.4
PATIENCE = 4.0
"""The longest wait that another side may ask for and get."""
REST = 60.0
"""Seconds that a service which refused the key or has no searches left is asked last."""

_log = structlog.get_logger("rivulet.search")


class Service:
    """Searches and reads for one event loop."""

    def __init__(self, options: Options, *, reader: Reader | None = None) -> None:
        self.options = options
        guard = Guard(options.allow)
        self._client = OutboundClient(guard=guard, proxy=options.proxy or None)
        self._pages = Pages(self._client, guard)
        self._reader = reader or Reader()
        self._providers = _providers(options, self._client, guard)
        self._resting: dict[str, float] = {}
        self._budget = RetryBudget()
        self._searching = asyncio.Semaphore(AT_ONCE)
        self._reading = asyncio.Semaphore(AT_ONCE)

    async def search(
        self, query: str, *, limit: int = 5, freshness: Freshness | None = None, account: Account | None = None
    ) -> Found:
        """See the module's `search`."""
        query = line(query, LONGEST_QUERY)
        if not query:
            raise SearchError("bad_query", "There is nothing to search for.")
        if not self._providers:
            raise SearchError("not_configured", "No search service is connected. An administrator can connect one.")
        limit = max(1, min(limit, MOST_HITS))
        key = kept.key("found", self.options.names, query.casefold(), limit, freshness)
        known = await kept.found(key)
        if known is not None:
            return replace(known, query=query, credits=0)
        if account is not None:
            await account.allowed()
        async with self._searching:
            found = await self._first_that_answers(query, limit, freshness, account)
        await kept.keep_found(key, found)
        return found

    async def read(self, url: str) -> Page:
        """See the module's `read`."""
        url = self._pages.checked(url.strip())
        key = kept.key("page", self.options.names, url)
        known = await kept.page(key)
        if known is not None:
            return known
        async with self._reading:
            page = await _within(ONE_PAGE, self._read(url), "The page took too long.")
        await kept.keep_page(key, page)
        return page

    async def close(self) -> None:
        """Close connections and end processes."""
        await self._reader.close()
        await self._client.close()

    async def _read(self, url: str) -> Page:
        fetched = await self._patiently(lambda: self._pages.fetch(url), attempts=2)
        return await self._reader.read(fetched, fetched_at=datetime.now(UTC).isoformat(timespec="seconds"))

    async def _first_that_answers(
        self, query: str, limit: int, freshness: Freshness | None, account: Account | None
    ) -> Found:
        failures: list[SearchError] = []
        for provider in self._in_order():

            def ask(provider: SearchProvider = provider) -> Awaitable[Found]:
                return provider.search(query, limit=limit, freshness=freshness)

            try:
                return await self._booked(provider, ask, account)
            except SearchError as error:
                failures.append(error)
                _log.warning("search.failed", provider=provider.name, code=error.code, status=error.status)
                if error.code in {"refused_key", "quota_exceeded", "rate_limited"}:
                    self._resting[provider.name] = time.monotonic() + (error.retry_after or REST)
        raise next((one for one in failures if one.retryable), failures[0])

    async def _booked(
        self, provider: SearchProvider, ask: Callable[[], Awaitable[Found]], account: Account | None
    ) -> Found:
        late = f"{provider.name} took too long."
        if account is None:
            return await _within(ONE_SERVICE, self._patiently(ask), late)
        async with account.booked(provider.name, self.options.price_of(provider.name)) as meter:
            found = await _within(ONE_SERVICE, self._patiently(ask), late)
            meter.took(found.credits)
        return found

    def _in_order(self) -> list[SearchProvider]:
        """As the operator wants it, those that rest behind the others."""
        now = time.monotonic()
        return sorted(self._providers, key=lambda one: self._resting.get(one.name, 0.0) > now)

    async def _patiently(self, work: Callable[[], Awaitable[T]], *, attempts: int = ATTEMPTS) -> T:
        """Try again what may work later, within the process's budget of retries. A time-out is not tried again."""
        self._budget.called()
        for failures in range(1, attempts + 1):
            try:
                return await work()
            except SearchError as error:
                again = error.retryable and error.code != "timeout" and failures < attempts
                asked = error.retry_after or 0.0
                if not again or asked > PATIENCE or not self._budget.take():
                    raise
                wait = max(asked, FIRST_WAIT * 2.0 ** (failures - 1) * (0.5 + random.random() / 2))  # noqa: S311
            await asyncio.sleep(wait)
        raise AssertionError("the last attempt returns or raises")


def _providers(options: Options, client: OutboundClient, guard: Guard) -> Sequence[SearchProvider]:
    made: dict[str, SearchProvider] = {}
    if options.tavily:
        made["tavily"] = Tavily(client, guard, key=options.tavily_key, base_url=options.tavily_url)
    if options.searxng_url:
        made["searxng"] = SearXNG(client, guard, base_url=options.searxng_url)
    return [made[name] for name in sorted(made, key=lambda name: name != options.first)]


async def _within(seconds: float, work: Awaitable[T], message: str) -> T:
    try:
        async with asyncio.timeout(seconds):
            return await work
    except TimeoutError as error:
        raise SearchError("timeout", message, retryable=True) from error


_services: dict[asyncio.AbstractEventLoop, Service] = {}


async def _current() -> Service:
    """The running loop's service, made anew where the settings changed."""
    loop = asyncio.get_running_loop()
    found, options = _services.get(loop), Options.of_site()
    if found is None or found.options != options:
        for other in [other for other in _services if other.is_closed()]:
            del _services[other]
        _services[loop] = Service(options)
        if found is not None:
            await found.close()
    return _services[loop]


def available() -> bool:
    """Whether a search service is configured."""
    return Options.of_site().configured


async def search(
    query: str, *, limit: int = 5, freshness: Freshness | None = None, account: Account | None = None
) -> Found:
    """Search the web: at most `limit` (20) hits, `freshness` for pages no older than that.

    `account`: who searches; None: the site itself, unlimited and not in the ledger. Raises `SearchError`, and
    `QuotaExceeded` where a budget forbids it. What is answered from the cache is neither limited nor booked.
    """
    return await (await _current()).search(query, limit=limit, freshness=freshness, account=account)


async def read(url: str) -> Page:
    """Read a page of the open web: its main text, at most 200,000 characters of it. Raises `SearchError`."""
    return await (await _current()).read(url)


async def close() -> None:
    """Close the running loop's connections and processes."""
    found = _services.pop(asyncio.get_running_loop(), None)
    if found is not None:
        await found.close()
