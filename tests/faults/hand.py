"""The hand that breaks things: real signals to real processes, and what they had written cut off."""

import asyncio
import os
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path
from signal import SIGCONT, SIGKILL, SIGSTOP, Signals

import httpx
import psycopg
import redis

from backend.engines import record
from backend.engines.process import is_alive
from tests.support.product import Product, wait_until

EVENT = b'"type":"part.delta"'


class Hand:
    """What a `World` can have done to it."""

    product: Product
    home: Path
    nodes: int
    hard = SIGKILL

    def signal(self, name: str, which: Signals) -> int:
        """Send a signal to a process of the site; returns its pid."""
        pid = self.product.pid(name)
        os.kill(pid, which)
        return pid

    def kill(self, pid: int, which: Signals) -> None:
        """Send a signal to a process that has no name."""
        with suppress(ProcessLookupError):
            os.kill(pid, which)

    @contextmanager
    def frozen(self, name: str) -> Iterator[int]:
        """A process stands still meanwhile; gives its pid."""
        pid = self.signal(name, SIGSTOP)
        try:
            yield pid
        finally:
            os.kill(pid, SIGCONT)

    @asynccontextmanager
    async def kept_down(self, name: str, how: Signals = SIGKILL) -> AsyncIterator[None]:
        """End a process and keep it ended meanwhile: the supervisor, which would start it again, stands still.

        Afterwards it is back. No other process of the site may be expected to come back inside.
        """
        supervisor = self.product.process.pid
        os.kill(supervisor, SIGSTOP)
        try:
            pid = self.signal(name, how)
            await asyncio.to_thread(wait_until, lambda: not is_alive(pid), f"{name} has ended")
            yield
        finally:
            os.kill(supervisor, SIGCONT)
        await self.back(name, pid)

    async def back(self, name: str, before: int) -> None:
        """Wait until a process was started again and answers."""
        await asyncio.to_thread(self._back, name, before)

    def _back(self, name: str, before: int) -> None:
        product = self.product
        wait_until(lambda: product.again(name, before), f"{name} is back", within=60)
        if name.startswith("web-"):
            port = product.port + (int(name.partition("-")[2]) if self.nodes > 1 else 0)
            wait_until(lambda: self.answers(f"http://127.0.0.1:{port}/health/ready"), f"{name} answers", within=60)
        elif name == "postgres":
            wait_until(self.reaches_postgres, "PostgreSQL answers", within=60)
        elif name == "redis":
            wait_until(self.reaches_redis, "Redis answers", within=60)

    def heal(self) -> None:
        """Let go of everything, and wait until the site is whole."""
        os.kill(self.product.process.pid, SIGCONT)
        names = ["redis", "postgres", "worker", "beat", *(f"web-{node}" for node in range(1, self.nodes + 1))]
        for name in names:
            with suppress(OSError, ValueError):
                self.signal(name, SIGCONT)
        for name in names:
            self._back(name, 0)
        with record_client(self.home) as client:
            client.config_set("maxmemory", 0)

    def places(self) -> list[int]:
        """The processes in which the worker runs jobs."""
        pid = self.product.running_pid("worker")
        try:
            return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
        except OSError:
            return []

    def answers(self, url: str) -> bool:
        """Whether this answers 200."""
        try:
            return httpx.get(url, timeout=5).status_code == 200
        except httpx.TransportError:
            return False

    def reaches_postgres(self) -> bool:
        """Whether PostgreSQL takes connections."""
        try:
            psycopg.connect(record.urls(record.read(self.home)).database).close()
        except psycopg.Error:
            return False
        return True

    def reaches_redis(self) -> bool:
        """Whether Redis answers."""
        try:
            with record_client(self.home) as client:
                return bool(client.ping())
        except redis.RedisError:
            return False

    def cut_tail(self, events: int) -> int:
        """Cut so many of the last written events off the append-only file of a Redis that is down; bytes cut.

        Redis 7 has a folder of files, of which the last grows; before, there is one.
        """
        data = Path(record.read(self.home).engines["redis"].data)
        parts = sorted((data / "appendonlydir").glob("*.incr.aof"), key=lambda path: int(path.name.split(".")[-3]))
        file = parts[-1] if parts else data / "appendonly.aof"
        written = file.read_bytes()
        at = len(written)
        for _ in range(events):
            at = written.rindex(EVENT, 0, at)
        os.truncate(file, at)
        return len(written) - at


def record_client(home: Path) -> redis.Redis:
    """A client of the home's Redis."""
    return redis.Redis.from_url(record.urls(record.read(home)).redis)
