"""The window under stress, on the real consumer: many topics, any order of writes, acks and pauses of the network.

A model beside it counts what is sent and not acknowledged; it may never pass 512 events or 256 KiB, and in the end
every topic is complete, in order, once.
"""

import asyncio
import random
from typing import Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from realtime.positions import Position
from tests.support.realtime import FAST, App, Writer, fold, running
from tests.support.sockets import Client, unframe

TOPICS = [f"generation.{number}" for number in range(6)]
EVENTS, BYTES = FAST.window_events, FAST.window_bytes


class Reader:
    """A client that acknowledges what and when it likes. `sent` holds sizes of unacknowledged frames by topic."""

    def __init__(self, client: Client, topics: list[str]) -> None:
        self.client = client
        self.sent: dict[str, list[tuple[int, int]]] = {topic: [] for topic in topics}
        self.frames: dict[str, list[dict[str, Any]]] = {topic: [] for topic in topics}

    def take(self) -> int:
        """All that was written since the last time; checks the window after each frame."""
        count = 0
        queue = self.client.transport.frames
        while not queue.empty():
            wire = queue.get_nowait()
            frame = unframe(wire)
            topic = frame.get("topic")
            if topic in self.sent:
                count += 1
                self.frames[topic].append(frame)
                self.sent[topic].append((frame["offset"], len(wire)))
                events = sum(map(len, self.sent.values()))
                size = sum(one[1] for sent in self.sent.values() for one in sent)
                assert events <= EVENTS, "events"
                assert size <= BYTES, "bytes"
        return count

    def ack(self, topic: str, upto: int) -> None:
        """Acknowledge the first `upto` frames of a topic that are not yet."""
        sent = self.sent[topic]
        if not sent[:upto]:
            return
        self.sent[topic] = sent[upto:]
        self.client.put(cmd="ack", topic=topic, epoch="e1", offset=sent[:upto][-1][0])


async def settled(app: App, reader: Reader) -> None:
    """Nothing more comes by itself."""
    quiet = 0
    while quiet < 4:
        await asyncio.sleep(0)
        for writer in list(app.node.watched):
            pump = writer.session._pump
            if pump is not None and writer.session.full_since is None and not writer.session.blocked:
                quiet = 0
        quiet = 0 if reader.take() else quiet + 1
        await asyncio.sleep(0.002)


steps = st.lists(
    st.one_of(
        st.tuples(st.just("say"), st.integers(0, 5), st.integers(1, 400), st.sampled_from([1, 40, 900, 9_000])),
        st.tuples(st.just("ack"), st.integers(0, 5), st.integers(1, 200)),
        st.tuples(st.just("old"), st.integers(0, 5), st.integers(0, 50)),
        st.tuples(st.just("network"), st.booleans()),
    ),
    min_size=5,
    max_size=40,
)


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.explicit, Phase.reuse, Phase.generate],  # making a failure smaller would take minutes
)
@given(steps, st.integers(0, 2**32))
def test_at_no_moment_is_more_than_the_window_under_way_and_nothing_is_lost(done: list[Any], seed: int) -> None:
    asyncio.run(play(done, random.Random(seed)))


async def play(done: list[Any], chance: random.Random) -> None:
    async with running() as app, Client(app) as client:
        await client.connect()
        writers, texts = {}, dict.fromkeys(TOPICS, "")
        for topic in TOPICS:
            app.answers.epochs[topic] = "e1"
            writers[topic] = Writer(app.node, topic)
            await client.subscribe(topic, Position("e1", 0))
        reader = Reader(client, TOPICS)
        for name, *values in done:
            if name == "network":
                client.transport.full = values[0]
                if not values[0]:
                    client.transport.drain()
            elif name == "say":
                texts[TOPICS[values[0]]] += await said(writers[TOPICS[values[0]]], *values[1:])
            elif name == "ack":
                reader.ack(TOPICS[values[0]], values[1])
            else:
                client.put(cmd="ack", topic=TOPICS[values[0]], epoch="e1", offset=-values[1])
            if chance.random() < 0.7:
                await settled(app, reader)
        client.transport.drain()
        await read_out(app, reader, chance)
        assert client.closed is None
        for topic in TOPICS:
            assert fold(reader.frames[topic]) == texts[topic]
            assert [frame["offset"] for frame in reader.frames[topic]] == list(range(1, len(reader.frames[topic]) + 1))


async def said(writer: Writer, count: int, size: int) -> str:
    """Write so many pieces of about this size; all of it together."""
    texts = [f"{number}" * max(1, size // len(f"{number}")) for number in range(count)]
    writer.say(*texts)
    await writer.drain()
    return "".join(texts)


async def read_out(app: App, reader: Reader, chance: random.Random) -> None:
    """Acknowledge in any order until nothing comes any more."""
    await settled(app, reader)
    while waiting := [topic for topic in TOPICS if reader.sent[topic]]:
        for topic in waiting:
            reader.ack(topic, chance.randrange(1, 400))
        await settled(app, reader)
