"""A piece of JSON as a value. What `orjson` refuses is read again by slower means, which know where it is wrong."""

import json
import re
from json.decoder import scanstring  # type: ignore[attr-defined]
from typing import Any

import orjson

from backend.jobs.imports.base import BadExport
from backend.jobs.imports.pieces import Piece

DEEP = 900
"""Levels from which the readers that call themselves give up."""

_SPACE = re.compile(r"[ \t\n\r]*")
_SCALAR = re.compile(r"-?\d{1,400}(?:\.\d+)?(?:[eE][-+]?\d+)?|true|false|null")


def value_of(raw: bytes, piece: Piece) -> Any:
    """Raises `BadExport` with the place in the file."""
    try:
        return orjson.loads(raw)
    except orjson.JSONDecodeError:
        pass
    try:
        text = raw.decode()
    except UnicodeDecodeError as error:
        said = f"Byte {piece.at + error.start:,} (0x{raw[error.start]:02X}) is not UTF-8."
        line = piece.line + raw.count(b"\n", 0, error.start)
        raise BadExport("encoding", said, offset=piece.at + error.start, line=line) from error
    try:
        return read_deep(text) if piece.depth > DEEP else json.loads(text)
    except json.JSONDecodeError as error:
        offset, line = piece.at + len(text[: error.pos].encode()), piece.line + error.lineno - 1
        said = f"This is not JSON: {error.msg} (line {line}, byte {offset:,})."
        raise BadExport("broken_json", said, offset=offset, line=line) from error
    except ValueError as error:
        said = f"This is not JSON: {str(error)[:100]}."
        raise BadExport("broken_json", said, offset=piece.at, line=piece.line) from error


def read_deep(text: str) -> Any:
    """A JSON object however deep it is nested. Raises `JSONDecodeError`."""
    open_ones: list[Any] = []
    key, pos = "", 0
    while True:
        pos = _after(text, pos)
        mark = text[pos : pos + 1]
        if mark in {"{", "["}:
            value: Any = {} if mark == "{" else []
            pos = _after(text, pos + 1)
        else:
            value, pos = _plain(text, pos, mark)
        if open_ones:
            _put(open_ones[-1], key, value)
        if mark in {"{", "["}:
            open_ones.append(value)
            if text[pos : pos + 1] != _CLOSING[type(value)]:
                key, pos = _name(text, pos, value)
                continue
        while open_ones:
            pos = _after(text, pos)
            mark = text[pos : pos + 1]
            if mark == ",":
                key, pos = _name(text, pos + 1, open_ones[-1])
                break
            if mark != _CLOSING[type(open_ones[-1])]:
                raise json.JSONDecodeError("Expecting ',' delimiter", text, pos)
            value, pos = open_ones.pop(), pos + 1
        else:
            return value


_CLOSING: dict[type, str] = {dict: "}", list: "]"}


def _after(text: str, pos: int) -> int:
    match = _SPACE.match(text, pos)
    return match.end() if match else pos


def _plain(text: str, pos: int, mark: str) -> tuple[Any, int]:
    if mark == '"':
        said, end = scanstring(text, pos + 1, True)  # noqa: FBT003 - the standard library's own
        return said, end
    match = _SCALAR.match(text, pos)
    if match is None:
        raise json.JSONDecodeError("Expecting value", text, pos)
    return json.loads(match[0]), match.end()


def _name(text: str, pos: int, inside: Any) -> tuple[str, int]:
    """In an object, the name of the next value; where that value begins."""
    if isinstance(inside, list):
        return "", pos
    pos = _after(text, pos)
    if text[pos : pos + 1] != '"':
        raise json.JSONDecodeError("Expecting property name enclosed in double quotes", text, pos)
    name, pos = scanstring(text, pos + 1, True)  # noqa: FBT003
    pos = _after(text, pos)
    if text[pos : pos + 1] != ":":
        raise json.JSONDecodeError("Expecting ':' delimiter", text, pos)
    return name, pos + 1


def _put(inside: Any, key: str, value: Any) -> None:
    if isinstance(inside, list):
        inside.append(value)
    else:
        inside[key] = value
