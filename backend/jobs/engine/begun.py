"""Which calls of a job went out, as its worker's death leaves it: a small file beside the database.

The statement that takes rows reserves their calls before any of them goes out. When the worker dies, those that were
never sent are to cost nothing, and only a mark made at the sending tells them from the others. It is made in a mapped
file: that costs no system call worth naming, and outlives the process, though not the machine; another boot, or another
machine, knows nothing of it, and takes all calls for sent.

Whoever lets go of a job takes the file away before it reads. A worker that comes back from the dead finds it gone, and
sends nothing more.
"""

import mmap
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from functools import partial
from pathlib import Path
from uuid import UUID

from django.conf import settings

from backend.providers.base import SENDING

SLOTS = 4096
"""Calls that are remembered, the last ones: many times what a job may have under way."""

SIZE = 16
HEAD = 64
BOOT = Path("/proc/sys/kernel/random/boot_id")


class TakenAway(Exception):
    """Somebody else has the job."""


class Marks:
    """The file of one job, in the worker that has it."""

    def __init__(self, job: UUID, boot: bytes) -> None:
        self._path = _place(job)
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._path.unlink(missing_ok=True)
        self._file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
        os.ftruncate(self._file, HEAD + SLOTS * SIZE)
        self._map = mmap.mmap(self._file, HEAD + SLOTS * SIZE)
        self._map[: len(boot)] = boot
        self._next = 0

    def mark(self, call: UUID) -> None:
        """It goes out now. Raises `TakenAway`."""
        place = HEAD + self._next % SLOTS * SIZE
        self._map[place : place + SIZE] = call.bytes
        self._next += 1
        if not os.fstat(self._file).st_nlink:
            raise TakenAway

    def close(self) -> None:
        """The job is let go of."""
        if os.fstat(self._file).st_nlink:
            self._path.unlink(missing_ok=True)
        self._map.close()
        os.close(self._file)


_MARKS: ContextVar[Marks | None] = ContextVar("marks", default=None)


@contextmanager
def marking(job: UUID) -> Iterator[None]:
    """Have the calls that are made inside be marked; where no file can be made, all count as sent."""
    boot, marks = _boot(), None
    with suppress(OSError):
        marks = Marks(job, boot) if boot else None
    token = _MARKS.set(marks)
    try:
        yield
    finally:
        _MARKS.reset(token)
        if marks is not None:
            marks.close()


@contextmanager
def sent_as(call: UUID | None) -> Iterator[None]:
    """What this task asks a provider for inside is `call`."""
    marks = _MARKS.get()
    token = SENDING.set(None if marks is None or call is None else partial(marks.mark, call))
    try:
        yield
    finally:
        SENDING.reset(token)


def taken(job: UUID) -> list[UUID] | None:
    """The calls of the job that went out last, none of which goes out any more. None: it is not known."""
    try:
        with _place(job).open("rb") as file:
            _place(job).unlink(missing_ok=True)
            data = file.read()
    except OSError:
        return None
    boot = _boot()
    if not boot or data[:HEAD].rstrip(b"\0") != boot:
        return None
    ids = (data[at : at + SIZE] for at in range(HEAD, len(data) - SIZE + 1, SIZE))
    return [UUID(bytes=one) for one in ids if any(one)]


def _place(job: UUID) -> Path:
    home: Path = settings.RIVULET.rivulet_home
    return home / "begun" / str(job)


def _boot() -> bytes:
    try:
        return BOOT.read_bytes().strip()
    except OSError:
        return b""
