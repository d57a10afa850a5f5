"""What must hold after any fault: all clients, the log, the database and the provider's own count agree."""

import re
from collections.abc import Sequence
from typing import Any, Protocol

from tests.faults.world import World

TOKEN = re.compile(r"\d{13}\.(\d{5}) ")
TERMINAL = {"done", "incomplete", "error", "cancelled"}


class Witness(Protocol):
    """What somebody has seen of an answer."""

    terminal: list[str]

    @property
    def problems(self) -> list[str]:
        """What no reader may see."""

    @property
    def status(self) -> str:
        """queued, running, or the name of the terminal event."""

    @property
    def text(self) -> str:
        """What is on the screen."""


def numbers(text: str) -> list[int]:
    """The tokens' numbers. Anything between tokens is reported as -1."""
    found, at = [], 0
    for match in TOKEN.finditer(text):
        if match.start() != at:
            found.append(-1)
        found.append(int(match[1]))
        at = match.end()
    return found if at == len(text) else [*found, -1]


def folded(log: list[dict[str, Any]]) -> str:
    """The visible text that the events of a log make."""
    parts: list[dict[str, Any]] = []
    for event in log:
        data = event["data"]
        if event["type"] == "part.added":
            parts.append({"kind": data["kind"], "text": ""})
        elif event["type"] == "part.delta":
            parts[data["part"]]["text"] += data["text"]
        elif event["type"] == "reset":
            parts = [{"kind": part["kind"], "text": part["text"]} for part in data["parts"]]
    return "".join(part["text"] for part in parts if part["kind"] == "text")


async def verify(
    world: World,
    started: dict[str, Any],
    followers: Sequence[Witness],
    *,
    tokens: int,
    status: str = "done",
    attempts: int | None = 1,
    calls: int | None = None,
) -> None:
    """Every transcript is the stored text; the text is whole, in order, once; there is one terminal event.

    The provider was asked once an attempt, or `calls` times, and each time for what was not there yet. `attempts`
    None: as many as it took.
    """
    message = await world.message(started["message"])
    assert message["status"] == status, message["reason"]
    shown = numbers(message["text"])
    assert shown == list(range(tokens if status == "done" else len(shown)))
    for follower in followers:
        assert follower.problems == []
        assert follower.text == message["text"]
        assert follower.status == status
        assert len(follower.terminal) <= 1
    log = await world.log(started)
    kinds = [event["type"] for event in log]
    assert sum(kind in TERMINAL for kind in kinds) == 1
    assert kinds[-1] == status
    assert folded(log) == message["text"]
    ended = [e for e in await world.conversation_events(started["conversation"]) if e["type"] == "generation.ended"]
    assert len([e for e in ended if e["data"]["generation"] == started["generation"]]) == 1
    took = world.attempts(started)
    if attempts is not None:
        assert took == attempts
    starts = world.upstream.starts(started["id"])
    assert len(starts) == (took if calls is None else calls)
    if calls is None:
        assert starts == sorted(starts)
