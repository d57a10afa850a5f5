"""ASGI lifespan: the application starts before the first client is let in, and is told when the server stops."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any

logger = logging.getLogger(__name__)

Application = Callable[[dict[str, Any], Callable[..., Any], Callable[..., Any]], Awaitable[Any]]


class StartFailed(Exception):
    """The application says that it can't start."""


class Lifespan:
    """One conversation with the application over its whole life. An application that speaks none is left alone."""

    def __init__(self, application: Application) -> None:
        self.state: dict[str, Any] = {}
        self._application = application
        self._inbox: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._started: asyncio.Future[str | None] | None = None
        self._stopped: asyncio.Future[str | None] | None = None
        self._task: asyncio.Task[None] | None = None

    async def startup(self) -> None:
        """Wait until the application is ready. Raises StartFailed with its message."""
        loop = asyncio.get_running_loop()
        self._started, self._stopped = loop.create_future(), loop.create_future()
        self._inbox.put_nowait({"type": "lifespan.startup"})
        self._task = asyncio.create_task(self._run())
        failure = await self._started
        if failure is not None:
            raise StartFailed(failure)

    async def shutdown(self) -> None:
        """Tell the application to stop, and wait until it has."""
        if self._task is None or self._task.done() or self._stopped is None:
            return
        self._inbox.put_nowait({"type": "lifespan.shutdown"})
        failure = await self._stopped
        if failure:
            logger.error("The application's shutdown failed: %s", failure)
        await asyncio.wait([self._task], timeout=1)

    def cancel(self) -> None:
        """Do not wait any longer."""
        if self._task is not None:
            self._task.cancel()

    async def _run(self) -> None:
        failure: str | None = None
        try:
            scope = {"type": "lifespan", "asgi": {"version": "3.0", "spec_version": "2.0"}, "state": self.state}
            await self._application(scope, self._inbox.get, self._send)
        except Exception as error:
            if self._started is not None and not self._started.done():
                logger.info("The application does not speak ASGI lifespan (%r).", error)
            else:
                failure = repr(error)
                logger.exception("The application's lifespan failed.")
        finally:
            for waiting, answer in ((self._started, None), (self._stopped, failure)):
                if waiting is not None and not waiting.done():
                    waiting.set_result(answer)

    async def _send(self, message: dict[str, Any]) -> None:
        kind, _, outcome = message["type"].rpartition(".")
        waiting = {"lifespan.startup": self._started, "lifespan.shutdown": self._stopped}[kind]
        if waiting is not None and not waiting.done():
            waiting.set_result(None if outcome == "complete" else message.get("message") or "no reason was given")
