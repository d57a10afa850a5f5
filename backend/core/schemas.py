"""Bases of the API's bodies and answers, and the reader of JSON bodies with its caps on depth and content."""

import json
from datetime import date, datetime
from typing import Annotated, Any

import orjson
from django.http import HttpRequest
from ninja.parser import Parser
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from backend.core.errors import BadRequest

MAX_DEPTH = 32


class Body(BaseModel):
    """A request's body: a field that it does not know is refused by name."""

    model_config = ConfigDict(extra="forbid", str_max_length=4 * 1024 * 1024)


class Strict(BaseModel):
    """A thing that a client sends, by socket or REST; what it does not know is refused."""

    model_config = ConfigDict(extra="forbid")


def _storable(text: str) -> str:
    """PostgreSQL has no text with NUL; refusing it is honest, dropping it would not be."""
    if "\0" in text:
        raise ValueError("a NUL character can't be stored")
    return text


Text = Annotated[str, AfterValidator(_storable)]
Flag = Annotated[bool, Field(strict=True)]
Whole = Annotated[int, Field(strict=True)]
Number = Annotated[float, Field(strict=True)]
"""JSON's own types: neither "yes" nor "5" is taken for what it looks like."""


def _written(value: Any) -> Any:
    """A number is no date, though it could be read as seconds since 1970."""
    if isinstance(value, int | float) or (isinstance(value, str) and value.strip("+-. ").replace(".", "").isdigit()):
        raise ValueError("it must be written as in ISO 8601, such as 2026-11-23")
    return value


Day = Annotated[date, BeforeValidator(_written)]
Moment = Annotated[datetime, BeforeValidator(_written)]
"""Dates and times as ISO 8601 writes them."""


class Out(BaseModel):
    """A part of an answer, made from dictionaries or objects."""

    model_config = ConfigDict(from_attributes=True)


class JsonParser(Parser):
    """Ninja's parser, with `read_json`."""

    def parse_body(self, request: HttpRequest) -> Any:
        """The body's value. Raises `BadRequest`."""
        return read_json(request.body)


def read_json(raw: bytes) -> Any:
    """JSON as RFC 8259 has it: UTF-8, whole characters, numbers that are some; no name twice in an object.

    At most `MAX_DEPTH` deep; no NUL, which PostgreSQL can't store. Raises `BadRequest`, naming the field where it can.
    """
    try:
        found = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise BadRequest(f"The body is not valid JSON: {error}.") from error
    check(found)
    _NAMES.decode(raw.decode())
    return found


def check(value: Any) -> None:
    """Raise `BadRequest` for a value that is too deep or holds a NUL character, naming where."""
    stack: list[tuple[Any, str, int]] = [(value, "", 0)]
    while stack:
        item, path, depth = stack.pop()
        if depth > MAX_DEPTH:
            raise _refused(path.split(".")[0], f"The body is nested more than {MAX_DEPTH} deep.")
        if isinstance(item, str):
            if "\0" in item:
                raise _refused(path, "Text may not hold a NUL character.")
        elif isinstance(item, dict):
            for key, inner in item.items():
                if "\0" in key:
                    raise _refused(path, "Names may not hold a NUL character.")
                stack.append((inner, f"{path}.{key}" if path else key, depth + 1))
        elif isinstance(item, list):
            stack.extend((inner, f"{path}.{index}", depth + 1) for index, inner in enumerate(item))


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise _refused(twice, "This name comes twice in one object.")
    return found


def _refused(path: str, sentence: str) -> BadRequest:
    return BadRequest(f"{path}: {sentence}" if path else sentence, field=path or None)


_NAMES = json.JSONDecoder(object_pairs_hook=_once, parse_int=len, parse_float=len)
"""Only looks for names that come twice: `orjson` reads values faster, and is stricter with them."""
