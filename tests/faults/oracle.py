"""What must hold after any fault: all clients, the database and the provider's own count agree."""

import re
from typing import Any

from tests.faults.follower import Follower
from tests.faults.world import World

TOKEN = re.compile(r"\d{13}\.(\d{5}) ")


def numbers(text: str) -> list[int]:
    """The tokens' numbers. Anything between tokens is reported as -1."""
    found, at = [], 0
    for match in TOKEN.finditer(text):
        if match.start() != at:
            found.append(-1)
        found.append(int(match[1]))
        at = match.end()
    return found if at == len(text) else [*found, -1]


async def verify(
    world: World, started: dict[str, Any], followers: list[Follower], *, tokens: int, status: str = "done"
) -> None:
    """Every transcript is the stored text; the text is whole, in order, once; there is one terminal event."""
    message = await world.message(started["message"])
    assert message["status"] == status, message["reason"]
    if status == "done":
        assert numbers(message["text"]) == list(range(tokens))
    for follower in followers:
        assert follower.problems == []
        assert follower.text == message["text"]
        assert follower.status == status
        assert len(follower.terminal) <= 1
    log = await world.log(started)
    kinds = [event["type"] for event in log]
    assert sum(kind in {"done", "incomplete", "error", "cancelled"} for kind in kinds) == 1
    assert kinds[-1] == status
    ended = [e for e in await world.conversation_events(started["conversation"]) if e["type"] == "generation.ended"]
    assert len([e for e in ended if e["data"]["generation"] == started["generation"]]) == 1
