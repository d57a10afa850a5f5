"""The docs that the guide quotes and links to, as the text that they are."""

import re
from pathlib import Path

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed

NAME = r"[A-Za-z0-9][A-Za-z0-9_-]*(\.md|(\.[a-z]+)?\.json)"
"""A file's name: no folder, no way up."""


async def document(request: HttpRequest, name: str) -> HttpResponse:
    """One page or schema of docs/, or the README. Public: it is the same for everyone."""
    if request.method not in {"GET", "HEAD"}:
        return HttpResponseNotAllowed(["GET", "HEAD"])
    root = Path(settings.BASE_DIR)
    path = root / name if name == "README.md" else root / "docs" / name
    if not re.fullmatch(NAME, name) or not path.is_file():
        raise Http404
    kind = "application/json" if name.endswith(".json") else "text/plain; charset=utf-8"
    return HttpResponse(path.read_bytes(), content_type=kind, headers={"Cache-Control": "public, max-age=300"})
