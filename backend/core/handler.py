"""Two Django handlers behind one address.

`/admin` and `/_allauth` run Django's classic stack with its synchronous middleware (`settings.MIDDLEWARE`). All else
runs the lean handler: no Django middleware, no signal that hops to a thread, so that an API request stays on the loop
but for the one ORM service that it may call.
"""

from collections.abc import Awaitable, Callable
from typing import Any, cast

from asgiref.sync import sync_to_async
from django.core.exceptions import BadRequest, PermissionDenied, RequestAborted, RequestDataTooBig, SuspiciousOperation
from django.core.handlers.asgi import ASGIHandler, get_script_prefix
from django.core.handlers.exception import convert_exception_to_response
from django.core.signals import got_request_exception
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import set_script_prefix

from backend.core.asgi import App, Receive, Scope, Send

CLASSIC = ("/admin", "/_allauth")


class ClassicHandler(ASGIHandler):
    """Django's whole synchronous stack in one thread hop, rather than two for each middleware."""

    def load_middleware(self, is_async: bool = False) -> None:  # noqa: ARG002
        """Load the synchronous chain."""
        super().load_middleware(is_async=False)

    async def get_response_async(self, request: HttpRequest) -> HttpResponseBase:
        """Run the chain in the request's thread."""
        return await sync_to_async(self.get_response, thread_sensitive=True)(request)


class LeanHandler(ASGIHandler):
    """Django's views, routing and responses without its middleware and signals."""

    _get_response_async: Callable[[HttpRequest], Awaitable[HttpResponseBase]]

    def load_middleware(self, is_async: bool = False) -> None:  # noqa: ARG002
        """Leave the chain at the view."""
        self._view_middleware: list[Any] = []
        self._template_response_middleware: list[Any] = []
        self._exception_middleware: list[Any] = []
        self._middleware_chain = convert_exception_to_response(self._get_response_async)

    async def handle(self, scope: Scope, receive: Any, send: Any) -> None:
        """Handle one request. A client that leaves does not stop its request: what it asked for is done."""
        try:
            body = await self.read_body(receive)
        except RequestAborted:
            return
        try:
            set_script_prefix(get_script_prefix(scope))
            request, refused = self.create_request(scope, body)
            response: Any = refused if request is None else await self._respond(request)
            await self.send_response(response, send)
            for close in response._resource_closers:
                close()
        finally:
            body.close()

    async def _respond(self, request: HttpRequest) -> HttpResponseBase:
        try:
            return await self._get_response_async(request)
        except Exception as error:  # noqa: BLE001
            return _error_response(request, error)


def _error_response(request: HttpRequest, error: Exception) -> HttpResponseBase:
    """A bare status, which the edge turns into a problem; what is unexpected is left to the edge, which logs it."""
    statuses: list[tuple[type[Exception], int]] = [
        (Http404, 404),
        (PermissionDenied, 403),
        (RequestDataTooBig, 413),
        (SuspiciousOperation, 400),
        (BadRequest, 400),
    ]
    for kind, status in statuses:
        if isinstance(error, kind):
            return HttpResponse(status=status)
    got_request_exception.send(sender=LeanHandler, request=request)
    raise error


def django_app() -> App:
    """The ASGI application of both handlers. Call it after `django.setup()`."""
    classic: App = cast("App", ClassicHandler())
    lean: App = cast("App", LeanHandler())

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        path: str = scope["path"]
        is_classic = any(path == prefix or path.startswith(f"{prefix}/") for prefix in CLASSIC)
        await (classic if is_classic else lean)(scope, receive, send)

    return app
