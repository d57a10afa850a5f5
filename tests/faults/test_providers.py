"""Rows 15 and 16: providers that hang, cut, refuse and talk nonsense."""

import time

import pytest

from tests.faults.oracle import numbers, verify
from tests.faults.world import SILENCE, World


async def test_row_15_a_provider_that_hangs_is_given_up_and_its_text_kept(world: World) -> None:
    started = await world.send("n=60 rate=100 id=hang stall=30")
    async with world.follower(started) as reader:
        await reader.until(".00029 ")
        silent = time.monotonic()
        await world.ended(reader, within=SILENCE + 5)
        assert time.monotonic() - silent > SILENCE / 2
    message = await world.message(started["message"])
    assert message["status"] == "error"
    assert numbers(message["text"]) == list(range(30))
    assert message["error"]["code"] == "provider_error"
    await verify(world, started, [reader], tokens=60, status="error")


async def test_row_15_a_provider_that_says_nothing_is_asked_again_and_not_for_ever(world: World) -> None:
    """Before the first token each try may take as long as the provider may be silent."""
    started = await world.send("n=20 rate=100 id=mute stall=0 times=1")
    async with world.follower(started) as reader:
        await world.ended(reader, within=SILENCE + 10)
    await verify(world, started, [reader], tokens=20, calls=2)


@pytest.mark.parametrize("status", [429, 500, 503])
async def test_row_16_a_refusal_before_the_first_token_is_tried_again(world: World, status: int) -> None:
    started = await world.send(f"n=20 rate=100 id=busy{status} status={status} times=2")
    async with world.follower(started) as reader:
        await world.ended(reader)
    await verify(world, started, [reader], tokens=20, calls=3)


@pytest.mark.parametrize("fault", ["cut", "junk", "errorat", "half"])
async def test_row_16_a_break_in_mid_answer_keeps_what_came_and_says_so(world: World, fault: str) -> None:
    at = world.chance.randrange(1, 40)
    started = await world.send(f"n=60 rate=100 id={fault} {fault}={at}")
    async with world.follower(started) as reader:
        await world.ended(reader)
    message = await world.message(started["message"])
    assert message["status"] == "error"
    assert numbers(message["text"])[:at] == list(range(at))
    assert message["error"]["code"] == "provider_error"
    await verify(world, started, [reader], tokens=60, status="error")
