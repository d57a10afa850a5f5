"""Several nodes behind nginx and a scripted provider; what tests ask them and see of them."""

import asyncio
import json
import random
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Self

import httpx
import psycopg
import redis

from backend.config.environment import ROOT
from backend.engines import recorded_urls
from backend.engines.process import stop
from tests.faults import sabotage
from tests.faults.follower import Follower
from tests.faults.hand import Hand
from tests.faults.listener import Listener
from tests.load.site import new_key
from tests.support import nginx
from tests.support.product import Product, free_port, ports_in_a_row, wait_until
from tests.support.upstream import Upstream
from tests.support.web import ScriptedWeb

SILENCE = 4.0
"""Seconds that a provider may be silent."""

PATIENCE = 15.0
"""Seconds that a test waits at most for what is expected not to come, when mechanisms are switched off."""


class World(Hand):
    """A running site of `nodes` nodes, every interval multiplied by `scale`. `prove`: its nodes can be sabotaged."""

    def __init__(
        self, home: Path, *, nodes: int, scale: float, seed: int, prove: bool = False, **settings: str
    ) -> None:
        if nodes > 1:
            nginx.ensure()
        self.nodes = nodes
        self.scale = scale
        self.chance = random.Random(seed)
        self.upstream = Upstream()
        self.web: ScriptedWeb | None = None
        """What is searched, where the site has one."""
        self.home = home
        self.prove = prove
        self.sabotaged = ""
        """What is broken on purpose."""
        self._settings = settings

    def __enter__(self) -> Self:
        self.upstream.start()
        base = ports_in_a_row(self.nodes + 1)
        self.product = Product(
            self.home,
            module="tests.faults.sabotage.site" if self.prove else "backend.supervisor",
            NODES=str(self.nodes),
            PORT=str(base),
            **self._site_settings(),
        )
        self.product.start()
        self.key = new_key(self.product, "ada@example.com")
        return self

    def __exit__(self, *_: object) -> None:
        self.product.stop()
        self.upstream.stop()

    def _site_settings(self) -> dict[str, str]:
        return {
            "RIVULET_ENV": "development",  # disks are synced as in real use
            "TIME_SCALE": str(self.scale),
            "LIMITS": "off",
            "TITLES": "off",
            "OPENAI_BASE_URL": self.upstream.url,
            "OPENAI_API_KEY": "any",
            "OPENAI_CONTINUATION": "prefix",
            "PROVIDER_SILENCE_TIMEOUT": str(SILENCE),
            "PROVIDER_FIRST_TIMEOUT": str(SILENCE),
            **self._settings,
        }

    # What clients do

    def http(self, *, node: int = 0) -> httpx.AsyncClient:
        """A client of the REST API, at nginx or at one node; each test's loop needs its own."""
        headers = {"Authorization": f"Bearer {self.key}"}
        return httpx.AsyncClient(base_url=f"http://127.0.0.1:{self.port(node)}", headers=headers, timeout=30)

    def port(self, node: int = 0) -> int:
        """nginx's, or that of one node, from 1."""
        return self.product.port + (node if self.nodes > 1 else 0)

    @property
    def front(self) -> str:
        """The socket's address at nginx."""
        return self.behind(0)

    def behind(self, node: int) -> str:
        """The socket's address at one node, from 1."""
        return f"ws://127.0.0.1:{self.port(node)}/ws/v1/"

    def follower(self, started: dict[str, Any], *urls: str) -> Follower:
        """A client that follows an answer."""
        chance = _Never() if self.sabotaged == "no-jitter" else random.Random(self.chance.random())
        return Follower(list(urls) or [self.front], token=self.key, topic=started["topic"], chance=chance)

    async def send(self, content: str, *, node: int = 0, port: int = 0) -> dict[str, Any]:
        """Ask, as a client that tries again with the same key while it is told to. The reply, and the call's `id`."""
        conversation = await self.call("POST", "conversations", {"title": "faults"})
        if " id=" not in content:
            content += f" id={uuid.uuid4().hex[:12]}"
        fields = {"content": content, "model": "mock"}
        path = f"conversations/{conversation['id']}/messages"
        started = await self.call("POST", path, fields, port=port or self.port(node))
        return {**started, "id": content.partition(" id=")[2].partition(" ")[0]}

    async def message(self, ident: str, *, within: float = 30) -> dict[str, Any]:
        """A message, once it has ended."""
        until = time.monotonic() + self.limit(within)
        while True:
            found = await self.call("GET", f"messages/{ident}")
            if found["status"] not in {"queued", "running"} or time.monotonic() > until:
                return found
            await asyncio.sleep(0.05)

    async def cancel(self, started: dict[str, Any]) -> dict[str, Any]:
        """Ask for a stop."""
        return await self.call("POST", f"generations/{started['generation']}/cancel", None)

    async def call(self, method: str, path: str, body: Any = None, *, port: int = 0) -> dict[str, Any]:
        """One request of a patient client: what is temporary is tried again under the same key."""
        key = {"Idempotency-Key": str(uuid.uuid4())} if method == "POST" else {}
        until = time.monotonic() + 30
        url = f"http://127.0.0.1:{port or self.port()}/api/v1/{path}"
        while True:
            try:
                async with self.http() as http:
                    reply = await http.request(method, url, json=body, headers=key)
                if reply.is_success:
                    found: dict[str, Any] = reply.json()
                    return found
                assert reply.status_code >= 500, reply.text
            except httpx.TransportError:
                pass
            assert time.monotonic() < until, f"{method} {path}"
            await asyncio.sleep(0.2)

    def limit(self, seconds: float) -> float:
        """How long to wait at most: shorter where nothing is expected."""
        return min(seconds, PATIENCE) if self.prove else seconds

    async def ended(self, *readers: "Follower | Listener", within: float = 30) -> None:
        """Wait until all of these have seen the end; what no reader may see ends the wait."""
        async with asyncio.timeout(self.limit(within)):
            while not all(reader.ended.is_set() for reader in readers):
                for reader in readers:
                    assert reader.problems == []
                await asyncio.sleep(0.02)

    # What the database, Redis and the provider know

    async def log(self, started: dict[str, Any]) -> list[dict[str, Any]]:
        """The whole log of an answer, from Redis itself."""
        topic = started["topic"]
        [(epoch,)] = self.rows("SELECT epoch FROM chat_generation WHERE id = %s", topic.partition(".")[2])
        with self.store() as client:
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
        with self.database() as session:
            return session.execute(statement.encode(), values).fetchall()

    def database(self) -> "psycopg.Connection[tuple[Any, ...]]":
        """A session of the test's own, a transaction until it is closed."""
        urls = recorded_urls(self.home)
        assert urls is not None
        return psycopg.connect(urls.database)

    def store(self) -> redis.Redis:
        """A client of Redis itself."""
        urls = recorded_urls(self.home)
        assert urls is not None
        return redis.Redis.from_url(urls.redis)

    def owner(self, started: dict[str, Any]) -> int:
        """The node that writes an answer now."""
        [(owner,)] = self.rows("SELECT lease_owner FROM chat_generation WHERE id = %s", started["generation"])
        return int(owner.partition(".")[0].rpartition("-")[2])

    def attempts(self, started: dict[str, Any]) -> int:
        """How many attempts there were."""
        [(attempt,)] = self.rows("SELECT attempt FROM chat_generation WHERE id = %s", started["generation"])
        return int(attempt)

    def waiting(self, words: str) -> int:
        """How many sessions wait for a lock with a statement that has these words."""
        statement = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND position(%s IN query) > 0"
        return int(self.rows(statement, words)[0][0])

    @contextmanager
    def statements(self) -> Iterator[Callable[[], list[str]]]:
        """What the nodes ask PostgreSQL meanwhile; to be called after the block."""
        log = self.home / "logs" / "postgres.log"
        start = log.stat().st_size
        self._logging("log_statement = 'all'", "log_line_prefix = '%a|'")
        end = start
        try:
            yield lambda: [
                line
                for line in log.read_bytes()[start:end].decode(errors="replace").split("rivulet|LOG:")
                if line.lstrip().startswith("execute")
            ]
        finally:
            self._logging("log_statement = DEFAULT", "log_line_prefix = DEFAULT")
            end = log.stat().st_size

    def _logging(self, *settings: str) -> None:
        with self.database() as session:
            session.autocommit = True
            for setting in settings:
                session.execute(f"ALTER SYSTEM SET {setting}".encode())
            session.execute("SELECT pg_reload_conf()")

    # What the site is made of

    @contextmanager
    def another_node(self, **env: str) -> Iterator[int]:
        """A node beside the others, not behind nginx, with an environment of its own; gives its port."""
        port = free_port()
        module = "tests.faults.sabotage.node" if self.prove else "backend.config.serve"
        process = subprocess.Popen(
            [sys.executable, "-m", module, "--port", str(port), "--host", "127.0.0.1"],
            cwd=ROOT,
            env={**self.product.env, "NODE_NAME": "another-9", **env},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        (self.home / "run" / "another.pid").write_text(f"{process.pid}\n")
        try:
            url = f"http://127.0.0.1:{port}/health/ready"
            wait_until(lambda: self.answers(url), "the other node answers", within=60)
            yield port
        finally:
            stop(process, how=self.hard)
            (self.home / "run" / "another.pid").unlink()

    def sabotage(self, name: str) -> None:
        """Switch a mechanism off (nothing: switch it on again) and wait until every node has it so."""
        self.sabotaged = name
        wanted = "" if name in sabotage.AT_CLIENTS else name
        new = self.home / "sabotage.new"
        new.write_text(wanted)
        new.replace(self.home / "sabotage")
        for node in range(1, self.nodes + 1):
            wait_until(lambda name=f"web-{node}": self._told(name) == wanted, f"web-{node} has it", within=60)  # type: ignore[misc]
        wait_until(lambda: self._places_told(wanted), "the worker has it", within=60)

    def give_up(self) -> None:
        """Stop what a row has left running."""
        running = self.rows("SELECT id FROM chat_generation WHERE status IN ('queued', 'running')")
        for (generation,) in running:
            headers = {"Authorization": f"Bearer {self.key}"}
            with suppress(httpx.TransportError):
                url = f"http://127.0.0.1:{self.port()}/api/v1/generations/{generation}/cancel"
                httpx.post(url, headers=headers, timeout=10)
        for (job,) in self.rows("SELECT id FROM jobs_job WHERE status IN ('queued', 'running', 'paused')"):
            headers = {"Authorization": f"Bearer {self.key}"}
            with suppress(httpx.TransportError):
                httpx.post(f"http://127.0.0.1:{self.port()}/api/v1/jobs/{job}/cancel", headers=headers, timeout=10)

    def _told(self, name: str) -> str | None:
        try:
            return self._told_by(self.product.pid(name))
        except ValueError:
            return None

    def _told_by(self, pid: int) -> str | None:
        try:
            return (self.home / "run" / f"sabotaged.{pid}").read_text()
        except OSError:
            return None

    def _places_told(self, wanted: str) -> bool:
        places = self.places()
        return len(places) >= 3 and all(self._told_by(pid) == wanted for pid in places)


class _Never(random.Random):
    """Chance without any."""

    def uniform(self, a: float, b: float) -> float:
        return a
