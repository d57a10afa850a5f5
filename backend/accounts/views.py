"""The one view that allauth and the admin need of us."""

from django.http import HttpRequest, HttpResponse

from backend.core.asgi import request_id
from backend.core.errors import Forbidden
from backend.core.problems import CONTENT_TYPE, problem


def csrf_refused(request: HttpRequest, reason: str = "") -> HttpResponse:  # noqa: ARG001
    """403 for a write whose CSRF token or Origin does not fit."""
    error = Forbidden(
        "This request did not come from this site's own page, or its CSRF token is old. Load it again. "
        "If it stays so, the proxy before the site hides its address: /doctor names the line that is missing."
    )
    status, body, _ = problem(error, request_id=request_id(request.scope))  # type: ignore[attr-defined]
    return HttpResponse(body, status=status, content_type=CONTENT_TYPE)
