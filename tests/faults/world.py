"""Several nodes behind nginx, a scripted provider, and the hand that breaks things: real processes, real signals."""

import asyncio
import contextlib
import json
import os
import random
import signal
import socket
import time
import uuid
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Self

import httpx
import psycopg
import redis

from backend.engines import recorded_urls
from backend.engines.process import is_alive
from tests.faults.follower import Follower
from tests.load.site import new_key
from tests.support import nginx
from tests.support.product import Product, wait_until
from tests.support.upstream import Upstream

SILENCE = 4.0
"""Seconds that a provider may be silent."""


class World:
    """A running site of `nodes` nodes, every interval multiplied by `scale`."""

    def __init__(self, home: Path, *, nodes: int, scale: float, seed: int, **settings: str) -> None:
        if nodes > 1:
            nginx.ensure()
        self.nodes = nodes
        self.scale = scale
        self.chance = random.Random(seed)
        self.upstream = Upstream()
        self.home = home
        self._settings = settings

    def __enter__(self) -> Self:
        self.upstream.start()
        base = _ports_in_a_row(self.nodes + 1)
        self.product = Product(
            self.home,
            NODES=str(self.nodes),
            PORT=str(base),
            RIVULET_ENV="development",  # disks are synced as in real use
            TIME_SCALE=str(self.scale),
            LIMITS="off",
            TITLES="off",
            OPENAI_BASE_URL=self.upstream.url,
            OPENAI_API_KEY="any",
            OPENAI_CONTINUATION="prefix",
            PROVIDER_SILENCE_TIMEOUT=str(SILENCE),
            PROVIDER_FIRST_TIMEOUT=str(SILENCE),
            **self._settings,
        )
        self.product.start()
        self.key = new_key(self.product, "ada@example.com")
        return self

    def __exit__(self, *_: object) -> None:
        self.product.stop()
        self.upstream.stop()

    def http(self) -> httpx.AsyncClient:
        """A client of the REST API; each test's loop needs its own."""
        headers = {"Authorization": f"Bearer {self.key}"}
        return httpx.AsyncClient(base_url=self.product.url, headers=headers, timeout=30)

    @property
    def front(self) -> str:
        """The socket's address at nginx."""
        return f"ws://127.0.0.1:{self.product.port}/ws/v1/"

    def behind(self, node: int) -> str:
        """The socket's address at one node, from 1."""
        port = self.product.port + node if self.nodes > 1 else self.product.port
        return f"ws://127.0.0.1:{port}/ws/v1/"

    def follower(self, started: dict[str, Any], *urls: str) -> Follower:
        """A client that follows an answer."""
        return Follower(list(urls) or [self.front], token=self.key, topic=started["topic"], chance=self.chance)

    async def send(self, content: str) -> dict[str, Any]:
        """Ask, as a client that tries again with the same key while it is told to."""
        conversation = await self.call("POST", "conversations", {"title": "faults"})
        fields = {"content": content, "model": "mock"}
        return await self.call("POST", f"conversations/{conversation['id']}/messages", fields)

    async def message(self, ident: str, *, within: float = 30) -> dict[str, Any]:
        """A message, once it has ended."""
        until = time.monotonic() + within
        while True:
            found = await self.call("GET", f"messages/{ident}")
            if found["status"] not in {"queued", "running"} or time.monotonic() > until:
                return found
            await asyncio.sleep(0.05)

    async def cancel(self, started: dict[str, Any]) -> dict[str, Any]:
        """Ask for a stop."""
        return await self.call("POST", f"generations/{started['generation']}/cancel", None)

    async def log(self, started: dict[str, Any]) -> list[dict[str, Any]]:
        """The whole log of an answer, from Redis itself."""
        topic = started["topic"]
        [(epoch,)] = self.rows("SELECT epoch FROM chat_generation WHERE id = %s", topic.partition(".")[2])
        urls = recorded_urls(self.home)
        assert urls is not None
        with redis.Redis.from_url(urls.redis) as client:
            return [json.loads(event) for event in client.lrange(f"rv:log:{topic}:{epoch}", 0, -1)]

    async def conversation_events(self, conversation: str) -> list[dict[str, Any]]:
        """All events of a conversation, from the database."""
        return [
            json.loads(body)
            for (body,) in self.rows(
                'SELECT body FROM core_outboxevent WHERE topic = %s ORDER BY "offset"', f"conversation.{conversation}"
            )
        ]

    def rows(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        """Ask PostgreSQL itself."""
        urls = recorded_urls(self.home)
        assert urls is not None
        with psycopg.connect(urls.database) as session:
            return session.execute(statement.encode(), values).fetchall()

    def database(self) -> "psycopg.Connection[tuple[Any, ...]]":
        """A session of the test's own, a transaction until it is closed."""
        urls = recorded_urls(self.home)
        assert urls is not None
        return psycopg.connect(urls.database)

    def reaches_postgres(self) -> bool:
        """Whether PostgreSQL takes connections."""
        try:
            self.rows("SELECT 1")
        except psycopg.Error:
            return False
        return True

    def owner(self, started: dict[str, Any]) -> int:
        """The node that writes an answer now."""
        [(owner,)] = self.rows("SELECT lease_owner FROM chat_generation WHERE id = %s", started["generation"])
        return int(owner.partition(".")[0].rpartition("-")[2])

    def attempts(self, started: dict[str, Any]) -> int:
        """How many attempts there were."""
        [(attempt,)] = self.rows("SELECT attempt FROM chat_generation WHERE id = %s", started["generation"])
        return int(attempt)

    @contextlib.asynccontextmanager
    async def kept_down(self, name: str, how: signal.Signals) -> AsyncIterator[None]:
        """End a process and keep it ended meanwhile: the supervisor, which would start it again, stands still.

        Afterwards it is back. No other process of the site may be expected to come back inside.
        """
        supervisor = self.product.process.pid
        os.kill(supervisor, signal.SIGSTOP)
        try:
            pid = self.signal(name, how)
            await asyncio.to_thread(wait_until, lambda: not is_alive(pid), f"{name} has ended")
            yield
        finally:
            os.kill(supervisor, signal.SIGCONT)
        await asyncio.to_thread(self.back, name, pid)

    def signal(self, name: str, which: signal.Signals) -> int:
        """Send a signal to a process of the site; returns its pid."""
        pid = self.product.pid(name)
        os.kill(pid, which)
        return pid

    def back(self, name: str, before: int) -> None:
        """Wait until a process was started again and, where it is a node or PostgreSQL, answers."""
        wait_until(lambda: self.product.has_pid(name) and self.product.pid(name) != before, f"{name} is back")
        if name.startswith("web-"):
            number = int(name.partition("-")[2])
            port = self.product.port + number if self.nodes > 1 else self.product.port
            url = f"http://127.0.0.1:{port}/health/ready"
            wait_until(lambda: _ok(url), f"{name} answers", within=60)
        if name == "postgres":
            wait_until(self.reaches_postgres, "PostgreSQL answers", within=60)

    async def call(self, method: str, path: str, body: Any = None) -> dict[str, Any]:
        """One request of a patient client: what is temporary is tried again under the same key."""
        key = {"Idempotency-Key": str(uuid.uuid4())} if method == "POST" else {}
        until = time.monotonic() + 30
        while True:
            try:
                async with self.http() as http:
                    reply = await http.request(method, f"/api/v1/{path}", json=body, headers=key)
                if reply.is_success:
                    found: dict[str, Any] = reply.json()
                    return found
                assert reply.status_code >= 500, reply.text
            except httpx.TransportError:
                pass
            assert time.monotonic() < until, f"{method} {path}"
            await asyncio.sleep(0.2)


def _ok(url: str) -> bool:
    try:
        return httpx.get(url, timeout=5).status_code == 200
    except httpx.TransportError:
        return False


def _ports_in_a_row(count: int) -> int:
    """The first of some free ports in a row, below those that the system gives to outgoing connections."""
    while True:
        first = random.SystemRandom().randrange(15_000, 32_000)
        held: list[socket.socket] = []
        try:
            held.extend(socket.create_server(("127.0.0.1", first + number)) for number in range(count))
        except OSError:
            continue
        else:
            return first
        finally:
            for one in held:
                one.close()
