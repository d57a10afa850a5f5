"""Steps of the start beside the children: the port, services that others run, migrations, liveness."""

import asyncio
import contextlib
import socket
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import redis
from psycopg.conninfo import conninfo_to_dict

from backend.supervisor.child import StartFailed

SERVICE_WITHIN = 5.0  # seconds


def check_port(*, host: str, port: int) -> None:
    """Raise `StartFailed` when nobody can listen there."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except OSError as error:
        raise StartFailed(f"HOST: {host} is no address of this machine ({error.strerror}).") from error
    with socket.socket(family, kind, protocol) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(address)
        except OSError as error:
            raise StartFailed(
                f"Port {port} on {host} can't be used ({error.strerror}): stop what listens there, or set PORT."
            ) from error


def free_port() -> int:
    """A port on the loopback address that is free now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


async def await_postgres(url: str) -> None:
    """Wait a little for somebody else's PostgreSQL. Raises `StartFailed` without showing the password."""

    def connect() -> str | None:
        try:
            with psycopg.connect(url, connect_timeout=3) as session:
                version = session.info.server_version
        except psycopg.Error as error:
            return str(error).strip().splitlines()[-1] if str(error).strip() else type(error).__name__
        if version < 150000:
            raise StartFailed(f"DATABASE_URL: PostgreSQL {version // 10000} is too old; 15 to 18 are needed.")
        return None

    parts = conninfo_to_dict(url)
    await _until(connect, f"DATABASE_URL: PostgreSQL at {parts.get('host', 'its default address')} does not answer")


async def await_redis(url: str) -> None:
    """Wait a little for somebody else's Redis. Raises `StartFailed`."""

    def connect() -> str | None:
        client = redis.Redis.from_url(url, socket_connect_timeout=3, socket_timeout=3)
        try:
            client.ping()
        except redis.RedisError as error:
            return str(error)
        finally:
            client.close()
        return None

    parts = urlsplit(url)
    await _until(connect, f"REDIS_URL: Redis at {parts.hostname or parts.path} does not answer")


async def migrate(*, root: Path, env: Mapping[str, str]) -> None:
    """Bring the database's tables up to date. Raises `StartFailed` with Django's last line."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        str(root / "manage.py"),
        "migrate",
        "--noinput",
        "--verbosity=0",
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        env=dict(env),
        start_new_session=True,
    )
    try:
        told, _ = await process.communicate()
    except asyncio.CancelledError:
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        raise
    if process.returncode != 0:
        lines = [line for line in told.decode(errors="replace").splitlines() if line.strip()]
        raise StartFailed(f"Migrating the database failed: {lines[-1] if lines else 'it said nothing'}")


async def listening(*, host: str, port: int) -> str | None:
    """None once somebody listens there, else why nobody does."""
    try:
        async with asyncio.timeout(5):
            _, writer = await asyncio.open_connection(host, port)
    except (OSError, TimeoutError) as error:
        return str(error) or "no answer"
    writer.close()
    return None


async def live(*, host: str, port: int, path: str = "/health/live") -> str | None:
    """None once the server answers 200 there, else why it doesn't."""
    try:
        async with asyncio.timeout(5):
            reader, writer = await asyncio.open_connection(host, port)
            try:
                writer.write(f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
                status = (await reader.readline()).decode(errors="replace").strip()
            finally:
                writer.close()
    except (OSError, TimeoutError) as error:
        return str(error) or "no answer"
    return None if " 200" in status else f"{path} answered {status or 'nothing'}"


async def _until(connect: Callable[[], str | None], what: str) -> None:
    loop = asyncio.get_running_loop()
    until = loop.time() + SERVICE_WITHIN
    while (reason := await asyncio.to_thread(connect)) is not None:
        if loop.time() > until:
            raise StartFailed(f"{what}: {reason}")
        await asyncio.sleep(0.5)
