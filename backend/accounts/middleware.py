"""The limit of sign-ins, sign-ups and resets from one address, in front of allauth's own limits for one account."""

import re
from collections.abc import Callable

from asgiref.sync import async_to_sync
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase

from backend.core import limits

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


def _refused(wait_s: int) -> HttpResponse:
    detail = f"Too many attempts from your address. Try again in {wait_s} s."
    return JsonResponse({"status": 429, "detail": detail}, status=429, headers={"Retry-After": str(wait_s)})
