"""An uploaded export as one plain file: the JSON as it is, or what is in a zip, unpacked one behind the other.

What a zip would unpack to is looked at before anything is unpacked, and counted while it is.
"""

import re
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import BinaryIO, Final

from backend.jobs.imports.base import BadExport

MIB = 1024 * 1024
MOST_UNPACKED: Final = 1024 * MIB
MOST_ENTRIES: Final = 20_000
"""Files in a zip, of all sorts."""

COPIED = MIB
MANIFEST: Final = "rivulet.json"
"""A zip with this file is our own."""

_WANTED = re.compile(r"conversations(?:[-_]\d+)?\.(?:json|jsonl)")
_JSON = (".json", ".jsonl")
_NOT_THESE = frozenset(
    {
        *("user.json", "user_settings.json", "message_feedback.json", "model_comparisons.json", "group_chats.json"),
        *("shared_conversations.json", "export_manifest.json", "shopping.json", "sora.json"),
    }
)
"""What else is in an export of ChatGPT."""

_DAMAGE = (zipfile.BadZipFile, zlib.error, OSError, EOFError, ValueError, NotImplementedError, RuntimeError)


@dataclass(frozen=True, slots=True)
class Entry:
    """A JSON document in the plain file, from `at`; `name` in the zip, "" where there is none."""

    name: str
    at: int
    size: int


@dataclass(frozen=True, slots=True)
class Opened:
    """The plain file and what is in it. `own`: of our own export."""

    path: Path
    entries: list[Entry]
    own: bool = False


def is_zip(path: Path) -> bool:
    """By its first bytes."""
    with path.open("rb") as file:
        return file.read(4) == b"PK\x03\x04"


def open_export(path: Path, *, spool: Path, own_entries: frozenset[str] = frozenset()) -> Opened:
    """`spool` is where a zip is unpacked to, unless it is there already; `own_entries` are taken from our own zips.

    Raises `BadExport`.
    """
    try:
        if not is_zip(path):
            return Opened(path, [Entry("", 0, path.stat().st_size)])
    except OSError as error:
        raise BadExport("file_gone", "The file is gone. Upload it again.") from error
    try:
        with zipfile.ZipFile(path) as archive:
            infos, own = _chosen(archive, own_entries)
            entries = _laid_out(infos)
            if not spool.exists():
                _unpack(archive, infos, spool)
    except _DAMAGE as error:
        raise BadExport("broken_zip", "This zip can't be unpacked: it is damaged or encrypted.") from error
    return Opened(spool, entries, own)


def first_entry(path: Path, *, most: int) -> bytes:
    """The beginning of its first JSON document. Raises `BadExport`."""
    try:
        if not is_zip(path):
            with path.open("rb") as file:
                return file.read(most)
        with zipfile.ZipFile(path) as archive:
            infos, _ = _chosen(archive, frozenset())
            with archive.open(infos[0]) as entry:
                return entry.read(most)
    except _DAMAGE as error:
        raise BadExport("broken_zip", "This zip can't be unpacked: it is damaged or encrypted.") from error


def _chosen(archive: zipfile.ZipFile, own_entries: frozenset[str]) -> tuple[list[zipfile.ZipInfo], bool]:
    """The documents to be read, and whether it is our own."""
    infos = [info for info in archive.infolist() if not info.is_dir()]
    if len(infos) > MOST_ENTRIES:
        raise BadExport("too_large", f"There are {len(infos):,} files in this zip; at most {MOST_ENTRIES:,} are read.")
    json = [info for info in infos if _name(info).endswith(_JSON) and not info.filename.startswith("__MACOSX/")]
    wanted = [info for info in json if _WANTED.fullmatch(_name(info))]
    own = any(info.filename == MANIFEST for info in infos)
    chosen = wanted or [info for info in json if _name(info) not in _NOT_THESE]
    if own:
        chosen = wanted + [info for info in json if info.filename in own_entries]
    if not chosen:
        raise BadExport("not_an_export", "There is no JSON with conversations in this zip.")
    if sum(info.file_size for info in chosen) > MOST_UNPACKED:
        raise BadExport("too_large", f"This zip unpacks to more than {MOST_UNPACKED // MIB} MiB.")
    return sorted(chosen, key=lambda info: info.filename), own


def _name(info: zipfile.ZipInfo) -> str:
    return PurePosixPath(info.filename).name.lower()


def _laid_out(infos: list[zipfile.ZipInfo]) -> list[Entry]:
    entries, at = [], 0
    for info in infos:
        entries.append(Entry(info.filename, at, info.file_size))
        at += info.file_size
    return entries


def _unpack(archive: zipfile.ZipFile, infos: list[zipfile.ZipInfo], spool: Path) -> None:
    part = spool.with_suffix(".part")
    try:
        with part.open("wb") as plain:
            for info in infos:
                with archive.open(info) as entry:
                    _copy(entry, plain, size=info.file_size)  # type: ignore[arg-type]
        part.rename(spool)
    finally:
        part.unlink(missing_ok=True)


def _copy(entry: BinaryIO, plain: BinaryIO, *, size: int) -> None:
    """Exactly as many bytes as the zip's list has said."""
    left = size
    while data := entry.read(COPIED):
        left -= len(data)
        if left < 0:
            break
        plain.write(data)
    if left:
        raise zipfile.BadZipFile("the size is another one")
