"""Gets a page from the open web: public addresses only, redirects by hand, little time, few bytes, few kinds."""

from collections.abc import Mapping
from urllib.parse import urldefrag, urljoin

from msgspec import Struct

from backend.outbound import (
    AddressRefused,
    BodyTooLarge,
    Guard,
    OutboundClient,
    OutboundError,
    RedirectRefused,
    TimedOut,
    Timeouts,
    UrlRefused,
)
from backend.outbound.guard import parse_url, port_of
from backend.providers.failures import retry_after
from backend.search.asking import LONGEST_URL
from backend.search.base import SearchError
from backend.search.extract import Kind

TIMEOUTS = Timeouts(connect=5.0, first_byte=10.0, silence=5.0)
LARGEST_PAGE = 4 << 20
MOST_REDIRECTS = 5
USER_AGENT = "Mozilla/5.0 (compatible; Rivulet; reads a page that a person asked about)"

_HEADERS = {
    "Accept": "text/html,application/xhtml+xml,text/plain;q=0.9,application/json;q=0.8,*/*;q=0.1",
    "Accept-Language": "*",
    "User-Agent": USER_AGENT,
}
_LOW_PORTS = {80, 443}
_KINDS: dict[str, Kind] = {
    "text/html": "html",
    "application/xhtml+xml": "html",
    "text/xml": "xml",
    "application/xml": "xml",
    "application/rss+xml": "xml",
    "application/atom+xml": "xml",
    "application/json": "text",
    "application/ld+json": "text",
    "application/x-ndjson": "text",
    "application/yaml": "text",
}
_NO_READING = {"text/css", "text/javascript", "text/event-stream"}


class Fetched(Struct, frozen=True, kw_only=True):
    """A page's bytes. `url` after redirects; `charset` as its header names it, or empty."""

    url: str
    kind: Kind
    charset: str
    body: bytes


class Pages:
    """`client` is held to public addresses; `guard` has the operator's exceptions, which the client shares."""

    def __init__(self, client: OutboundClient, guard: Guard) -> None:
        self._client = client
        self._guard = guard

    async def fetch(self, url: str) -> Fetched:
        """The page at `url`. Raises `SearchError`."""
        for _ in range(MOST_REDIRECTS + 1):
            url = self.checked(url)
            try:
                async with self._client.stream("GET", url, headers=_HEADERS, timeouts=TIMEOUTS) as response:
                    if response.status != 200:
                        raise _refused(response.status, response.headers)
                    kind, charset = _kind(response.headers.get("Content-Type", ""))
                    return Fetched(url=url, kind=kind, charset=charset, body=await response.body(limit=LARGEST_PAGE))
            except RedirectRefused as redirect:
                if not redirect.location:
                    raise SearchError("upstream", "The page redirects to nowhere.") from redirect
                url = _next(url, redirect.location)
            except OutboundError as error:
                raise _failed(error) from error
        raise SearchError("redirects", "The page redirects again and again.")

    def checked(self, url: str) -> str:
        """The address without its fragment. Raises `SearchError` for one that is not to be asked, whatever it means."""
        if len(url) > LONGEST_URL:
            raise SearchError("bad_address", "The address is too long.")
        try:
            parts = parse_url(url)
        except UrlRefused as error:
            raise SearchError("bad_address", str(error)) from error
        port = port_of(parts)
        if port < 1024 and port not in _LOW_PORTS and not self._guard.allows_host(parts):
            raise SearchError("refused_address", f"Pages are not read from port {port}.")
        return urldefrag(url).url


def _next(url: str, location: str) -> str:
    try:
        return urljoin(url, location.strip())
    except ValueError as error:
        raise SearchError("upstream", "The page redirects to something that is no address.") from error


def _kind(content_type: str) -> tuple[Kind, str]:
    """How to read it, and its charset."""
    name, *parameters = content_type.split(";")
    name = name.strip().lower()
    kind = _KINDS.get(name) or ("text" if name.startswith("text/") and name not in _NO_READING else None)
    if not name:
        kind = "unknown"
    if kind is None:
        raise SearchError("unsupported_type", f"This is not a page of text but {name[:80]}, which can't be read here.")
    for parameter in parameters:
        key, _, value = parameter.partition("=")
        if key.strip().lower() == "charset":
            return kind, value.strip().strip("\"'")[:40]
    return kind, ""


def _refused(status: int, headers: Mapping[str, str]) -> SearchError:
    if status == 429:
        return SearchError(
            "rate_limited",
            "The site is receiving too many requests.",
            retryable=True,
            status=status,
            retry_after=retry_after(headers),
        )
    told = {404: "There is no such page.", 410: "The page is gone.", 401: "The page asks for a sign-in."}
    told |= {403: "The site does not let this page be read."}
    message = told.get(status, f"The site answered with HTTP {status}.")
    return SearchError("upstream", message, status=status, retryable=status >= 500)


def _failed(error: OutboundError) -> SearchError:
    match error:
        case AddressRefused():
            return SearchError("refused_address", str(error))
        case UrlRefused():
            return SearchError("bad_address", str(error))
        case BodyTooLarge():
            return SearchError("too_large", f"The page is larger than {LARGEST_PAGE >> 20} MiB.")
        case TimedOut():
            return SearchError("timeout", str(error), retryable=True)
        case _:
            return SearchError("unreachable", str(error), retryable=error.temporary)
