"""The page's shell: one document for every route that a person may open. The page's own router does the rest."""

from functools import lru_cache
from pathlib import Path

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed

ROUTES = r"^(?!(?:api|_allauth|admin|health|static|assets|v1|ws|metrics)(?:/|$))[^.]*$"
"""Everything without a dot that belongs to nobody else: `/`, `/c/<id>`, `/settings/keys`, `/login` …"""

NOT_BUILT = (
    "<!doctype html><title>Rivulet</title><p>The page is not built yet. <code>make run</code> builds it, "
    "or <code>npm --prefix frontend ci &amp;&amp; npm --prefix frontend run build</code>. "
    'The API is there: <a href="/api/v1/docs">/api/v1/docs</a>.'
)


async def index(request: HttpRequest) -> HttpResponse:
    """The shell, never cached: it names the hashed files of the present build."""
    if request.method not in {"GET", "HEAD"}:
        return HttpResponseNotAllowed(["GET", "HEAD"])
    path = Path(settings.PAGE_ROOT) / "index.html"
    try:
        changed = path.stat().st_mtime_ns
    except FileNotFoundError:
        return HttpResponse(NOT_BUILT, status=503)
    return HttpResponse(
        document(path, changed, settings.RIVULET.cdn_host), headers={"Cache-Control": "no-store", "Vary": "Cookie"}
    )


@lru_cache(maxsize=4)
def document(path: Path, changed: int, cdn: str) -> bytes:  # noqa: ARG001
    """The shell's bytes, the hashed files taken from the CDN when there is one. `changed` makes a new build seen."""
    content = path.read_text(encoding="utf-8")
    if cdn:
        content = content.replace('="/assets/', f'="{cdn}/assets/')
    return content.encode()
