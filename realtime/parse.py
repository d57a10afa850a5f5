"""Strict reading of a client's frames: what is wrong is either answered under its id or ends the connection."""

import json
import math
import re
from typing import Any, NoReturn, TypeVar

import msgspec

from realtime.errors import AppError, BadRequest, TooLarge
from realtime.frames import CLIENT_FRAMES, MAX_ID, Ack, ClientFrame, Pong

F = TypeVar("F", bound=msgspec.Struct)

_SURROGATE = re.compile(r"\\u[dD][89abAB]")
_PATH = re.compile(r" - at `\$\.?([^`]*)`")
_FIELD = re.compile(r"field `([^`]*)`")


class BadFrame(Exception):
    """Not a frame at all: the connection ends with 4501."""


class Rejected(Exception):
    """A frame with a usable id that is answered with an error under it."""

    def __init__(self, id: int, error: AppError) -> None:  # noqa: A002 - the protocol's word
        self.id = id
        self.error = error
        super().__init__(str(error))


class Command(msgspec.Struct):
    """A command frame: its id, its name, and its other fields, not yet checked."""

    id: int
    cmd: str
    fields: dict[str, Any]
    size: int


def parse_frame(text: str, *, last_id: int, max_command: int, max_depth: int) -> Command | Ack | Pong:
    """One frame as text. Raises `BadFrame` or `Rejected`."""
    value = _strict_json(text, max_depth)
    if not isinstance(value, dict):
        raise BadFrame("a frame is a JSON object")
    cmd = value.pop("cmd", None)
    if cmd in ("ack", "pong") and "id" not in value:
        try:
            return msgspec.convert(value, Ack) if cmd == "ack" else msgspec.convert(value, Pong)
        except msgspec.ValidationError as error:
            raise BadFrame(str(error)) from None
    id_ = value.pop("id", None)
    if type(id_) is not int or not 1 <= id_ <= MAX_ID:
        raise BadFrame("a command has an id from 1 to 2^53-1")
    size = len(text) if text.isascii() else len(text.encode("utf-8", "surrogatepass"))
    if id_ <= last_id:
        raise Rejected(id_, BadRequest("The ids of commands must rise.", field="id"))
    if size > max_command:
        raise Rejected(id_, TooLarge(f"A command is at most {max_command} bytes; send longer content by REST."))
    if _SURROGATE.search(text):
        _refuse_lone_surrogates(id_, [cmd, value])
    if not isinstance(cmd, str):
        raise Rejected(id_, BadRequest("`cmd` must be the name of a command.", field="cmd"))
    return Command(id=id_, cmd=cmd, fields=value, size=size)


def fields_as(fields: dict[str, Any], kind: type[F]) -> F:
    """The fields of a command as its class. Raises `BadRequest` naming the field."""
    try:
        return msgspec.convert(fields, kind)
    except msgspec.ValidationError as error:
        sentence = _PATH.sub("", str(error))
        names = [found[1] for found in (_PATH.search(str(error)), _FIELD.search(sentence)) if found is not None]
        name = ".".join(names)
        raise BadRequest(f"`{name}`: {sentence}.", field=name) from None


def own_frame(command: Command) -> ClientFrame | None:
    """A command of the library's own, checked; None: it is the application's. Raises `BadRequest`."""
    kind = CLIENT_FRAMES.get(command.cmd)
    return None if kind is None else fields_as(command.fields, kind)


def _strict_json(text: str, max_depth: int) -> Any:
    try:
        value = _DECODER.decode(text)
    except (ValueError, RecursionError) as error:
        raise BadFrame(f"not JSON: {error}") from None
    if text.count("{") + text.count("[") > max_depth and _deeper_than(value, max_depth):
        raise BadFrame("nested too deeply")
    return value


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        raise ValueError("a key comes twice")
    return value


def _number(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError("a number is too large")
    return value


def _constant(text: str) -> NoReturn:
    raise ValueError(f"{text} is no JSON")


def _deeper_than(value: Any, limit: int) -> bool:
    level = [value]
    for _ in range(limit):
        level = [
            inner
            for outer in level
            if isinstance(outer, dict | list)
            for inner in (outer.values() if isinstance(outer, dict) else outer)
        ]
        if not level:
            return False
    return any(isinstance(inner, dict | list) for inner in level)


def _refuse_lone_surrogates(id_: int, value: Any) -> None:
    try:
        json.dumps(value, ensure_ascii=False).encode("utf-8")
    except UnicodeEncodeError:
        raise Rejected(id_, BadRequest("The text holds half of a surrogate pair.")) from None


_DECODER = json.JSONDecoder(object_pairs_hook=_object, parse_constant=_constant, parse_float=_number)
