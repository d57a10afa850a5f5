"""Background tasks of a process that must not die silently."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

import structlog

from backend.core.errors import Unavailable

log = structlog.get_logger(__name__)

FIRST_PAUSE = 0.2
LONGEST_PAUSE = 5.0


def supervise(name: str, work: Callable[[], Awaitable[None]]) -> asyncio.Task[None]:
    """Run `work` for ever: when it raises, say so and start it again after a pause that grows to 5 s."""
    return asyncio.create_task(_forever(name, work), name=name)


async def _forever(name: str, work: Callable[[], Awaitable[None]]) -> None:
    pause = FIRST_PAUSE
    while True:
        started = asyncio.get_running_loop().time()
        try:
            await work()
        except Unavailable as error:
            log.warning("background task waits", task=name, error=repr(error.__cause__ or error))
        except Exception:
            log.exception("background task failed", task=name)
        if asyncio.get_running_loop().time() - started > LONGEST_PAUSE:
            pause = FIRST_PAUSE
        await asyncio.sleep(pause)
        pause = min(LONGEST_PAUSE, pause * 2)


_aside: set[asyncio.Task[None]] = set()


def aside(work: Coroutine[Any, Any, None]) -> None:
    """Have something done that nobody waits for; that it failed is only logged."""
    task = asyncio.create_task(_quietly(work))
    _aside.add(task)
    task.add_done_callback(_aside.discard)


async def _quietly(work: Coroutine[Any, Any, None]) -> None:
    try:
        await work
    except Exception:
        log.exception("what was to be done aside failed", work=getattr(work, "__qualname__", repr(work)))
