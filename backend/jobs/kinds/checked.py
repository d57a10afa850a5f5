"""A spec read as its kind's class."""

from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from backend.core.errors import BadRequest

T = TypeVar("T", bound=BaseModel)


def read_spec(kind: type[T], spec: dict[str, Any]) -> T:
    """Raises `BadRequest` naming the first field that is wrong."""
    try:
        return kind.model_validate(spec)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        path = ".".join(["spec", *(str(part) for part in first["loc"])])
        raise BadRequest(f"{path}: {first['msg']}", field=path) from None
