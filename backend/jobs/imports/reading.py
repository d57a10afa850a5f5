"""The conversations of an export: where each is, whose it is, and what is wrong with those that can't be read."""

import hashlib
import io
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, BinaryIO, Final

from backend.jobs.imports.base import BadExport, Source, Told, as_text
from backend.jobs.imports.opening import MIB, Entry, Opened, first_entry
from backend.jobs.imports.pieces import Piece, Pieces
from backend.jobs.imports.sources import LABELS, SOURCES, read, source_of
from backend.jobs.imports.values import value_of

LARGEST: Final = 64 * MIB
"""Of a conversation."""

MOST_FOUND: Final = 100_000
LOOKED_AT = 4 * MIB


@dataclass(frozen=True, slots=True)
class Found:
    """A conversation, or an item of another `part` of our own export, in the plain file; `error` says why it is not to
    be had. `ident` is its id at the source.
    """

    entry: str
    at: int
    size: int
    line: int
    depth: int
    source: Source | None = None
    ident: str = ""
    title: str = ""
    part: str = ""
    error: dict[str, Any] | None = None


def look_through(opened: Opened, *, source: Source | None, parts: frozenset[str] = frozenset()) -> Iterator[Found]:
    """All conversations of an export, whether they can be read or not. `source`: whose they have to be.

    Raises `BadExport` where there is nothing to take.
    """
    good = count = 0
    first: BadExport | None = None
    with opened.path.open("rb") as file:
        for entry in opened.entries:
            part = entry.name.removesuffix(".json") if opened.own else ""
            for found in _of_entry(file, entry, source=source, part=part if part in parts else ""):
                if isinstance(found, BadExport) and opened.own and found.code == "empty":
                    continue
                if isinstance(found, BadExport):
                    first = first or found
                    at, line = entry.at + (found.offset or 0), found.line or 0
                    yield Found(entry.name, at, 0, line, 0, error=found.plain())
                    continue
                good += found.error is None
                count += 1
                if count > MOST_FOUND:
                    raise BadExport("too_large", f"There are over {MOST_FOUND:,} conversations in it.")
                if found.error is not None and first is None:
                    first = BadExport(**{"offset": None, "line": None, **found.error})
                yield found
    if not good:
        raise first or BadExport("empty", "There is no conversation in it.")


def source_at(path: Path) -> tuple[Source | None, BadExport | None]:
    """Whose export a file is, by its first conversation, and what is wrong with its beginning."""
    try:
        head = first_entry(path, most=LOOKED_AT)
    except BadExport as error:
        return None, error
    try:
        piece = next(iter(Pieces(io.BytesIO(head))))
        return source_of(value_of(head[piece.at : piece.at + piece.size], piece)), None
    except BadExport as error:
        cut = len(head) == LOOKED_AT and error.code == "broken_json"
        return None, None if cut else error


def may_be_export(path: Path) -> bool:
    """Whether a JSON file begins as an export does, or with a conversation too long to be looked at."""
    head = first_entry(path, most=LOOKED_AT)
    try:
        piece = next(iter(Pieces(io.BytesIO(head))))
        return source_of(value_of(head[piece.at : piece.at + piece.size], piece)) is not None
    except BadExport as error:
        return len(head) == LOOKED_AT and error.code == "broken_json"


def conversation_at(file: BinaryIO, found: Found) -> Told:
    """Read a conversation that was found. Raises `BadExport`."""
    assert found.source is not None
    return _guarded(_value(file, found), found.source, found)


def item_at(file: BinaryIO, found: Found) -> Any:
    """Read an item of another part of our own export. Raises `BadExport`."""
    return _value(file, found)


def _of_entry(file: BinaryIO, entry: Entry, *, source: Source | None, part: str) -> Iterator[Found | BadExport]:
    file.seek(entry.at)
    walk = iter(Pieces(file, most=entry.size))
    while True:
        try:
            piece = next(walk, None)
        except BadExport as error:
            yield error
            return
        if piece is None:
            return
        after = file.tell()
        yield _found(file, entry, piece, source=source, part=part)
        file.seek(after)


def _found(file: BinaryIO, entry: Entry, piece: Piece, *, source: Source | None, part: str) -> Found:
    at = Found(entry.name, entry.at + piece.at, piece.size, piece.line, piece.depth)
    try:
        return _looked_at(file, at, piece, source=source, part=part)
    except BadExport as error:
        return replace(at, error=error.plain())


def _looked_at(file: BinaryIO, at: Found, piece: Piece, *, source: Source | None, part: str) -> Found:
    where = {"offset": piece.at, "line": piece.line}
    if piece.size > LARGEST:
        said = f"It has {piece.size // MIB} MiB; at most {LARGEST // MIB} MiB are taken."
        raise BadExport("too_large", said, **where)
    file.seek(at.at)
    raw = file.read(piece.size)
    value = value_of(raw, piece)
    if part:
        title = (as_text(value.get("name")) or as_text(value.get("title")))[:200]
        return replace(at, part=part, source="rivulet", ident=as_text(value.get("slug"))[:200], title=title)
    known = source or source_of(value)
    if known is None or not SOURCES[known].knows(value):
        whose = "a source that is known" if known is None else LABELS[known]
        raise BadExport("unknown_shape", f"This is no conversation of {whose}.", **where)
    ident = SOURCES[known].ident(value)[:200] or hashlib.sha256(raw).hexdigest()
    return replace(at, source=known, ident=ident, title=as_text(value.get("title"))[:200])


def _value(file: BinaryIO, found: Found) -> Any:
    file.seek(found.at)
    raw = file.read(found.size)
    if len(raw) < found.size:
        raise BadExport("file_gone", "The file is not the one that was looked through. Upload it again.")
    return value_of(raw, Piece(found.at, found.size, found.line, found.depth))


def _guarded(value: Any, source: Source, found: Found) -> Told:
    try:
        return read(value, source=source)
    except RecursionError as error:
        raise BadExport("unknown_shape", "It is nested too deep.", offset=found.at, line=found.line) from error
