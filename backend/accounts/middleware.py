"""In front of allauth: the limit of sign-ins, sign-ups and resets from one address, and bodies that are sound JSON."""

import re
from collections.abc import Callable

from asgiref.sync import async_to_sync
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase

from backend.core import limits
from backend.core.asgi import request_id
from backend.core.errors import BadRequest
from backend.core.problems import CONTENT_TYPE, problem
from backend.core.schemas import read_json

_COUNTED = re.compile(r"/_allauth/(browser|app)/v1/(auth/(login|signup|password/|code/)|tokens/refresh)|/admin/login/")


class SignInLimit:
    """Counts POSTs that could be guesses, by the caller's address."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Handle one request."""
        if request.method != "POST" or not _COUNTED.match(request.path):
            return self.get_response(request)
        verdict = async_to_sync(limits.hit)(limits.SIGN_IN, request.META.get("REMOTE_ADDR", ""))
        if verdict is None:
            return self.get_response(request)
        response: HttpResponseBase = self.get_response(request) if verdict.allowed else _refused(verdict.wait_s)
        for name, value in verdict.headers():
            response[name] = value
        return response


class SoundBodies:
    """Refuses JSON bodies of the account API that allauth would take amiss, or take only in part.

    All of that API's bodies are JSON, whatever they say of themselves, but for the form that leads to a provider.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Handle one request."""
        form = request.path.endswith("/auth/provider/redirect")
        if request.path.startswith("/_allauth/") and not form and request.body:
            try:
                read_json(request.body)
            except BadRequest as error:
                scope = request.scope  # type: ignore[attr-defined]
                status, body, _ = problem(error, request_id=request_id(scope), status=400)
                return HttpResponse(body, status=status, content_type=CONTENT_TYPE)
        return self.get_response(request)


def _refused(wait_s: int) -> HttpResponse:
    detail = f"Too many attempts from your address. Try again in {wait_s} s."
    return JsonResponse({"status": 429, "detail": detail}, status=429, headers={"Retry-After": str(wait_s)})
