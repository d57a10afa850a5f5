"""Finds the values of a JSON document, one after the other, without holding any of it.

The document is a list of objects, or objects one after the other (as in JSONL, or a single one). Only strings and
brackets are looked at here, so that a broken value spoils itself alone as long as its brackets are whole.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from backend.jobs.imports.base import BadExport

CHUNK = 1024 * 1024
MOST_BETWEEN = 64 * 1024
"""Bytes between two values."""

_BRACKET = re.compile(rb'(?:[^"{}\[\]]++|"[^"\\]*+(?:\\.[^"\\]*+)*+")*+(["{}\[\]]|\Z)', re.DOTALL)
"""Up to the next bracket outside of strings, or the mark of a string that goes on in the next chunk, or the end."""

_STRING = re.compile(rb'[^"\\]*+(?:\\.[^"\\]*+)*+', re.DOTALL)
_WIDE = (b"\xff\xfe", b"\xfe\xff")
_QUOTE, _OPEN_LIST, _OPEN_OBJECT, _CLOSE_LIST = b'"[{]'


@dataclass(frozen=True, slots=True)
class Piece:
    """A value: `at` and `size` in bytes, `line` from 1, `depth` of its nesting."""

    at: int
    size: int
    line: int
    depth: int


class Pieces:
    """Walks `file` from where it stands, at most `most` bytes; `at` is that place's offset. Walk it once."""

    def __init__(self, file: BinaryIO, *, at: int = 0, most: int | None = None) -> None:
        self._file = file
        self._left = most
        self._at, self._line = at, 1
        """Of what comes next."""
        self._listed = self._over = False
        self._base = self._depth = self._deepest = 0
        self._begun = (at, 1)
        self._between = b""
        self._found = 0
        self._inside = False
        """Of a string."""
        self._rest = b""

    def __iter__(self) -> Iterator[Piece]:
        """Raises `BadExport` where the document goes wrong, after all values before that place."""
        data = self._begin()
        while data:
            yield from self._look(self._rest + data)
            data = self._read()
        self._end()

    def _read(self) -> bytes:
        size = CHUNK if self._left is None else min(CHUNK, self._left)
        data = self._file.read(size) if size else b""
        if self._left is not None:
            self._left -= len(data)
        return data

    def _begin(self) -> bytes:
        head = self._read()
        if head.startswith(_WIDE) or b"\0" in head[:64]:
            raise BadExport("encoding", "This is not UTF-8. Save the file as UTF-8.", offset=self._at, line=1)
        if head.startswith(b"\xef\xbb\xbf"):
            head, self._at = head[3:], self._at + 3
        bare = head.lstrip()
        if not bare:
            raise BadExport("empty", "The file is empty.")
        if bare[0] == _OPEN_LIST:
            self._listed, self._base, self._depth = True, 1, 1
            skipped = len(head) - len(bare) + 1
            self._line += head.count(b"\n", 0, skipped)
            self._at += skipped
            return bare[1:] or self._read()
        if bare[0] != _OPEN_OBJECT:
            raise self._odd(self._at)
        return head

    def _look(self, chunk: bytes) -> Iterator[Piece]:
        self._rest = b""
        gap = pos = self._string(chunk, 0) if self._inside else 0
        counted = 0
        for match in () if self._inside else _BRACKET.finditer(chunk, pos):
            start, pos = match.span(1)
            if start == pos:
                break
            bracket = chunk[start]
            if bracket == _QUOTE:
                self._string(chunk, pos)
                break
            if bracket in (_OPEN_OBJECT, _OPEN_LIST):
                if self._depth == self._base:
                    self._line += chunk.count(b"\n", counted, start)
                    counted = start
                    self._between += chunk[gap:start]
                    self._value(bracket, self._at + start)
                self._depth += 1
                self._deepest = max(self._deepest, self._depth)
            elif self._depth > self._base:
                self._depth -= 1
                if self._depth == self._base:
                    gap = pos
                    self._found += 1
                    at, line = self._begun
                    yield Piece(at=at, size=self._at + pos - at, line=line, depth=self._deepest - self._base)
            else:
                self._line += chunk.count(b"\n", counted, start)
                counted = start
                self._between += chunk[gap:start]
                self._close(bracket, self._at + start)
                gap = pos
        used = len(chunk) - len(self._rest)
        self._line += chunk.count(b"\n", counted, used)
        if self._depth == self._base:
            self._between += chunk[gap:used]
            if len(self._between) > MOST_BETWEEN:
                raise self._odd(self._at + used)
        self._at += used

    def _string(self, chunk: bytes, pos: int) -> int:
        """Go on inside of a string; where it ends, or the end of the chunk, a last backslash left for the next one."""
        match = _STRING.match(chunk, pos)
        end = match.end() if match else pos
        self._inside = end == len(chunk) or chunk[end] != _QUOTE
        if not self._inside:
            return end + 1
        self._rest = chunk[end:]
        return len(chunk)

    def _value(self, bracket: int, offset: int) -> None:
        """A value begins: an object, in a list behind a comma."""
        between, self._between = self._between.strip(), b""
        if self._over or bracket != _OPEN_OBJECT or between != (b"," if self._listed and self._found else b""):
            raise self._odd(offset)
        self._begun, self._deepest = (offset, self._line), self._base

    def _close(self, bracket: int, offset: int) -> None:
        """A closing bracket outside of all values: the list's own, once."""
        between, self._between = self._between.strip(), b""
        if not self._listed or self._over or bracket != _CLOSE_LIST or between:
            raise self._odd(offset)
        self._over, self._base, self._depth = True, 0, 0

    def _odd(self, offset: int) -> BadExport:
        if not self._found:
            return BadExport("not_an_export", "This is no JSON of conversations.", offset=offset, line=self._line)
        said = f"What comes in line {self._line}, byte {offset:,}, is no conversation. Nothing is read from there on."
        return BadExport("broken_json", said, offset=offset, line=self._line)

    def _end(self) -> None:
        if self._depth > self._base:
            at, line = self._begun
            said = f"The file ends inside the conversation that begins in line {line}, byte {at:,}."
            raise BadExport("broken_json", said, offset=at, line=line)
        if self._inside or self._between.strip():
            raise self._odd(self._at)
        if self._listed and not self._over:
            raise BadExport("broken_json", "The file ends before its list does.", offset=self._at, line=self._line)
        if not self._found:
            raise BadExport("empty", "There is no conversation in it.")
