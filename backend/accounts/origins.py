"""When a cookie counts: our own origin exactly, and a CSRF header for whatever changes something."""

from urllib.parse import urlsplit

from django.http import parse_cookie
from django.middleware.csrf import (  # type: ignore[attr-defined]
    InvalidTokenFormat,
    _check_token_format,
    _does_token_match,
)

from backend.core.asgi import Scope
from backend.core.errors import Forbidden

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_DEFAULT_PORTS = {"http": 80, "https": 443}
_OWN_SITES = frozenset({"same-origin", "none"})


def require_same_origin(*, origin: str | None, host: str, secure: bool, method: str, fetch_site: str | None) -> None:
    """Raise `Forbidden` unless the request comes from our own pages, or safely from no page at all."""
    if origin is None:
        if method in SAFE_METHODS and (fetch_site is None or fetch_site in _OWN_SITES):
            return
        raise Forbidden("A request with a cookie must come from this site's own pages.")
    ours = _parts(f"{'https' if secure else 'http'}://{host}")
    if ours is None or _parts(origin) != ours:
        raise Forbidden("A request with a cookie must come from this site's own pages.")


def require_csrf(*, cookie: str | None, header: str | None) -> None:
    """Raise `Forbidden` unless the header carries the cookie's token."""
    try:
        _check_token_format(cookie or "")
        _check_token_format(header or "")
        if _does_token_match(header, cookie):
            return
    except InvalidTokenFormat:
        pass
    raise Forbidden("The X-CSRFToken header must carry the value of the csrftoken cookie.")


def cookies(scope: Scope) -> dict[str, str]:
    """The request's cookies; a name that comes twice with two values is dropped, as nobody can tell which is ours."""
    parsed: dict[str, str] = {}
    doubtful: set[str] = set()
    for name, value in scope["headers"]:
        if name != b"cookie":
            continue
        for part in value.decode("latin-1").split(";"):
            for key, content in parse_cookie(part.strip()).items():
                if parsed.setdefault(key, content) != content:
                    doubtful.add(key)
    return {key: content for key, content in parsed.items() if key not in doubtful}


def _parts(origin: str) -> tuple[str, str, int] | None:
    try:
        parsed = urlsplit(origin)
        port = parsed.port
    except ValueError:
        return None
    if parsed.scheme not in _DEFAULT_PORTS or not parsed.hostname or parsed.username or parsed.path or parsed.query:
        return None
    return parsed.scheme, parsed.hostname.lower(), port or _DEFAULT_PORTS[parsed.scheme]
