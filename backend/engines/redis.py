"""The embedded Redis: append-only file synced each second, no eviction, a Unix socket and no port."""

import os
import pwd
import signal
import socket
from functools import partial
from pathlib import Path

from backend.engines.process import Program, command_of, end_leftover, is_alive
from backend.engines.record import REDIS_SOCKET

PID_FILE = "redis.pid"


def describe(
    *, program: Path, data: Path, sockets: Path, log: Path, user: pwd.struct_passwd | None, durable: bool
) -> Program:
    """The server as a program, started in its data folder so that no path needs quoting."""
    path = sockets / REDIS_SOCKET
    command = [str(program), "--port", "0", "--unixsocket", str(path), "--unixsocketperm", "700"]
    command += ["--daemonize", "no", "--supervised", "no", "--pidfile", PID_FILE, "--save", ""]
    command += ["--maxmemory", "0", "--maxmemory-policy", "noeviction"]
    command += ["--appendonly", "yes", "--appendfsync", "everysec" if durable else "no"]
    command += ["--aof-load-truncated", "yes"]
    return Program(
        name="redis",
        command=command,
        folder=data,
        log=log,
        user=user,
        stop_signal=signal.SIGTERM,
        probe=partial(probe, path=path),
        ready_within=60.0,
        clear=partial(clear, data=data, path=path),
    )


def probe(*, path: Path) -> str | None:
    """None once the server answers a PING (not while it loads its file)."""
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as link:
            link.settimeout(2.0)
            link.connect(str(path))
            link.sendall(b"PING\r\n")
            answer = link.recv(128)
    except OSError as error:
        return str(error)
    return None if answer.startswith(b"+PONG") else answer.decode(errors="replace").strip()


def clear(*, data: Path, path: Path) -> None:
    """End a server that a killed supervisor left behind, known by its pid file and its socket's path."""
    file = data / PID_FILE
    try:
        pid = int(file.read_text())
    except (OSError, ValueError):
        pid = 0
    if pid and pid != os.getpid() and is_alive(pid) and "redis-server" in command_of(pid):
        end_leftover(pid, signal.SIGTERM)
    file.unlink(missing_ok=True)
    path.unlink(missing_ok=True)
