"""Background tasks go on after a failure and end when told to."""

import asyncio

from backend.core import tasks
from realtime import tasks as endings


async def test_a_task_that_raises_is_started_again(monkeypatch) -> None:
    monkeypatch.setattr(tasks, "FIRST_PAUSE", 0.001)
    runs: asyncio.Queue[int] = asyncio.Queue()

    async def work() -> None:
        runs.put_nowait(1)
        raise RuntimeError("a defect")

    task = tasks.supervise("test", work)
    async with asyncio.timeout(2):
        for _ in range(3):
            await runs.get()
    await endings.end(task)
    assert task.cancelled()


async def test_a_cancellation_that_was_swallowed_is_repeated(monkeypatch) -> None:
    monkeypatch.setattr(endings, "CANCEL_AGAIN", 0.01)
    swallowed: list[int] = []

    async def work() -> None:
        while True:
            try:
                await asyncio.sleep(60)
            except asyncio.CancelledError:
                if swallowed:
                    raise
                swallowed.append(1)

    task = tasks.supervise("test", work)
    await asyncio.sleep(0)
    async with asyncio.timeout(2):
        await endings.end(task)
    assert swallowed
