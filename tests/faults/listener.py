"""A client of server-sent events: follows an answer, comes back with `Last-Event-ID`, checks what it sees."""

import asyncio
import json
from typing import Any, Self

import httpx

TERMINAL = {"done", "incomplete", "error", "cancelled"}


class Listener:
    """Follows `topic` at the site whose socket's address is `url`."""

    def __init__(self, url: str, *, token: str, topic: str) -> None:
        base = url.replace("ws://", "http://").removesuffix("/ws/v1/")
        self.url = f"{base}/api/v1/topics/{topic}/events"
        self.headers = {"Authorization": f"Bearer {token}", "Accept": "text/event-stream"}
        self.parts: list[str] = []
        self.position = ""
        self.status = ""
        self.terminal: list[str] = []
        self.problems: list[str] = []
        self.connections = 0
        self.ended = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    @property
    def text(self) -> str:
        """The parts put together; there are only text parts here."""
        return "".join(self.parts)

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._follow())
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _follow(self) -> None:
        while not self.ended.is_set():
            since = {"Last-Event-ID": self.position} if self.position else {}
            try:
                async with (
                    httpx.AsyncClient(timeout=60) as http,
                    http.stream("GET", self.url, headers={**self.headers, **since}) as reply,
                ):
                    self.connections += 1
                    await self._listen(reply)
            except httpx.TransportError:
                await asyncio.sleep(0.1)

    async def _listen(self, reply: httpx.Response) -> None:
        position = ""
        async for line in reply.aiter_lines():
            if line.startswith("id: "):
                position = line.removeprefix("id: ")
            elif line.startswith("data: "):
                self._take(json.loads(line.removeprefix("data: ")))
            elif not line and position:
                self.position, position = position, ""

    def _take(self, frame: dict[str, Any]) -> None:
        kind, data = frame["type"], frame["data"]
        if kind == "snapshot":
            self.problems += ["a snapshot in pages"] if frame.get("more") or frame.get("page") else []
            self.parts, self.status = [part["text"] for part in data["parts"]], data["status"]
        else:
            _, _, last = self.position.rpartition(":")
            if last and frame["offset"] != int(last) + 1:
                self.problems.append(f"a hole: {last} to {frame['offset']}")
            if kind == "part.added":
                self.parts.append("")
            elif kind == "part.delta":
                self.parts[data["part"]] += data["text"]
            elif kind in TERMINAL:
                self.terminal.append(kind)
                self.status = kind
        if self.status in TERMINAL:
            self.ended.set()
