"""Rows 15 and 16: providers that hang, cut, refuse and talk nonsense."""

import asyncio

import pytest

from tests.faults.oracle import numbers, verify
from tests.faults.world import SILENCE, World


async def test_row_15_a_provider_that_hangs_is_given_up_and_its_text_kept(world: World) -> None:
    started = await world.send("n=60 rate=100 id=hang stall=30")
    async with world.follower(started) as reader:
        await reader.until(".00029 ")
        await asyncio.wait_for(reader.ended.wait(), SILENCE + 5)
    message = await world.message(started["message"])
    assert message["status"] == "error"
    assert numbers(message["text"]) == list(range(30))
    assert message["error"]["code"] == "provider_error"
    assert world.upstream.calls("hang") == 1
    await verify(world, started, [reader], tokens=60, status="error")


@pytest.mark.parametrize("status", [429, 500, 503])
async def test_row_16_a_refusal_before_the_first_token_is_tried_again(world: World, status: int) -> None:
    started = await world.send(f"n=20 rate=100 id=busy{status} status={status} times=2")
    async with world.follower(started) as reader:
        await asyncio.wait_for(reader.ended.wait(), 20)
    await verify(world, started, [reader], tokens=20)
    assert world.upstream.calls(f"busy{status}") == 3


@pytest.mark.parametrize("fault", ["cut=25", "junk=25", "errorat=25"])
async def test_row_16_a_break_in_mid_answer_keeps_what_came_and_says_so(world: World, fault: str) -> None:
    name = fault.partition("=")[0]
    started = await world.send(f"n=60 rate=100 id={name} {fault}")
    async with world.follower(started) as reader:
        await asyncio.wait_for(reader.ended.wait(), 20)
    message = await world.message(started["message"])
    assert message["status"] == "error"
    assert numbers(message["text"])[:25] == list(range(25))
    await verify(world, started, [reader], tokens=60, status="error")
