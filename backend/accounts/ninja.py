"""The API's door: authentication by the one path, and the limit of requests per person."""

from typing import ClassVar

from django.core.handlers.asgi import ASGIRequest
from django.http import HttpRequest

from backend.accounts.auth import authenticate_scope
from backend.accounts.principal import Principal
from backend.core import limits
from backend.core.asgi import state


class ApiRequest(ASGIRequest):
    """A request behind `Auth`, as views annotate it."""

    principal: Principal


class Auth:
    """Verifies the caller and sets `request.principal`. Raises `Unauthenticated`, `Forbidden` or `RateLimited`."""

    openapi_security_schema: ClassVar[dict[str, str]] = {
        "type": "http",
        "scheme": "bearer",
        "description": "An API key (`rvk_…`) or an access token. Pages of the site itself use their session's cookie.",
    }

    async def __call__(self, request: HttpRequest) -> Principal:
        """Called by Ninja for each operation."""
        scope = request.scope  # type: ignore[attr-defined]
        principal = await authenticate_scope(scope)
        request.principal = principal  # type: ignore[attr-defined]
        own = state(scope)
        own["user"] = principal.user
        verdict = await limits.hit(limits.REST, principal.user)
        if verdict is not None:
            own["headers"] = verdict.headers()
            if not verdict.allowed:
                raise limits.refused(verdict)
        return principal
