"""An HTTP client on an ASGI application: one request, its response as it comes."""

import asyncio
import json
from dataclasses import dataclass, field
from typing import Any

from tests.support.realtime import App
from tests.support.sockets import FakeTransport


@dataclass
class Request:
    """`GET` a topic's events. `lean`: the server offers its transport."""

    app: App
    topic: str
    query: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    lean: bool = False
    method: str = "GET"
    user: str | None = "ada"

    def __post_init__(self) -> None:
        self.status: int | None = None
        self.answer: dict[str, str] = {}
        self.text = ""
        self.inbox: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.transport = FakeTransport()
        self.started = asyncio.Event()
        self.changed = asyncio.Event()
        self.over = asyncio.Event()
        self.task: asyncio.Future[None] | None = None
        self.at = 0

    async def __aenter__(self) -> "Request":
        headers = {"host": "rivulet"} | ({"authorization": f"Bearer {self.user}"} if self.user else {}) | self.headers
        scope = {
            "type": "http",
            "method": self.method,
            "path": f"/api/v1/topics/{self.topic}/events",
            "query_string": self.query.encode(),
            "headers": [(name.lower().encode(), value.encode()) for name, value in headers.items()],
            "extensions": {"rivulet.transport": self.transport} if self.lean else {},
        }
        self.task = asyncio.ensure_future(self.app.node.events(scope, self.inbox.get, self._send))
        started = asyncio.create_task(self.started.wait())
        await asyncio.wait({self.task, started}, timeout=5, return_when=asyncio.FIRST_COMPLETED)
        started.cancel()
        if self.task.done():
            self.task.result()
        return self

    async def __aexit__(self, *_: object) -> None:
        self.leave()
        assert self.task is not None
        await asyncio.wait_for(self.task, 5)

    def leave(self) -> None:
        self.inbox.put_nowait({"type": "http.disconnect"})

    async def _send(self, message: dict[str, Any]) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self.answer = {name.decode(): value.decode() for name, value in message["headers"]}
            self.started.set()
        else:
            self._pull()
            self.text += message.get("body", b"").decode()
            if not message.get("more_body"):
                self.over.set()
            self.changed.set()

    def _pull(self) -> None:
        while not self.transport.frames.empty():
            self.text += self.transport.frames.get_nowait().decode()

    async def next(self, seconds: float = 2.0) -> dict[str, Any]:
        """The next event of an SSE response: its fields, `data` as JSON."""
        async with asyncio.timeout(seconds):
            while True:
                self._pull()
                end = self.text.find("\n\n", self.at)
                if end >= 0:
                    block, self.at = self.text[self.at : end], end + 2
                    fields = dict(line.split(": ", 1) for line in block.split("\n") if ": " in line)
                    if "data" in fields:
                        return fields | {"data": json.loads(fields["data"])}
                    continue
                await asyncio.sleep(0.005)

    async def json(self) -> Any:
        """The body of a response that is not a stream."""
        await asyncio.wait_for(self.over.wait(), 5)
        return json.loads(self.text)
