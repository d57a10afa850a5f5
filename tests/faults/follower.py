"""The Python client as the protocol wants it, following one answer, with a check of every frame that it gets.

`text` is what a reader would have on the screen, `problems` what no reader may see (`tests/faults/check.py`).
"""

import asyncio
import random
from typing import Any, Self

from websockets.typing import Subprotocol

from rivulet_client import AnswerState, Client, Position, Timing
from rivulet_client.wire import SUBPROTOCOL
from tests.faults.check import TERMINAL, RawCheck

PROTOCOLS = [Subprotocol(SUBPROTOCOL)]


class Follower:
    """Follows `topic`. `urls` are tried in turn, one for each connection: any node will do."""

    def __init__(self, urls: list[str], *, token: str, topic: str, chance: random.Random) -> None:
        self.topic = topic
        self.check = RawCheck(topic)
        self.state = AnswerState()
        self.terminal: list[str] = []
        self.position: Position | None = None
        self.ended = asyncio.Event()
        self._timing = Timing(base=0.1, cap=2.0, stable=0.0, connect=5.0, silence=40.0)
        self._client = Client(
            urls,
            token=token,
            timing=self._timing,
            transports=("websocket",),
            observer=self.check,
            chance=chance,
            trust_env=False,
        )
        self._task: asyncio.Task[None] | None = None

    @property
    def text(self) -> str:
        """The text parts put together."""
        return self.state.text

    @property
    def parts(self) -> list[dict[str, Any]]:
        """All parts, `{kind, text}`."""
        return [{"kind": part.kind, "text": part.text} for part in self.state.parts]

    @property
    def status(self) -> str:
        """queued, running, or the name of the terminal event."""
        return self.state.status if self.position is not None else ""

    @property
    def epoch(self) -> str:
        """Of the last event that is on the screen."""
        return self.position.epoch if self.position else ""

    @property
    def offset(self) -> int:
        """Of the last event that is on the screen."""
        return self.position.offset if self.position else 0

    @property
    def problems(self) -> list[str]:
        """What no reader may see."""
        return self.check.problems

    @property
    def recovered(self) -> list[bool]:
        """What each subscribe was answered."""
        return self.check.recovered

    @property
    def epochs(self) -> list[str]:
        """Each epoch that it came into."""
        return self.check.epochs

    @property
    def closes(self) -> list[int | None]:
        """How each connection ended: its close code, 1006 without one, None where it never stood or was given up."""
        return self.check.closes

    @property
    def connections(self) -> int:
        """How many connections stood."""
        return self.check.connections

    @property
    def silence(self) -> float:
        """Seconds without a frame after which a connection is given up, as the protocol asks of clients."""
        return self._timing.silence or 0.0

    @silence.setter
    def silence(self, seconds: float) -> None:
        self._timing.silence = seconds

    @property
    def urls(self) -> list[str]:
        """Where it connects, in turn; others that are set hold from the next connection on."""
        return self._client.addresses

    @urls.setter
    def urls(self, urls: list[str]) -> None:
        self._client.addresses = urls

    @property
    def jitter(self) -> float:
        """Seconds within which it comes back at a random moment, doubled with each try that fails."""
        return self._timing.base

    @jitter.setter
    def jitter(self, seconds: float) -> None:
        self._timing.base = seconds

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._follow())
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            await self._client.close()

    async def until(self, text: str, *, within: float = 30) -> None:
        """Wait until this is on the screen."""
        async with asyncio.timeout(within):
            while text not in self.text:
                await asyncio.sleep(0.01)

    async def until_longer(self, size: int, *, within: float = 30) -> None:
        """Wait until more than `size` characters are on the screen, or it has ended."""
        async with asyncio.timeout(within):
            while len(self.text) <= size and not self.ended.is_set():
                await asyncio.sleep(0.01)

    def drop(self) -> None:
        """Lose the connection without a word."""
        self._client.drop()

    async def _follow(self) -> None:
        async with self._client as client, client.follow(self.topic) as events:
            async for event in events:
                if event.position is None:
                    continue
                self.position = event.position
                if event.type == "part.added" and event.data["part"] != len(self.state.parts):
                    self.problems.append(f"part {event.data['part']} where {len(self.state.parts)} was to come")
                if event.type in TERMINAL:
                    self.terminal.append(event.type)
                self.state.apply(event)
                if self.state.ended:
                    self.ended.set()
