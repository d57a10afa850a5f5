"""Tasks that must not die: each is started again after a pause, and its failure is logged."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any

logger = logging.getLogger(__name__)


CANCEL_AGAIN = 0.5


async def end(*tasks: asyncio.Task[Any]) -> None:
    """Cancel tasks and wait until they are gone, whatever they end with.

    Again and again: before Python 3.12 `asyncio.wait_for`, which drivers use, can swallow a cancellation.
    """
    pending = set(tasks)
    while pending:
        for task in pending:
            task.cancel()
        _, pending = await asyncio.wait(pending, timeout=CANCEL_AGAIN)


class Supervisor:
    """Runs named endless tasks until it is stopped."""

    def __init__(self, *, pause: float = 1.0) -> None:
        self._pause = pause
        self._tasks: list[asyncio.Task[None]] = []

    def start(self, name: str, work: Callable[[], Awaitable[None]]) -> None:
        """Run `work` again and again; it is expected never to return."""
        self._tasks.append(asyncio.get_running_loop().create_task(self._keep(name, work), name=name))

    def every(self, name: str, seconds: float, work: Callable[[], Awaitable[None]]) -> None:
        """Run `work` each so many seconds; a failure skips to the next time."""

        async def rounds() -> None:
            while True:
                await asyncio.sleep(seconds)
                await work()

        self.start(name, rounds)

    async def stop(self) -> None:
        """Cancel all, and wait for them."""
        await end(*self._tasks)
        self._tasks.clear()

    async def _keep(self, name: str, work: Callable[[], Awaitable[None]]) -> None:
        while True:
            try:
                await work()
            except Exception as error:
                logger.warning("%s failed and starts again: %s", name, error, exc_info=not _expected(error))
            await asyncio.sleep(self._pause)


def _expected(error: Exception) -> bool:
    return isinstance(error, OSError | TimeoutError) or type(error).__name__ == "LogAway"
