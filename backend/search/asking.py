"""What every call to a search service shares: one small JSON answer, and its failures as `SearchError`."""

from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import urlsplit

import msgspec

from backend.outbound import AddressRefused, Guard, OutboundClient, OutboundError, TimedOut, Timeouts, UrlRefused
from backend.outbound.guard import parse_url
from backend.providers.failures import retry_after
from backend.search.base import Code, Hit, SearchError
from backend.search.clean import line, plain

TIMEOUTS = Timeouts(connect=4.0, first_byte=12.0, silence=6.0)
LARGEST_ANSWER = 2 << 20
LONGEST_URL = 2048
TITLE = 200
SNIPPET = 1_000

_BUSY = {408, 425, 500, 502, 503, 504, 520, 521, 522, 523, 524, 529}


async def ask(client: OutboundClient, name: str, url: str, **call: Any) -> Any:
    """POST to the service called `name` at the operator's own address; its JSON. Raises `SearchError`."""
    try:
        answer = await client.request("POST", url, timeouts=TIMEOUTS, trusted=True, limit=LARGEST_ANSWER, **call)
    except OutboundError as error:
        code: Code = "timeout" if isinstance(error, TimedOut) else "unreachable"
        raise SearchError(code, f"{name} could not answer: {error}", retryable=error.temporary) from error
    if answer.status != 200:
        raise from_status(name, answer.status, answer.headers)
    try:
        return answer.json()
    except msgspec.DecodeError:
        raise no_answer(name) from None


def from_status(name: str, status: int, headers: Mapping[str, str]) -> SearchError:
    """The service answered with an HTTP error."""
    if status in {401, 403}:
        return SearchError("refused_key", f"{name} refused the key. An administrator can correct it.", status=status)
    if status == 429:
        return SearchError(
            "rate_limited",
            f"{name} is receiving too many searches. Please try again in a moment.",
            retryable=True,
            status=status,
            retry_after=retry_after(headers),
        )
    busy = status in _BUSY
    said = f"{name} has a problem of its own" if busy else f"{name} refused the search"
    return SearchError("upstream", f"{said} (HTTP {status}).", retryable=busy, status=status)


def no_answer(name: str) -> SearchError:
    """What came was no answer of this service."""
    return SearchError("upstream", f"{name} answered with something that is no list of results.")


def hits(results: Iterable[Any], *, guard: Guard, limit: int, snippet: str, published: str) -> list[Hit]:
    """The sound ones of a service's results, each address once; `snippet` and `published` are its names for these."""
    found: dict[str, Hit] = {}
    for one in results:
        if len(found) >= limit or not isinstance(one, dict):
            continue
        url = one.get("url")
        if not isinstance(url, str) or url in found or not sound(url, guard):
            continue
        score = one.get("score")
        found[url] = Hit(
            url=url,
            title=plain(_text(one.get("title")), TITLE) or urlsplit(url).netloc,
            snippet=plain(_text(one.get(snippet)), SNIPPET),
            score=float(score) if isinstance(score, int | float) else None,
            published=line(_text(one.get(published)), 40) or None,
        )
    return list(found.values())


def sound(url: str, guard: Guard) -> bool:
    """Whether this address may be shown and read: http(s), nothing hidden in it, not written as a local one."""
    try:
        parts = parse_url(url)
        host = parts.hostname or ""
        if guard.allows_host(parts):
            return True
        if ":" in host or host.replace(".", "").isdigit():
            guard.check_address(host)
    except (UrlRefused, AddressRefused):
        return False
    return len(url) <= LONGEST_URL and line(url, LONGEST_URL) == url and " " not in url and host != "localhost"


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
