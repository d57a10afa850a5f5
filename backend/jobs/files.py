"""Uploaded files: kept under their id, looked into once for their columns and first rows."""

import re
import time
import zipfile
from contextlib import suppress
from itertools import islice
from pathlib import Path
from uuid import UUID

from django.db import transaction
from django.db.models import Q

from backend.accounts.permissions import Owned, require
from backend.accounts.principal import Principal
from backend.core.errors import Conflict, NotFound, QuotaExceeded
from backend.core.pagination import Page, page
from backend.core.sentences import named, sentence, text_of
from backend.jobs.imports.reading import source_at
from backend.jobs.models import ENDED, File, files_folder
from backend.jobs.schemas import FileOut, TableProblem
from backend.jobs.tables import BadLine, BadTable, Options, guess_format, open_table

TABLES = frozenset({"csv", "jsonl", "xlsx"})
EXPORTS = frozenset({"json", "jsonl", "zip"})
SHOWN_ROWS = 10
LOOKED_AT = 1000
"""Lines that the first look goes through."""

LOOKED_AT_CHARS = 2 * 1024 * 1024
LARGEST_BOOK = 4 * 1024 * 1024
"""Bytes of a workbook that is looked into: its texts have to be read whole."""

SHOWN_PROBLEMS = 20
FILE_GONE = sentence("file_gone", "The file is gone. Upload it again.")
_BOOK = re.compile(rb"\[Content_Types\]|_rels/|docProps/|xl/")
"""What a workbook begins with."""

LEFT_SECONDS = 24 * 3600
MAX_FILES = 200
"""Of a person."""


def file_created(*, principal: Principal, ident: UUID, name: str, size: int, path: Path, final: Path) -> FileOut:
    """Keep an upload that is whole: its row and its bytes, or neither. Raises `QuotaExceeded`."""
    with path.open("rb") as opened:
        head = opened.read(64)
    shown = _plain(name) or "upload"
    form = _format(shown, head, path)
    if File.objects.filter(owner_id=principal.user_id).count() >= MAX_FILES:
        raise QuotaExceeded(f"You have {MAX_FILES} files. Delete some of them first.")
    with transaction.atomic():
        row = File.objects.create(id=ident, owner_id=principal.user_id, name=shown, size=size, format=form)
        path.rename(final)
    return file_out(row, look=True)


def file_out(row: File, *, look: bool = False, options: Options | None = None) -> FileOut:
    """A file as clients see it; `look`: into it."""
    found = FileOut(id=row.id, name=row.name, size=row.size, format=row.format, created=row.created)
    if look and row.format in TABLES and (row.format != "xlsx" or row.size <= LARGEST_BOOK):
        _look(row, found, options or Options())
    if look and row.format in EXPORTS:
        _look_for_export(row, found)
    return found


def file_get(*, principal: Principal, file: UUID, options: Options) -> FileOut:
    """One of the own files, looked into. Raises `NotFound`."""
    return file_out(_own(principal, file, "read"), look=True, options=options)


def file_page(*, principal: Principal, before: UUID | None, limit: int) -> Page[FileOut]:
    """The own files, the newest first."""
    require(principal, "read", Owned("file", principal.user_id))
    found = File.objects.filter(owner_id=principal.user_id)
    if before is not None:
        found = found.filter(id__lt=before)
    return page([file_out(row) for row in found.order_by("-id")[: limit + 1]], limit=limit, key=lambda row: row.id)


def file_delete(*, principal: Principal, file: UUID) -> None:
    """Delete it, bytes and all. Raises `Conflict` while a job is still to read it."""
    row = _own(principal, file, "delete")
    if row.jobs.filter(Q(ready=False) | Q(kind="import")).exclude(status__in=ENDED).exists():
        raise Conflict("A job is still to read this file.")
    path = row.path
    row.delete()
    path.unlink(missing_ok=True)


def clean(*, dry: bool = False) -> int:
    """Remove what broken-off uploads and deleted people have left on the disk, or only count it; how many files."""
    folder = files_folder()
    if not folder.is_dir():
        return 0
    old = [path for path in folder.iterdir() if time.time() - path.stat().st_mtime > LEFT_SECONDS]
    kept = {str(ident) for ident in File.objects.values_list("id", flat=True)}
    left = [path for path in old if path.name not in kept]
    for path in () if dry else left:
        path.unlink(missing_ok=True)
    return len(left)


def _own(principal: Principal, file: UUID, verb: str) -> File:
    row = File.objects.filter(id=file).first()
    if row is None:
        raise NotFound
    require(principal, "delete" if verb == "delete" else "read", Owned("file", row.owner_id))
    return row


def _look(row: File, found: FileOut, options: Options) -> None:
    try:
        table = open_table(row.path, format=row.format, options=options)  # type: ignore[arg-type]
        found.columns = table.columns
        seen = 0
        for line in islice(table.rows, LOOKED_AT):
            seen += 0 if isinstance(line, BadLine) else sum(map(len, line.values.values()))
            if seen > LOOKED_AT_CHARS:
                return
            if isinstance(line, BadLine):
                if len(found.problems) < SHOWN_PROBLEMS:
                    found.problems.append(TableProblem(line=line.number, reason=line.reason, said=named(line.said)))
            elif len(found.preview) < SHOWN_ROWS:
                found.preview.append({name: value[:200] for name, value in line.values.items()})
    except BadTable as error:
        found.problems.append(TableProblem(line=error.line, reason=error.reason, said=named(error.why)))
    except OSError:
        found.problems.append(TableProblem(line=None, reason=text_of(FILE_GONE), said=named(FILE_GONE)))


def _format(name: str, head: bytes, path: Path) -> str:
    """A zip that is no workbook and JSON that is no table are for imports."""
    found = guess_format(name=name, head=head) or ""
    if found == "xlsx" and zipfile.is_zipfile(path):
        with suppress(zipfile.BadZipFile, OSError, ValueError), zipfile.ZipFile(path) as archive:
            return "xlsx" if any(entry.startswith("xl/") for entry in archive.namelist()) else "zip"
    if found == "xlsx" and not name.lower().endswith(".xlsx") and not _BOOK.search(head):
        return "zip"
    if found in {"", "jsonl"} and head.lstrip(b"\xef\xbb\xbf \r\n\t")[:1] in {b"[", b"{"}:
        plain = not name.lower().endswith((".jsonl", ".ndjson"))
        return "json" if plain and (not found or source_at(path)[0]) else found
    return found


def _look_for_export(row: File, found: FileOut) -> None:
    source, error = source_at(row.path)
    found.source = source or ""
    if error is not None and row.format != "jsonl":
        found.problems.append(TableProblem(line=error.line, reason=error.message))


def _plain(name: str) -> str:
    """A name without folders and control characters."""
    last = name.replace("\\", "/").rpartition("/")[2]
    return "".join(char for char in last if char.isprintable()).strip()[:200]
