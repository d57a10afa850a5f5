"""Both engines of a home: chosen, recorded, prepared, and described for whoever starts them."""

import os
import pwd
from dataclasses import dataclass
from pathlib import Path

from backend.engines import home as homes
from backend.engines import postgres, programs, record, redis
from backend.engines.errors import EngineError
from backend.engines.process import Program
from backend.engines.record import Choice, Record, Urls

LARGEST_LOG = 10 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class EnginePair:
    """What `prepare` found. An engine that was not asked for is None."""

    postgres: Program | None
    redis: Program | None
    urls: Urls
    told: str  # for people: which programs, from where


def prepare(
    home: Path,
    *,
    want_postgres: bool = True,
    want_redis: bool = True,
    durable: bool = True,
    search_path: str | None = None,
) -> EnginePair:
    """Choose engines for the home and make their folders and the cluster; the caller holds the home's lock.

    `durable=False` trades crash safety for speed (tests). Raises `EngineError`.
    """
    home = home.resolve()
    homes.make_home(home)
    kept = record.read(home)
    user = homes.engine_user(kept)
    base = homes.data_base(home=home, record=kept, user=user)
    kept.base = str(base) if base != home else ""
    kept.user = user.pw_name if user else None
    sockets = homes.socket_folder(base=base, record=kept, user=user)
    kept.sockets = str(sockets)
    logs = home / "logs"
    logs.mkdir(exist_ok=True)
    told = []
    database = store = None
    if want_postgres:
        data = homes.data_folder(base=base, name="postgres", user=user)
        found = programs.choose(
            name="PostgreSQL",
            found=programs.find_postgres(search_path=search_path),
            kept=kept.engines.get("postgres"),
            written_by=postgres.written_by(data),
        )
        program = _runnable(found.program, base=base, user=user)
        postgres.make_cluster(program=program, major=found.version[0], data=data, user=user, durable=durable)
        log = _log(logs / "postgres.log")
        database = postgres.describe(program=program, data=data, sockets=sockets, log=log, user=user, durable=durable)
        told.append(_note(kept, "postgres", found, data))
    if want_redis:
        data = homes.data_folder(base=base, name="redis", user=user)
        choice = kept.engines.get("redis")
        found = programs.choose(
            name="Redis",
            found=programs.find_redis(search_path=search_path),
            kept=choice,
            written_by=tuple(map(int, choice.version.split("."))) if choice else None,
        )
        program = _runnable(found.program, base=base, user=user)
        log = _log(logs / "redis.log")
        store = redis.describe(program=program, data=data, sockets=sockets, log=log, user=user, durable=durable)
        told.append(_note(kept, "redis", found, data))
    record.write(home, kept)
    return EnginePair(postgres=database, redis=store, urls=record.urls(kept), told=", ".join(told))


def _note(kept: Record, name: str, found: programs.Found, data: Path) -> str:
    kept.engines[name] = Choice(origin=found.origin, program=str(found.program), version=found.text, data=str(data))
    label = {"postgres": "PostgreSQL", "redis": "Redis"}[name]
    return f"{label} {found.text} ({found.program if found.origin == 'path' else 'from its wheel'})"


def _runnable(program: Path, *, base: Path, user: pwd.struct_passwd | None) -> Path:
    if user is None or _can_run(program, user):
        return program
    copy = homes.runnable_copy(program=program, base=base)
    if not _can_run(copy, user):
        raise EngineError(f"The user {user.pw_name} can't run {program.name} from {copy.parent}.")
    return copy


def _can_run(program: Path, user: pwd.struct_passwd) -> bool:
    beside = [path for path in [program.parent / "initdb"] if path.exists()]
    return all(homes.can_run(one, user) for one in [program, *beside])


def _log(path: Path) -> Path:
    if path.exists() and path.stat().st_size > LARGEST_LOG:
        os.replace(path, path.with_suffix(".log.1"))  # noqa: PTH105
    return path
