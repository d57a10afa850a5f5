"""Parameters in the query: what an operation does not know is refused by name, as unknown fields of bodies are."""

from collections.abc import Callable, Coroutine
from typing import Any

from django.http import HttpRequest, HttpResponse
from ninja.operation import Operation
from ninja.params.models import QueryModel

from backend.core.problems import FieldErrors

_KNOWN = "known_parameters"
MAX_NAME = 64

Run = Callable[..., Coroutine[Any, Any, HttpResponse]]


def with_parameters(run: Run) -> Run:
    """Decorates an operation's `run`: the request carries the names that the operation knows."""
    operation: Operation = run.__self__  # type: ignore[attr-defined]
    models = [model for model in operation.models if issubclass(model, QueryModel)]
    known = frozenset(name for model in models for name in getattr(model, "__ninja_flatten_map__", {}))

    async def noted(request: HttpRequest, **path: Any) -> HttpResponse:
        setattr(request, _KNOWN, known)
        return await run(request, **path)

    return noted


def check_parameters(request: HttpRequest) -> None:
    """Raise `FieldErrors` for parameters that the request's operation does not know, or that come twice."""
    known: frozenset[str] = getattr(request, _KNOWN, frozenset())
    errors = []
    for name, values in request.GET.lists():
        shown = name[:MAX_NAME]
        if name not in known:
            errors.append((shown, f"There is no parameter `{shown}`."))
        elif len(values) > 1:
            errors.append((shown, f"The parameter `{shown}` may come only once."))
    if errors:
        raise FieldErrors(errors)
