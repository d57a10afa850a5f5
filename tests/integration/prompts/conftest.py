"""The whole site in this process, with a scripted provider, and templates made by REST."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from backend.catalog import registry
from tests.support.live import LiveSite

REPLY = {
    "name": "Reply to a customer",
    "system": "You write for {{company}}.",
    "user": "Answer {{name}} in a {{tone}} tone.",
    "variables": [
        {"name": "company", "default": "Rivulet"},
        {"name": "name", "label": "Customer"},
        {"name": "tone", "type": "choice", "choices": ["warm", "plain"], "default": "warm"},
    ],
}


@pytest.fixture
async def live(transactional_db, redis_url: str, settings, monkeypatch) -> AsyncIterator[LiveSite]:
    """Node, host and API in this process."""
    settings.RIVULET = settings.RIVULET.model_copy(update={"limits": "off", "titles": "off", "time_scale": 0.2})
    made = LiveSite()
    monkeypatch.setattr(registry, "resolve", made.registry.resolve)
    await made.start()
    yield made
    await made.stop()


async def make(script: httpx.AsyncClient, **fields: Any) -> dict[str, Any]:
    """A template."""
    reply = await script.post("/api/v1/prompts", json={**REPLY, **fields})
    assert reply.status_code == 201, reply.text
    found: dict[str, Any] = reply.json()
    return found


async def again(script: httpx.AsyncClient, template: str, **fields: Any) -> dict[str, Any]:
    """Another version of it."""
    texts = {name: REPLY[name] for name in ("system", "user", "variables")}
    reply = await script.post(f"/api/v1/prompts/{template}/versions", json={**texts, **fields})
    assert reply.status_code == 201, reply.text
    found: dict[str, Any] = reply.json()
    return found


def problem(reply: httpx.Response) -> tuple[int, str, list[str]]:
    """Status, code and the fields that a problem names."""
    body = reply.json()
    return reply.status_code, body["code"], [entry["field"] for entry in body.get("errors", [])]
