"""Start and stop on plain Daphne, which speaks no ASGI lifespan.

What runs beside the requests starts with the first connection, a health check as well as any other, and stops before
the reactor does: running answers are handed over, and Daphne waits for that. Other servers speak lifespan; one that
does neither gets no realtime parts, and says so by `unavailable`.
"""

import asyncio
import sys
from collections.abc import Callable
from typing import Any

import structlog

from backend.config.live import Live

log = structlog.get_logger("rivulet.web")

STOP_WITHIN = 30.0
"""Seconds from SIGTERM on, sockets that have to move on included."""


class PlainDaphne:
    """Starts the running parts once; `started` gets them, and None when they are to stop."""

    def __init__(self, started: Callable[[Live | None], None]) -> None:
        self._started = started
        self._starting: asyncio.Task[None] | None = None

    async def ensure(self) -> None:
        """Have them running where Daphne's reactor runs; without effect elsewhere."""
        reactor = sys.modules.get("twisted.internet.reactor")
        if reactor is None or not getattr(reactor, "running", False):
            return
        if self._starting is None:
            self._starting = asyncio.create_task(self._start(reactor))
        await asyncio.shield(self._starting)

    async def _start(self, reactor: Any) -> None:
        try:
            live = Live()
            await live.start()
        except Exception:
            log.exception("web.start_failed")
            self._starting = None
            return
        reactor.addSystemEventTrigger("before", "shutdown", self._stop, live)
        self._started(live)

    def _stop(self, live: Live) -> Any:
        from twisted.internet.defer import Deferred

        self._started(None)
        return Deferred.fromFuture(asyncio.ensure_future(_within(live)))


async def _within(live: Live) -> None:
    try:
        async with asyncio.timeout(STOP_WITHIN):
            await live.stop()
    except TimeoutError:
        log.exception("web.stop_failed")
