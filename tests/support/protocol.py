"""What the tests of the protocol say and hear over a socket."""

import asyncio
from typing import Any
from uuid import uuid4

from tests.support.sockets import Client

TERMINAL = frozenset({"done", "error", "cancelled", "incomplete"})


async def sent(client: Client, content: str = "hello", **more: Any) -> dict[str, Any]:
    """The result of a send; the answer's events follow."""
    reply = await client.call("message.send", **{"client_msg_id": str(uuid4()), "content": content, **more})
    assert "result" in reply, reply
    found: dict[str, Any] = reply["result"]
    return found


async def ended(client: Client, topic: str) -> list[dict[str, Any]]:
    """The frames of a topic up to its end; others are passed over."""
    frames: list[dict[str, Any]] = []
    while not frames or frames[-1]["type"] not in TERMINAL:
        frame = await client.next(5)
        if frame.get("topic") == topic:
            frames.append(frame)
    return frames


async def stored(script: Any, message: str) -> dict[str, Any]:
    """A message by REST, once it has ended."""
    async with asyncio.timeout(10):
        while True:
            found: dict[str, Any] = (await script.get(f"/api/v1/messages/{message}")).json()
            if found["status"] in TERMINAL:
                return found
            await asyncio.sleep(0.02)


async def conversation(script: Any, **fields: Any) -> str:
    """The id of a new, empty conversation."""
    found: str = (await script.post("/api/v1/conversations", json=fields)).json()["id"]
    return found
