"""The log says who asked, whatever the transport."""

import logging
from typing import Any

import pytest

from tests.support.live import LiveSite


def requests(caplog: pytest.LogCaptureFixture) -> list[dict[str, Any]]:
    """The lines of requests."""
    found = [record.msg for record in caplog.records if isinstance(record.msg, dict)]
    return [line for line in found if line.get("event") == "request"]


@pytest.mark.parametrize("accept", ["text/event-stream", "application/json"])
async def test_the_line_of_a_stream_and_of_a_long_poll_names_the_person(
    live: LiveSite, caplog: pytest.LogCaptureFixture, accept: str
) -> None:
    script, _ = await live.someone()
    me = (await script.get("/api/v1/me")).json()["id"]
    started = await script.post("/api/v1/conversations", json={})
    topic = f"conversation.{started.json()['id']}"
    with caplog.at_level(logging.INFO):
        caplog.clear()
        if accept == "application/json":
            await script.get(f"/api/v1/topics/{topic}/events", headers={"Accept": accept})
        else:
            sent = await script.post(f"/api/v1/conversations/{started.json()['id']}/messages", json={"content": "hi"})
            caplog.clear()
            await script.get(f"/api/v1/topics/{sent.json()['topic']}/events", headers={"Accept": accept})
        await script.get("/api/v1/topics/conversation.nothing/events", headers={"Accept": accept})
    lines = requests(caplog)
    assert [(line["status"], line["user"]) for line in lines] == [(200, me), (404, me)]
