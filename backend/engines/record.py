"""What was chosen at the first start, kept in `<home>/engines.json`."""

import json
import os
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote

from backend.engines.errors import EngineError

NAME = "engines.json"
DATABASE = "rivulet"
REDIS_SOCKET = "redis.sock"


@dataclass(slots=True)
class Choice:
    """One engine: where its programs came from, its version, its data."""

    origin: str  # "path" or "wheel"
    program: str
    version: str
    data: str


@dataclass(slots=True)
class Record:
    """The whole of `engines.json`. `user` is the system user that the engines run under, None for one's own."""

    sockets: str = ""
    user: str | None = None
    base: str = ""
    engines: dict[str, Choice] = field(default_factory=dict)


class Urls(NamedTuple):
    """How to reach the embedded engines: libpq and Redis URLs over Unix sockets."""

    database: str
    redis: str


def read(home: Path) -> Record:
    """The home's record, empty at a first start. Raises `EngineError` when the file can't be understood."""
    path = home / NAME
    try:
        raw: dict[str, Any] = json.loads(path.read_text())
        engines = {name: Choice(**choice) for name, choice in raw.pop("engines", {}).items()}
        return Record(**raw, engines=engines)
    except FileNotFoundError:
        return Record()
    except (ValueError, TypeError, AttributeError, OSError) as error:
        raise EngineError(
            f"{path}, which records the engines of this home, can't be read ({error}); mend it or move it away."
        ) from error


def write(home: Path, record: Record) -> None:
    """Replace the home's record as a whole."""
    new = home / f"{NAME}.new"
    new.write_text(json.dumps(asdict(record), indent=2) + "\n")
    new.chmod(0o644)
    new.replace(home / NAME)


def urls(record: Record) -> Urls:
    """The engines' URLs."""
    host = quote(record.sockets, safe="")
    return Urls(
        database=f"postgresql://{DATABASE}@/{DATABASE}?host={host}",
        redis=f"unix://{record.sockets}/{REDIS_SOCKET}?db=0",
    )


def recorded_urls(home: Path) -> Urls | None:
    """The URLs of the home's engines, running or not; None before their first start."""
    if not os.access(home / NAME, os.R_OK):
        return None
    record = read(home)
    return urls(record) if record.sockets else None
