"""The inbox loses nothing and says when to stop reading."""

import asyncio

import pytest

from realtime.server.inbox import Inbox


def event(number: int) -> dict[str, object]:
    return {"type": "websocket.receive", "number": number}


async def test_events_come_out_in_order() -> None:
    inbox = Inbox(max_messages=4, max_bytes=100)
    for number in range(3):
        inbox.put(event(number))
    assert [(await inbox.get())["number"] for _ in range(3)] == [0, 1, 2]


async def test_it_is_full_by_number_and_low_at_half() -> None:
    inbox = Inbox(max_messages=4, max_bytes=100)
    for number in range(4):
        assert not inbox.full
        inbox.put(event(number))
    assert inbox.full
    await inbox.get()
    assert not inbox.low
    await inbox.get()
    assert inbox.low


async def test_it_is_full_by_bytes() -> None:
    inbox = Inbox(max_messages=4, max_bytes=100)
    inbox.put(event(0), 51)
    assert not inbox.low
    inbox.put(event(1), 49)
    assert inbox.full


async def test_a_cancelled_receive_loses_nothing() -> None:
    inbox = Inbox(max_messages=4, max_bytes=100)
    waiting = asyncio.create_task(inbox.get())
    await asyncio.sleep(0)
    inbox.put(event(1))
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert (await inbox.get())["number"] == 1


async def test_a_waiting_receive_wakes() -> None:
    inbox = Inbox(max_messages=4, max_bytes=100)
    waiting = asyncio.create_task(inbox.get())
    await asyncio.sleep(0)
    inbox.put(event(1))
    inbox.put(event(2))
    assert (await waiting)["number"] == 1
    assert (await inbox.get())["number"] == 2
