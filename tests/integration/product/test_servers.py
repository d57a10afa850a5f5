"""The same ASGI application serves the same site on plain Daphne, uvicorn and granian, and hands its answers over."""

import asyncio
import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest

from backend.config.environment import ROOT
from backend.engines import recorded_urls
from tests.faults.oracle import numbers
from tests.integration.product.conftest import Ada
from tests.support.device import TERMINAL, Device
from tests.support.product import Product, free_port, wait_until

APPLICATION = "backend.config.asgi:application"
SERVERS = {
    "daphne": ["daphne", "--bind", "127.0.0.1", "--port", "{port}", APPLICATION],
    "uvicorn": ["uvicorn", "--port", "{port}", "--timeout-graceful-shutdown", "3", APPLICATION],
    "granian": ["granian", "--interface", "asgi", "--port", "{port}", "--workers-kill-timeout", "20", APPLICATION],
}


ENDS = {"daphne": {0}, "uvicorn": {0, -signal.SIGTERM}, "granian": {0}}
"""Exit statuses: uvicorn gives itself the signal again when it is done."""
LEASE = 15.0  # seconds


class Server:
    """Another node of the site, on a server of this name; `url` is where it listens."""

    def __init__(self, product: Product, name: str) -> None:
        self.name = name
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        environ = Path(f"/proc/{product.pid('web-1')}/environ").read_text().split("\0")
        env = dict(entry.partition("=")[::2] for entry in environ if entry)
        command = [argument.format(port=port) for argument in SERVERS[name]]
        self.process = subprocess.Popen(
            [sys.executable, "-m", *command],
            cwd=ROOT,
            env={**env, "NODE_NAME": f"plain-{name}", "DRAIN_SECONDS": "1"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )

    def is_ready(self) -> bool:
        """Whether it would be sent clients."""
        with contextlib.suppress(httpx.TransportError):
            return httpx.get(f"{self.url}/health/ready", timeout=10).status_code == 200
        return False

    def stop(self) -> int:
        """SIGTERM, and its exit status."""
        self.process.send_signal(signal.SIGTERM)
        self.said, _ = self.process.communicate(timeout=25)
        return self.process.returncode


@pytest.fixture(params=SERVERS)
def server(product: Product, request: pytest.FixtureRequest) -> Iterator[Server]:
    """Ready to serve."""
    made = Server(product, request.param)
    try:
        wait_until(made.is_ready, f"{made.name} is ready", within=40)
        yield made
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(made.process.pid, signal.SIGKILL)
        made.process.wait()
        if made.process.stdout is not None:
            made.process.stdout.close()


async def test_it_serves_all_transports_and_stops_without_losing_an_answer(
    product: Product, ada: Ada, server: Server
) -> None:
    async with httpx.AsyncClient(
        base_url=server.url, headers={"Authorization": f"Bearer {ada.key}"}, timeout=30
    ) as http:
        page, same = await http.get("/"), ada.http.get("/")
        assert (page.status_code, "<title>Rivulet" in page.text) == (same.status_code, True)
        assert (await http.get("/api/v1/me")).json()["email"] == ada.email
        async with Device(server.url, ada.key) as device:
            await device.open()
            topic, by_socket = await asked(device, "n=30 rate=0")
            assert by_socket == await by_sse(http, topic) == await by_long_poll(http, topic)
            assert numbers(text_of(by_socket)) == list(range(30))
            running = await device.call("message.send", client_msg_id=f"long-{server.name}", content="n=4000 rate=50")
            assert (await device.frames.get())["topic"] == running["result"]["topic"]
            while (await device.frames.get())["type"] != "part.delta":
                pass
            async with reading(http, running["result"]["topic"], server):
                status = await asyncio.to_thread(server.stop)
    assert status in ENDS[server.name], server.said.decode()[-3000:]
    assert server.said.count(b"Traceback") == server.said.count(b"asyncio.exceptions.CancelledError"), server.said
    generation = running["result"]["generation"]
    wait_until(lambda: attempts(product, generation) == 2, "the answer is handed over", within=LEASE / 2)
    message = running["result"]["message"]
    wait_until(lambda: ada.http.post(f"/api/v1/generations/{generation}/cancel").is_success, "it can be stopped")
    wait_until(lambda: ada.message(message)["status"] == "cancelled", "it is stopped")
    told = numbers(ada.message(message)["text"])
    assert told == list(range(len(told)))


@contextlib.asynccontextmanager
async def reading(http: httpx.AsyncClient, topic: str, server: Server) -> AsyncIterator[None]:
    """A stream that is open meanwhile. granian waits for those, and kills in the end: see decision 1."""
    if server.name == "granian":
        yield
        return
    async with http.stream("GET", f"/api/v1/topics/{topic}/events", headers={"Accept": "text/event-stream"}) as reply:
        assert reply.status_code == 200
        yield


async def asked(device: Device, content: str) -> tuple[str, list[Any]]:
    """The events of an answer."""
    reply = await device.call("message.send", client_msg_id=f"m-{id(device)}", content=content, model="mock")
    topic: str = reply["result"]["topic"]
    found: list[Any] = []
    while not found or found[-1]["type"] not in TERMINAL:
        frame = await device.frames.get()
        if frame.get("topic") == topic:
            found.append(frame)
    assert [frame["offset"] for frame in found] == list(range(1, len(found) + 1))
    return topic, found


async def by_sse(http: httpx.AsyncClient, topic: str) -> list[Any]:
    """The same as server-sent events, from the beginning."""
    headers = {"Accept": "text/event-stream", "Last-Event-ID": await beginning(http, topic)}
    reply = await http.get(f"/api/v1/topics/{topic}/events", headers=headers)
    return [json.loads(line[6:]) for line in reply.text.splitlines() if line.startswith("data: ")]


async def by_long_poll(http: httpx.AsyncClient, topic: str) -> list[Any]:
    """The same by one long poll."""
    query = {"wait": "5", "after": await beginning(http, topic)}
    headers = {"Accept": "application/json"}
    reply = (await http.get(f"/api/v1/topics/{topic}/events", params=query, headers=headers)).json()
    assert reply["ended"]
    found: list[Any] = reply["events"]
    return found


async def beginning(http: httpx.AsyncClient, topic: str) -> str:
    """The position before the first event."""
    generation = (await http.get(f"/api/v1/generations/{topic.partition('.')[2]}")).json()
    return f"{generation['epoch']}:0"


def text_of(events: list[Any]) -> str:
    """What an answer says."""
    return "".join(event["data"]["text"] for event in events if event["type"] == "part.delta")


def attempts(product: Product, generation: str) -> int:
    """How often an answer changed hands, and once more."""
    urls = recorded_urls(product.home)
    assert urls is not None
    with psycopg.connect(urls.database) as session:
        found = session.execute("SELECT attempt FROM chat_generation WHERE id = %s", [generation]).fetchone()
    assert found is not None
    return int(found[0])
