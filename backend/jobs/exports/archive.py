"""An export as one file, made while it is sent: a zip with JSON and Markdown, or conversations as one Markdown text."""

import io
import json
import zipfile
from collections.abc import AsyncIterator, Iterator
from typing import Any
from uuid import UUID

from backend.core.db import in_thread
from backend.jobs import selectors
from backend.jobs.exports.markdown import file_name, markdown
from backend.jobs.imports.opening import MANIFEST
from backend.jobs.models import Job

VERSION = 1
SENT = 256 * 1024
"""Bytes that are sent together."""

_README = (
    "conversations.json: all conversations with all branches; Rivulet can import this zip again.\n"
    "markdown/: the same to read. The other files: the rest of your data.\n"
)


async def as_zip(job: Job) -> AsyncIterator[bytes]:
    """The pieces of the zip."""
    async for piece in _threaded(_zipped(job)):
        yield piece


async def as_markdown(job: Job) -> AsyncIterator[bytes]:
    """One conversation behind the other."""
    async for piece in _threaded(_texts(job.id)):
        yield piece


async def _threaded(pieces: Iterator[bytes]) -> AsyncIterator[bytes]:
    while (piece := await in_thread(next, pieces, b"")) != b"":
        yield piece


class _Sink(io.RawIOBase):
    """Where a zip is written to, front to back."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []
        self._size = 0

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self._pieces.append(bytes(data))
        self._size += len(data)
        return len(data)

    def full(self) -> bool:
        return self._size >= SENT

    def taken(self) -> bytes:
        found = b"".join(self._pieces)
        self._pieces, self._size = [], 0
        return found


def _zipped(job: Job) -> Iterator[bytes]:
    sink = _Sink()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as archive:
        manifest = {
            "format": "rivulet.export",
            "version": VERSION,
            "job": str(job.id),
            "exported": str(job.finished_at),
        }
        archive.writestr(MANIFEST, json.dumps(manifest, indent=1))
        archive.writestr("README.txt", _README)
        with archive.open("conversations.json", "w", force_zip64=True) as entry:
            mark = b"["
            for _, output in _done(job.id, part=False):
                entry.write(mark + output.encode())
                mark = b",\n"
                if sink.full():
                    yield sink.taken()
            entry.write(b"]\n" if mark != b"[" else b"[]\n")
        for name, output in _done(job.id, part=True):
            archive.writestr(f"{name}.json", output)
            yield sink.taken()
        for _, output in _done(job.id, part=False):
            conversation = json.loads(output)
            archive.writestr(f"markdown/{file_name(conversation)}", markdown(conversation))
            if sink.full():
                yield sink.taken()
    yield sink.taken()


def _texts(job: UUID) -> Iterator[bytes]:
    mark = ""
    for _, output in _done(job, part=False):
        yield f"{mark}{markdown(json.loads(output))}".encode()
        mark = "\n---\n\n"


def _done(job: UUID, *, part: bool) -> Iterator[tuple[str, str]]:
    """Outputs of rows: of the other parts with their names, or of conversations."""
    after = -1
    while found := selectors.result_rows(job=job, after=after):
        after = found[-1]["index"]
        for row in found:
            name = (row["input"] or {}).get("part", "")
            if row["status"] == "done" and bool(name) is part:
                yield name, row["output"]
