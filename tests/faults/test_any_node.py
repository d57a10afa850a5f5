"""Nothing is sticky: whatever a client asks, over whichever transport, any node answers it, the owner or not."""

import asyncio
import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from tests.faults.oracle import numbers
from tests.faults.world import World
from tests.support.device import TERMINAL, Device, Follower

Position = tuple[str, int]


class Reading:
    """An answer over plain HTTP, a piece from each address that it is given; checks that no offset is missing."""

    def __init__(self, world: World, started: dict[str, Any]) -> None:
        self.path = f"/api/v1/topics/{started['topic']}/events"
        self.headers = {"Authorization": f"Bearer {world.key}"}
        self.position: Position = (started["position"]["epoch"], started["position"]["offset"])
        self.text = ""
        self.ended = ""
        self.pieces = 0

    async def by_sse(self, url: str, *, until: Callable[[], bool]) -> None:
        """Server-sent events."""
        headers = {**self.headers, "Accept": "text/event-stream", "Last-Event-ID": "{}:{}".format(*self.position)}
        async with (
            httpx.AsyncClient(timeout=30) as http,
            http.stream("GET", url + self.path, headers=headers) as reply,
        ):
            assert reply.status_code == 200
            async for line in reply.aiter_lines():
                if line.startswith("data: "):
                    self.apply(json.loads(line[6:]))
                if until() or self.ended:
                    return

    async def by_long_poll(self, url: str, *, until: Callable[[], bool]) -> None:
        """Long polls."""
        headers = {**self.headers, "Accept": "application/json"}
        async with httpx.AsyncClient(timeout=30) as http:
            while not (until() or self.ended):
                query = {"wait": "5", "after": "{}:{}".format(*self.position)}
                reply = await http.get(url + self.path, headers=headers, params=query)
                found = reply.json()
                assert found["recovered"], found
                for frame in found["events"]:
                    self.apply(frame)
                assert found["position"] == {"epoch": self.position[0], "offset": self.position[1]}

    async def by_socket(self, world: World, url: str) -> None:
        """A socket, to the end."""
        epoch, offset = self.position
        place = {"epoch": epoch, "offset": offset}
        follower = Follower(url, world.key, self.path.split("/")[4], position=place, text=self.text)
        await asyncio.wait_for(follower.follow(), 30)
        assert follower.ended is not None
        self.text, self.ended = follower.text, follower.ended["type"]

    def apply(self, frame: dict[str, Any]) -> None:
        """The next event, and no other."""
        assert (frame["epoch"], frame["offset"]) == (self.position[0], self.position[1] + 1)
        self.position = (frame["epoch"], frame["offset"])
        self.pieces += 1
        if frame["type"] == "part.delta":
            self.text += frame["data"]["text"]
        if frame["type"] in TERMINAL:
            self.ended = frame["type"]

    def shows(self, token: int) -> Callable[[], bool]:
        """Whether this token was read."""
        return lambda: f".{token:05} " in self.text


def address(world: World, node: int) -> str:
    """A node itself, from 1; 0 is nginx."""
    return f"http://127.0.0.1:{world.product.port + node}"


def others(world: World, started: dict[str, Any]) -> list[int]:
    """The nodes that do not write this answer."""
    return [node for node in (1, 2, 3) if node != world.owner(started)]


async def test_an_answer_is_read_on_over_any_transport_at_any_node_by_the_same_position(world: World) -> None:
    started = await world.send("n=150 rate=60")
    one, two = others(world, started)
    reading = Reading(world, started)
    await reading.by_sse(address(world, one), until=reading.shows(25))
    await reading.by_long_poll(address(world, two), until=reading.shows(50))
    await reading.by_sse(address(world, world.owner(started)), until=reading.shows(75))
    await reading.by_long_poll(address(world, 0), until=reading.shows(95))
    await reading.by_sse(address(world, 0), until=reading.shows(115))
    await reading.by_socket(world, address(world, one))
    assert reading.ended == "done"
    assert numbers(reading.text) == list(range(150))
    assert (await world.message(started["message"]))["text"] == reading.text


async def test_nginx_believes_a_trusted_proxy_before_it(world: World) -> None:
    headers = {"Authorization": f"Bearer {world.key}", "X-Forwarded-Proto": "https", "X-Forwarded-For": "203.0.113.9"}
    async with httpx.AsyncClient(headers=headers, timeout=30) as http:
        seen = (await http.get(f"{address(world, 0)}/api/v1/doctor/request")).json()
    assert (seen["scheme"], seen["client"]) == ("https", "203.0.113.9")


@pytest.mark.parametrize("by", ["rest", "socket"])
async def test_a_stop_at_any_node_reaches_the_owner(world: World, by: str) -> None:
    started = await world.send("n=3000 rate=50")
    node = others(world, started)[0]
    reading = Reading(world, started)
    await reading.by_sse(address(world, 0), until=reading.shows(5))
    if by == "rest":
        async with httpx.AsyncClient(headers=reading.headers, timeout=30) as http:
            reply = await http.post(f"{address(world, node)}/api/v1/generations/{started['generation']}/cancel")
        assert (reply.status_code, reply.json()) == (200, {"status": "cancelling"})
    else:
        async with Device(address(world, node), world.key) as device:
            await device.open()
            told = await device.call("generation.cancel", generation=started["generation"])
        assert told["result"] == {"status": "cancelling"}
    await asyncio.wait_for(reading.by_long_poll(address(world, node), until=lambda: False), 10)
    assert reading.ended == "cancelled"
    message = await world.message(started["message"])
    assert (message["status"], message["text"]) == ("cancelled", reading.text)
    assert numbers(message["text"]) == list(range(len(numbers(message["text"]))))


@pytest.mark.parametrize("mode", ["again", "continue"])
@pytest.mark.parametrize("by", ["rest", "socket"])
async def test_an_answer_of_one_node_is_tried_again_or_gone_on_from_at_another(
    world: World, by: str, mode: str
) -> None:
    started = await world.send("n=3000 rate=50")
    node = others(world, started)[0]
    reading = Reading(world, started)
    await reading.by_sse(address(world, node), until=reading.shows(5))
    await world.cancel(started)
    before = await world.message(started["message"])
    key = f"{mode}-{by}"
    if by == "rest":
        async with httpx.AsyncClient(headers=reading.headers, timeout=30) as http:
            path = f"{address(world, node)}/api/v1/messages/{started['message']}/retry"
            reply = await http.post(path, json={"mode": mode}, headers={"Idempotency-Key": key})
        assert reply.status_code == 202, reply.text
        again = reply.json()
    else:
        async with Device(address(world, node), world.key) as device:
            await device.open()
            fields = {"message": started["message"], "mode": mode}
            again = (await device.call("generation.retry", client_msg_id=key, **fields))["result"]
    assert world.owner(again) == node
    on = Reading(world, again)
    await on.by_long_poll(address(world, 0), until=on.shows(len(numbers(reading.text)) + 20))
    await world.cancel(again)
    message = await world.message(again["message"])
    assert numbers(message["text"]) == list(range(len(numbers(message["text"]))))
    assert message["text"].startswith(before["text"]) == (mode == "continue")
    assert message["parent"] == before["parent"]
    assert (await world.message(started["message"]))["text"] == before["text"]
