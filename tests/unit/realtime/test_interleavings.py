"""Whatever the order of writing, reading, acknowledging, leaving and coming back: no gap, nothing twice."""

import asyncio
import json
from dataclasses import replace
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from realtime.positions import Position
from tests.support.realtime import FAST, App, Writer, fold, running
from tests.support.sockets import Client

TOPIC = "generation.1"
SMALL = replace(
    FAST, window_events=8, window_bytes=2000, recent_events=3, recent_bytes=300, replay_events=12, server_frame=700,
    snapshot_hold=0,
)  # fmt: skip

steps = st.lists(
    st.one_of(
        st.tuples(st.just("say"), st.integers(1, 6)),
        st.tuples(st.just("long"), st.integers(100, 400)),
        st.tuples(st.just("settle"), st.just(0)),
        st.tuples(st.just("read"), st.integers(1, 10)),
        st.tuples(st.just("ack"), st.integers(0, 3)),
        st.tuples(st.just("again"), st.booleans()),
        st.tuples(st.just("leave"), st.booleans()),
        st.tuples(st.just("full"), st.booleans()),
        st.tuples(st.just("forget"), st.just(0)),
        st.tuples(st.just("double"), st.integers(1, 5)),
    ),
    max_size=40,
)


class Device:
    """A client that keeps its text and position as the protocol asks, and checks both at every frame."""

    def __init__(self, app: App, client: Client, writer: Writer) -> None:
        self.app = app
        self.client = client
        self.writer = writer
        self.count = 0
        self.text = ""
        self.pages = ""
        self.position: Position | None = None

    # What comes

    def see(self, frame: Any) -> None:
        if "id" in frame:
            self._reply(frame.get("result") or {})
        elif frame["type"] == "snapshot":
            self._page(frame)
        elif self.position is not None and frame["offset"] > self.position.offset:
            assert frame["offset"] == self.position.offset + 1, "a gap"
            self.text += fold([frame])
            self.position = Position(frame["epoch"], frame["offset"])

    def _reply(self, result: Any) -> None:
        if "snapshot" in result:
            self.text = fold([{"type": "snapshot", "data": result["snapshot"]}])
            self.position = Position(**result["position"])

    def _page(self, frame: Any) -> None:
        self.pages = ("" if frame.get("page", 0) == 0 else self.pages) + fold([frame | {"page": 0}])
        if frame.get("more"):
            self.send_ack(frame["epoch"], frame["offset"], page=frame["page"])
        else:
            self.text = self.pages
            self.position = Position(frame["epoch"], frame["offset"])

    def send_ack(self, epoch: str, offset: int, **more: int) -> None:
        self.client.put(cmd="ack", topic=TOPIC, epoch=epoch, offset=offset, **more)

    async def subscribed(self, **since: Any) -> None:
        id_ = self.client.order("subscribe", topic=TOPIC, **since)
        frame: Any = {}
        while frame.get("id") != id_:
            frame = await self.client.next()
            self.see(frame)
        assert "error" not in frame

    # What may happen

    async def say(self, count: int) -> None:
        for _ in range(count):
            self.count += 1
            self.writer.say(f"{self.count} ")
            await asyncio.sleep(0)

    async def long(self, size: int) -> None:
        self.writer.say("x" * size + " ")

    async def settle(self, _: int) -> None:
        await self.writer.drain()

    async def read(self, most: int) -> None:
        for _ in range(most):
            try:
                self.see(await self.client.next(0.01))
            except TimeoutError:
                return

    async def ack(self, less: int) -> None:
        if self.position is not None:
            self.send_ack(self.position.epoch, max(0, self.position.offset - less))

    async def again(self, resume: bool) -> None:
        self.client.transport.drain()
        if resume and self.position is not None:
            await self.subscribed(since={"epoch": self.position.epoch, "offset": self.position.offset})
        else:
            await self.subscribed()

    async def leave(self, meanwhile: bool) -> None:
        self.client.order("unsubscribe", topic=TOPIC)
        if meanwhile:
            self.writer.say("away ")
            await self.writer.drain()
        await self.again(resume=True)

    async def full(self, yes: bool) -> None:
        self.client.transport.full = yes
        if not yes:
            self.client.transport.drain()

    async def forget(self, _: int) -> None:
        self.app.node.writer._topics.clear()  # as on a node that does not write the answer

    async def double(self, back: int) -> None:
        at = max(1, len(self.writer.done) - back)
        self.app.node.hub.accept(TOPIC, "e1", at, [event for _, event in self.writer.done[at - 1 :]])

    async def finish(self) -> None:
        """Read to the end, and find exactly what was written."""
        self.client.transport.drain()
        self.writer.end()
        end = await self.writer.drain()
        for _ in range(400):
            if self.position == end:
                break
            await self.read(20)
            await self.ack(0)
        await self.read(5)
        assert self.position == end
        assert self.text == fold(json.loads(event) for _, event in self.writer.done)


@settings(deadline=None, max_examples=60)
@given(steps)
def test_a_device_ends_with_exactly_the_text_that_was_written(steps):
    asyncio.run(_play(steps))


async def _play(steps: list[tuple[str, Any]]) -> None:
    async with running(SMALL) as app, Client(app) as client:
        app.answers.epochs[TOPIC] = "e1"
        device = Device(app, client, Writer(app.node, TOPIC))
        await client.connect()
        await device.subscribed()
        for name, value in steps:
            await getattr(device, name)(value)
        await device.finish()


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 60), st.integers(0, 60), st.integers(0, 30))
def test_coming_back_at_any_position_brings_exactly_the_rest(count, at, later):
    asyncio.run(_resume(count, min(at, count), later))


async def _resume(count: int, at: int, later: int) -> None:
    async with running(replace(FAST, recent_events=5)) as app, Client(app) as client:
        await client.connect()
        app.answers.epochs[TOPIC] = "e1"
        writer = Writer(app.node, TOPIC)
        writer.say(*[f"{number} " for number in range(1, count + 1)])
        await writer.drain()
        reply = await client.subscribe(TOPIC, Position("e1", at))
        assert reply == {"topic": TOPIC, "recovered": True, "position": {"epoch": "e1", "offset": at}}
        for number in range(count + 1, count + later + 1):
            writer.say(f"{number} ")
        writer.end()
        frames = await client.until("done")
        assert [frame["offset"] for frame in frames] == list(range(at + 1, len(writer.done) + 1))
        assert fold(frames) == "".join(f"{number} " for number in range(at + 1, count + later + 1))
