"""Static files as a plain ASGI application on WhiteNoise's index: no thread, no Django.

The page's build lies at the root, its hashed files immutable for ten years; Django's own (admin, API docs) under
`/static/`, collected or straight from their packages. Brotli and gzip variants are served where they lie beside.
"""

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from whitenoise import WhiteNoise

from backend.core.asgi import App, Receive, Scope, Send

CHUNK = 256 * 1024
_HASHED = re.compile(r"^/assets/.+[-.][A-Za-z0-9_-]{8,}\.\w+$")
_SHELL = "/index.html"
ASKED = {
    b"accept-encoding": "HTTP_ACCEPT_ENCODING",
    b"if-modified-since": "HTTP_IF_MODIFIED_SINCE",
    b"if-none-match": "HTTP_IF_NONE_MATCH",
    b"range": "HTTP_RANGE",
}


class StaticFiles:
    """Serves what is in the index and passes everything else on."""

    def __init__(self, app: App) -> None:
        self.app = app
        self._built: float | None = None
        self.files: dict[str, Any] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] == "http" and scope["method"] in {"GET", "HEAD"}:
            self._refresh()
            found = self.files.get(scope["path"])
            if found is not None:
                await _serve(found, scope, send)
                return
        await self.app(scope, receive, send)

    def _refresh(self) -> None:
        """Index anew when the page was built anew."""
        try:
            built = (Path(settings.PAGE_ROOT) / "index.html").stat().st_mtime
        except FileNotFoundError:
            built = 0.0
        if built != self._built:
            self._built = built
            self.files = index()


def index() -> dict[str, Any]:
    """All static files by path."""
    noise: Any = WhiteNoise(None, max_age=3600, immutable_file_test=lambda _path, url: bool(_HASHED.match(url)))
    collected = Path(settings.STATIC_ROOT)
    if collected.is_dir():
        noise.add_files(str(collected), prefix=settings.STATIC_URL)
    else:
        for name, path in _found():
            noise.add_file_to_dictionary(f"{settings.STATIC_URL}{name}", path)
    if Path(settings.PAGE_ROOT).is_dir():
        noise.add_files(str(settings.PAGE_ROOT), prefix="/")
    return {url: file for url, file in noise.files.items() if url != _SHELL and "/.vite/" not in url}


def _found() -> Iterable[tuple[str, str]]:
    for finder in get_finders():
        for name, storage in finder.list([]):
            yield name, storage.path(name)


async def _serve(file: Any, scope: Scope, send: Send) -> None:
    environ = {ASKED[name]: value.decode("latin-1") for name, value in scope["headers"] if name in ASKED}
    response = file.get_response(scope["method"], environ)
    headers = [(name.lower().encode(), value.encode()) for name, value in response.headers]
    await send({"type": "http.response.start", "status": int(response.status), "headers": headers})
    content = response.file
    if content is not None:
        try:
            while chunk := content.read(CHUNK):
                await send({"type": "http.response.body", "body": chunk, "more_body": True})
        finally:
            content.close()
    await send({"type": "http.response.body", "body": b""})
