"""Which addresses are the same page."""

from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

_TRACKING = ("utm_", "fbclid", "gclid", "mc_cid", "mc_eid")


def same(url: str) -> str:
    """One text for all addresses of a page: without fragment, tracking, and what else says nothing of it."""
    try:
        parts = urlsplit(url)
        query = [pair for pair in parse_qsl(parts.query, keep_blank_values=True) if not pair[0].startswith(_TRACKING)]
        host = parts.netloc.lower().removeprefix("www.")
        return urlunsplit(("https", host, parts.path.rstrip("/"), urlencode(query), ""))
    except ValueError:
        return url
