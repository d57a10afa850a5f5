"""The reader of the fault tests sees what a server does wrong, although the client mends it."""

import asyncio
import random

import pytest

from tests.faults.follower import Follower
from tests.unit.rivulet_client.fake import EPOCH, TOPIC, Fake, answer, text


def again(frame):
    return [frame, frame] if frame["offset"] == 5 else [frame]


class Once:
    """Something else instead of the fifth event, when it is sent first."""

    def __init__(self, *instead) -> None:
        self.instead = instead
        self.happened = False

    def __call__(self, frame):
        if frame["offset"] != 5 or self.happened:
            return [frame]
        self.happened = True
        return [{**frame, **other} for other in self.instead]


def two_ends(frame):
    late = {**frame, "offset": frame["offset"] + 1, "type": "error", "data": {"code": "x", "message": ""}}
    return [frame, late] if frame["type"] == "done" else [frame]


async def problems(fake: Fake) -> list[str]:
    follower = Follower([fake.url], token="rvk", topic=TOPIC, chance=random.Random(1))
    async with follower:
        await fake.until(lambda: fake.asked("subscribe"))
        await fake.say(*answer(10))
        await asyncio.wait_for(follower.ended.wait(), 5)
        assert follower.text == text(10)
    return follower.problems


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (again, "twice on one socket: 5 after 5"),
        (Once(), "a hole: 4 to 6"),
        (Once({"epoch": "other"}), "an event of epoch other without its snapshot"),
        (two_ends, "error after done"),
    ],
)
async def test_what_no_reader_may_see_is_a_problem(wrong, said: str) -> None:
    async with Fake() as fake:
        fake.on_frame = wrong
        assert said in await problems(fake)


async def test_an_event_that_is_another_one_the_second_time_is_a_problem() -> None:
    async with Fake() as fake:
        follower = Follower([fake.url], token="rvk", topic=TOPIC, chance=random.Random(1))
        async with follower:
            await fake.until(lambda: fake.asked("subscribe"))
            await fake.say(*answer(10)[:5])
            await follower.until("w2 ")
            fake.on_frame = lambda frame: [{**frame, "data": {"part": 0, "text": "other"}}]
            fake._at = dict.fromkeys(fake._at, 4)
            await fake.say({"type": "part.delta", "data": {"part": 0, "text": "x"}})
            await fake.until(lambda: follower.problems)
    assert "5 is another event than it was" in follower.problems


async def test_a_server_that_keeps_its_word_is_no_problem_also_across_cuts() -> None:
    async with Fake() as fake:
        follower = Follower([fake.url, fake.url], token="rvk", topic=TOPIC, chance=random.Random(1))
        async with follower:
            for event in answer(60):
                await fake.say(event)
                if len(fake.events) in {20, 40}:
                    await follower.until(f"w{len(fake.events) - 4} ")
                    follower.drop()
                    await fake.until(lambda: follower.connections > len(follower.closes) or follower.ended.is_set())
            await asyncio.wait_for(follower.ended.wait(), 5)
        assert (follower.problems, follower.text, follower.terminal) == ([], text(60), ["done"])
        assert follower.epochs == [EPOCH]
        assert follower.recovered.count(True) >= 2
