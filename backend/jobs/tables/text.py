"""Lines of a text file with their numbers, decoded one by one, so that a wrong byte is told with its line."""

import codecs
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from backend.core.sentences import sentence
from backend.jobs.tables.base import MAX_COLUMNS, MAX_LINE, NUL, TOO_LONG, BadLine, BadTable, Options

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_NAMES = {"utf-8": "UTF-8", "utf-16-le": "UTF-16", "utf-16-be": "UTF-16"}

TextLine = tuple[int, str] | BadLine


def text_lines(path: Path, options: Options) -> Iterator[TextLine]:
    """Each line with its line ending, and its number from 1. Raises `BadTable` for what is no text at all."""
    encoding = _known(options.encoding)
    with path.open("rb") as file:
        head = file.read(4)
        skipped = 0
        for mark, name in _MARKS:
            if head.startswith(mark) and encoding in {"", name, "utf-16"}:
                encoding, skipped = name, len(mark)
        encoding = encoding or "utf-8"
        file.seek(skipped)
        yield from _wide(file, encoding) if encoding.startswith(("utf-16", "utf-32")) else _narrow(file, encoding)


def _narrow(file: BinaryIO, encoding: str) -> Iterator[TextLine]:
    """Encodings in which a line ends with the byte 0x0A."""
    number = 0
    while raw := file.readline(MAX_LINE + 1):
        number += 1
        if len(raw) > MAX_LINE:
            yield _long(raw, number)
            while raw and not raw.endswith(b"\n"):
                raw = file.readline(MAX_LINE)
            continue
        if b"\0" in raw:
            said = "There is a NUL byte in it: this is no plain text, or not in this encoding."
            yield BadLine(number, sentence("nul_byte", said))
            continue
        try:
            yield number, raw.decode(encoding)
        except UnicodeDecodeError as error:
            yield BadLine(
                number,
                sentence(
                    "byte_wrong",
                    "Byte {byte} (0x{value}) is not {encoding}. Save the file as UTF-8, or say its encoding, such as "
                    "windows-1252.",
                    byte=error.start + 1,
                    value=f"{raw[error.start]:02X}",
                    encoding=_NAMES.get(encoding, encoding),
                ),
            )


def _wide(file: BinaryIO, encoding: str) -> Iterator[TextLine]:
    reader = codecs.getreader(encoding)(file)
    number = 0
    while True:
        try:
            text = reader.readline(MAX_LINE + 1)
        except UnicodeDecodeError as error:
            said = "This is not {encoding}: {reason}."
            wrong = sentence("encoding_wrong", said, encoding=encoding.upper(), reason=error.reason)
            raise BadTable(wrong, line=number + 1) from error
        if not text:
            return
        number += 1
        if len(text) > MAX_LINE:
            yield _long(text.encode("utf-8", "replace"), number)
            text = _rest(reader, text, number)
            continue
        if "\0" in text:
            yield BadLine(number, NUL)
            continue
        yield number, text


def _rest(reader: codecs.StreamReader, text: str, number: int) -> str:
    """Pass over the rest of a line."""
    try:
        while text and not text.endswith("\n"):
            text = reader.readline(MAX_LINE)
    except UnicodeDecodeError as error:
        raise BadTable(f"The text can't be read on: {error.reason}.", line=number) from error
    return text


def _long(raw: bytes, number: int) -> BadLine:
    """A line that is too long. Raises `BadTable` where it is a header of too many columns."""
    most = max((raw.count(mark) for mark in (b",", b";", b"\t", b"|")), default=0)
    if number == 1 and most >= MAX_COLUMNS:
        said = "There are over {count} columns; at most {most} are read."
        raise BadTable(sentence("columns_over", said, count=most, most=MAX_COLUMNS), line=1)
    return BadLine(number, TOO_LONG)


def _known(name: str) -> str:
    if not name:
        return ""
    try:
        found = codecs.lookup(name).name
        "".encode(found)
    except (LookupError, UnicodeError) as error:
        said = "There is no encoding {name}. Try utf-8, utf-16 or windows-1252."
        raise BadTable(sentence("encoding_unknown", said, name=repr(name[:40]))) from error
    return {"utf-8-sig": "utf-8"}.get(found, found)
