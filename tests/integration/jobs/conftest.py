"""The whole site in this process, with a scripted provider, and a worker that works when a test says so."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import httpx
import pytest

from backend.core import db
from backend.jobs import books
from backend.jobs.engine import Place, run_job
from backend.jobs.settings import JobSettings
from tests.support.live import LiveSite

FAST = JobSettings(lease=1.0, renew=0.3, tick=0.05, again=0.2, leave=0.2)
RUNNING = {"queued", "running"}
PLACE = Place(worker="here.1", name="here.1.2", slots=3, most=0)


class JobSite(LiveSite):
    """`pushed` is what the broker was told. `work` is what a worker does with it."""

    def __init__(self) -> None:
        super().__init__()
        self.pushed: list[tuple[UUID, str]] = []

    async def ada(self) -> httpx.AsyncClient:
        """A person's script."""
        return (await self.someone())[0]

    async def batch(
        self, client: httpx.AsyncClient, *, rows: Any = 3, status: int = 201, **spec: Any
    ) -> dict[str, Any]:
        """Start a batch over `rows` inline rows, or those given."""
        if isinstance(rows, int):
            rows = [{"word": f"w{number}"} for number in range(rows)]
        given = {"template": {"user": "Say {{word}}"}, "rows": rows, **spec}
        given = {name: value for name, value in given.items() if value is not None}
        reply = await client.post("/api/v1/jobs", json={"kind": "batch", "spec": given})
        assert reply.status_code == status, reply.text
        found: dict[str, Any] = reply.json()
        return found

    async def work(self, job: dict[str, Any], *, place: Place = PLACE, **more: Any) -> bool:
        """Push a job along as a worker does."""
        return await run_job(UUID(job["id"]), place=place, settings=more.pop("settings", FAST), **more)

    async def seen(self, client: httpx.AsyncClient, job: dict[str, Any], path: str = "") -> Any:
        """The job, or what is under it."""
        reply = await client.get(f"/api/v1/jobs/{job['id']}{path}")
        assert reply.status_code == 200, reply.text
        return reply.json()

    async def ended(self, client: httpx.AsyncClient, started: dict[str, Any]) -> None:
        """Wait for the end of an answer."""
        path = f"/api/v1/messages/{started['message']}"
        async with asyncio.timeout(10):
            while (await client.get(path)).json()["status"] in RUNNING:  # noqa: ASYNC110 - it is in the database
                await asyncio.sleep(0.02)

    async def calls(self, job: dict[str, Any], *, by: str = "created, id") -> list[dict[str, Any]]:
        """The ledger's rows of a job."""
        return await db.rows(f"SELECT * FROM usage_call WHERE job = %(id)s ORDER BY {by}", {"id": job["id"]})

    async def events(self, job: dict[str, Any]) -> list[dict[str, Any]]:
        """All events of its topic; offsets without holes."""
        rows = await db.rows(
            'SELECT "offset", body FROM core_outboxevent WHERE topic = %(topic)s ORDER BY "offset"',
            {"topic": f"job.{job['id']}"},
        )
        assert [row["offset"] for row in rows] == list(range(1, len(rows) + 1))
        return [json.loads(row["body"]) for row in rows]


@pytest.fixture
def _pushes(monkeypatch: pytest.MonkeyPatch) -> list[tuple[UUID, str]]:
    from backend.jobs import pusher

    pushed: list[tuple[UUID, str]] = []

    def push(job: UUID, *, kind: str) -> bool:
        pushed.append((job, kind))
        return True

    monkeypatch.setattr(pusher, "push", push)
    return pushed


@pytest.fixture
async def site(transactional_db, redis_url: str, settings, monkeypatch, tmp_path, _pushes) -> AsyncIterator[JobSite]:
    """See the module."""
    from backend.catalog import registry

    settings.RIVULET = settings.RIVULET.model_copy(
        update={"limits": "off", "titles": "off", "time_scale": 0.2, "rivulet_home": tmp_path}
    )
    made = JobSite()
    made.pushed = _pushes
    monkeypatch.setattr(registry, "resolve", made.registry.resolve)
    await made.start()
    yield made
    problems = await db.in_thread(books.prove)
    await made.stop()
    assert problems == []
