"""The embedded PostgreSQL: its cluster made once, its server described as a `Program`."""

import contextlib
import os
import pwd
import signal
import subprocess
from functools import partial
from pathlib import Path

import psycopg
from psycopg import sql

from backend.engines.errors import EngineError
from backend.engines.process import Program, command_of, end_leftover, is_alive, user_options
from backend.engines.record import DATABASE

SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "200",
    "shared_buffers": "128MB",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_destination": "stderr",
    "logging_collector": "off",
}
WITHOUT_DURABILITY = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
LOCALES = ("C.UTF-8", "C.utf8", "en_US.UTF-8", "C")


def written_by(data: Path) -> tuple[int, ...] | None:
    """The major version that made the cluster, None when there is none yet."""
    try:
        return (int((data / "PG_VERSION").read_text().split(".")[0]),)
    except FileNotFoundError:
        return None
    except (ValueError, OSError) as error:
        raise EngineError(f"{data} holds no readable PostgreSQL cluster: {error}.") from error


def make_cluster(*, program: Path, major: int, data: Path, user: pwd.struct_passwd | None, durable: bool) -> None:
    """Run `initdb` in an empty folder, with UTF-8 and a locale that orders the same on every machine."""
    if (data / "PG_VERSION").exists():
        return
    base = [str(program.parent / "initdb"), "-D", str(data), "-U", DATABASE, "--auth=trust", "--encoding=UTF8"]
    base += [] if durable else ["--no-sync"]
    if major >= 17:
        tries = [[*base, "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]]
    else:
        tries = [[*base, f"--locale={name}"] for name in LOCALES]
    told = ""
    for command in tries:
        _empty(data)
        ran = subprocess.run(  # noqa: S603
            command,
            capture_output=True,
            text=True,
            check=False,
            cwd=data,
            **user_options(user),
        )
        if ran.returncode == 0:
            return
        told = ran.stderr.strip().splitlines()[-1] if ran.stderr.strip() else f"exit {ran.returncode}"
    raise EngineError(f"PostgreSQL could not make its cluster in {data}: {told}.")


def describe(
    *, program: Path, data: Path, sockets: Path, log: Path, user: pwd.struct_passwd | None, durable: bool
) -> Program:
    """The server as a program. SIGINT is PostgreSQL's fast shutdown: it ends sessions and keeps every commit."""
    settings = SETTINGS | {"unix_socket_directories": str(sockets)} | ({} if durable else WITHOUT_DURABILITY)
    command = [str(program), "-D", str(data)]
    for name, value in settings.items():
        command += ["-c", f"{name}={value}"]
    return Program(
        name="postgres",
        command=command,
        folder=data,
        log=log,
        user=user,
        stop_signal=signal.SIGINT,
        probe=partial(probe, sockets=sockets),
        ready_within=120.0,
        clear=partial(clear, data=data),
    )


def probe(*, sockets: Path) -> str | None:
    """None once the server takes sessions and the product's database is there."""
    try:
        with psycopg.connect(
            host=str(sockets), user=DATABASE, dbname="postgres", autocommit=True, connect_timeout=5
        ) as session:
            row = session.execute("select 1 from pg_database where datname = %s", [DATABASE]).fetchone()
            if row is None:
                session.execute(sql.SQL("create database {}").format(sql.Identifier(DATABASE)))
    except psycopg.Error as error:
        return str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
    return None


def clear(*, data: Path) -> None:
    """End a server that a killed supervisor left behind; drop a pid file whose process is somebody else."""
    path = data / "postmaster.pid"
    try:
        pid = abs(int(path.read_text().split()[0]))
    except (OSError, ValueError, IndexError):
        return
    if is_alive(pid) and pid != os.getpid():
        command = command_of(pid)
        if str(data) in command:
            end_leftover(pid, signal.SIGINT)
            return
        if "postgres" in command:
            raise EngineError(f"Process {pid} ({command}) seems to hold {data}: stop it first.")
    with contextlib.suppress(FileNotFoundError):
        path.unlink()


def _empty(data: Path) -> None:
    for path in data.iterdir():
        raise EngineError(
            f"{data} is neither empty nor a PostgreSQL cluster (it has {path.name}): move it away, or set RIVULET_HOME."
        )
