"""The REST API at /api/v1: its routers, and every error as an RFC 9457 problem."""

from itertools import takewhile
from typing import Any

import structlog
from django.http import Http404, HttpRequest, HttpResponse
from ninja import NinjaAPI, Router
from ninja.errors import AuthenticationError, HttpError, ValidationError
from ninja.openapi.schema import OpenAPISchema
from ninja.operation import Operation

from backend.accounts.api import router as accounts
from backend.accounts.ninja import Auth
from backend.catalog.api import router as catalog
from backend.chat.api import router as chat
from backend.core.asgi import request_id
from backend.core.errors import AppError, Internal, NotFound, Unauthenticated
from backend.core.openapi import EVENT
from backend.core.parameters import check_parameters, with_parameters
from backend.core.problems import CONTENT_TYPE, FieldErrors, Problem, error_for_status, problem
from backend.core.schemas import JsonParser
from backend.core.sentences import Said, Sentence, sentence
from backend.jobs.api import router as jobs
from backend.jobs.kinds.research.api import router as research
from backend.jobs.openapi import FILES, upload
from backend.ops.connection.openapi import operations
from backend.prompts.api import router as prompts
from backend.prompts.transfer_api import router as prompts_transfer
from backend.usage.api import router as usage

ROUTERS: list[Router] = [accounts, catalog, usage, prompts_transfer, prompts, chat, jobs, research]

TOPIC_EVENTS = "/api/v1/topics/{topic}/events"
_PLACES = frozenset({"body", "query", "path", "form", "header", "cookie", "file"})
_log = structlog.get_logger("rivulet.http")


class Api(NinjaAPI):
    """Ninja with our errors."""

    def on_exception(self, request: HttpRequest, exc: Any) -> HttpResponse:
        """Render any error of an operation; what is unexpected is logged and answered as `internal`."""
        return render(request, to_error(exc))

    def create_temporal_response(self, request: HttpRequest) -> HttpResponse:
        """Where Ninja has checked the caller and is about to check what was given: refuse unknown parameters."""
        check_parameters(request)
        return super().create_temporal_response(request)

    def get_openapi_operation_id(self, operation: Operation) -> str:
        """The function's name: generated clients call it so."""
        return operation.view_func.__name__

    def get_openapi_schema(self, **kwargs: Any) -> OpenAPISchema:
        """Ninja's document, with the problem that any operation may answer."""
        schema = super().get_openapi_schema(**kwargs)
        known = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
        schema["paths"] |= {TOPIC_EVENTS: {"get": topic_events()}, **operations()}
        schema["paths"][FILES]["post"] = upload()
        schema["components"]["schemas"] |= {**known.pop("$defs"), "Problem": known}
        content = {CONTENT_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
        for path in schema["paths"].values():
            for operation in path.values():
                operation["responses"]["default"] = {"description": "A problem", "content": content}
        return schema


def topic_events() -> dict[str, Any]:
    """The operation that answers beside Ninja: a topic's events as a stream, or by long poll."""

    def text(name: str, where: str, description: str, **schema: Any) -> dict[str, Any]:
        shape = {"type": "string"} | schema
        return {"in": where, "name": name, "required": where == "path", "schema": shape, "description": description}

    return {
        "operationId": "topic_events",
        "summary": "Follow a topic",
        "description": "Server-sent events, or one long poll with `Accept: application/json`. The realtime protocol "
        "describes the events.",
        "tags": ["streams"],
        "parameters": [
            text("topic", "path", "Such as `generation.<id>`."),
            text("after", "query", "Go on after this position, `epoch:offset`; without it, from a snapshot."),
            text("wait", "query", "Seconds that a long poll waits.", type="number", minimum=0, maximum=25),
            text("Last-Event-ID", "header", "The same as `after`, which it beats."),
        ],
        "responses": {
            "200": {
                "description": "Events",
                "content": {
                    "text/event-stream": {"schema": EVENT},
                    "application/json": {"schema": {"type": "object"}},
                },
            },
            "204": {"description": "The stream had ended there; nothing will follow"},
        },
        "security": [{"Auth": []}],
    }


def to_error(exc: Exception) -> AppError:
    """The error of the tree that an exception stands for."""
    match exc:
        case AppError():
            return exc
        case ValidationError():
            return FieldErrors([_field_error(entry) for entry in exc.errors])
        case AuthenticationError():
            return Unauthenticated()
        case HttpError():
            return exc.__cause__ if isinstance(exc.__cause__, AppError) else error_for_status(exc.status_code)
        case Http404():
            return NotFound()
    _log.error("request.failed", exc_info=exc)
    return Internal()


def render(request: HttpRequest, error: AppError) -> HttpResponse:
    """The problem as a response."""
    scope = getattr(request, "scope", None)
    status, body, headers = problem(error, request_id=request_id(scope) if scope is not None else "")
    return HttpResponse(body, status=status, content_type=CONTENT_TYPE, headers=dict(headers))


def _field_error(entry: dict[str, Any]) -> tuple[str, Said]:
    """Field and sentence: an error of ours may bring both.

    The first name after the place is the argument's own, which callers don't know.

    So are the names of a union's branches, such as `list[…]`.
    """
    location = list(takewhile(lambda part: "[" not in part, map(str, entry["loc"])))
    if location and location[0] in _PLACES:
        location = location[1:]
        if len(location) > 1:
            location = location[1:]
    given = entry.get("ctx") or {}
    own = given.get("error")
    if isinstance(said := getattr(own, "said", None), Sentence):
        return str(getattr(own, "field", ".".join(location))), said
    message = str(entry["msg"]).removeprefix("Value error, ")
    name, limit = _LIMITS.get(entry["type"], ("", ""))
    said = sentence(name, _WORDS[name], limit=str(given[limit])) if name and limit in given else message
    return ".".join(location), said if isinstance(said, str) or said.text == message else message


_LIMITS = {
    "greater_than_equal": ("at_least", "ge"),
    "less_than_equal": ("at_most", "le"),
    "string_too_long": ("at_most_characters", "max_length"),
}
"""Names of what a field is refused for, and where its limit stands."""
_WORDS = {
    "at_least": "Input should be greater than or equal to {limit}",
    "at_most": "Input should be less than or equal to {limit}",
    "at_most_characters": "String should have at most {limit} characters",
}


api = Api(
    title="Rivulet",
    version="1",
    description="Chat whose streams never break. Errors are RFC 9457 problems; lists are `{items, next}`.",
    urls_namespace="api",
    auth=Auth(),
    parser=JsonParser(),
)
api.add_decorator(with_parameters, mode="view")
for router in ROUTERS:
    api.add_router("", router)
