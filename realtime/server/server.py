"""Daphne's server with the life of a process: start, serve, stop gracefully."""

import asyncio
import contextlib
import gc
import logging
import signal
from collections.abc import Callable
from typing import Any

from daphne.server import Server as DaphneServer
from twisted.internet.error import CannotListenError

from realtime.server.channel import Channel, Factory
from realtime.server.deadlines import Deadlines
from realtime.server.lifespan import Application, Lifespan, StartFailed
from realtime.server.request import Request
from realtime.server.settings import ServerSettings
from realtime.server.transport import TcpPort, UnixPort, open_port
from realtime.server.websocket import WebSocket

logger = logging.getLogger(__name__)

GC_THRESHOLDS = (5000, 10, 20)
"""With the interpreter's (700, 10, 10) a full collection came in each burst of sends: 16 to 40 ms for every stream."""


class Server(DaphneServer):
    """One process's server on one listening socket. `run` on the reactor's loop serves until a signal."""

    def __init__(
        self,
        application: Application,
        *,
        reactor: Any,
        loop: asyncio.AbstractEventLoop,
        settings: ServerSettings,
        listen: dict[str, Any],
        on_ready: Callable[[str], None] | None,
    ) -> None:
        super().__init__(application, endpoints=[listen], signal_handlers=False, server_name="")
        self.loop = loop
        self.settings = settings
        timeouts = (settings.header_timeout, settings.accept_timeout, settings.stall_timeout, settings.message_timeout)
        self.deadlines = Deadlines(loop=loop, interval=min(1.0, min(timeouts) / 4))
        self.channels: set[Channel] = set()
        self.requests: set[Request] = set()
        self.websockets: set[WebSocket] = set()
        self.bodies = 0
        self.draining = False
        self.connections: dict[Any, Any] = {}
        self._tasks: set[asyncio.Future[Any]] = set()
        self._lifespan = Lifespan(application)
        self._reactor = reactor
        self._listen = listen
        self._on_ready = on_ready
        self._stop = asyncio.Event()

    # Called by requests and sockets

    def protocol_connected(self, protocol: Any) -> None:
        """Daphne's registry is not used: requests and sockets register where they are served."""

    def protocol_disconnected(self, protocol: Any) -> None:
        """See `protocol_connected`."""

    def log_action(self, protocol: Any, action: Any, details: Any) -> None:
        """Daphne's action log is not used: see `ServerSettings.access_log`."""

    def start(self, target: Request | WebSocket, scope: dict[str, Any]) -> asyncio.Future[Any]:
        """Run the application for `target`, and tell it at once when that ends."""
        if self._lifespan.state:
            scope["state"] = self._lifespan.state.copy()
        task: asyncio.Future[Any] = asyncio.ensure_future(self.application(scope, target.receive, target.send))
        self._tasks.add(task)

        def done(task: asyncio.Future[Any]) -> None:
            self._tasks.discard(task)
            error = None if task.cancelled() else task.exception()
            if error is not None:
                logger.error("The application failed on %s.", scope["path"], exc_info=error)
            target.application_done(error)

        task.add_done_callback(done)
        return task

    # The process

    def stop(self) -> None:
        """Stop gracefully; asked a second time, at once."""
        if self._stop.is_set():
            self._lifespan.cancel()
            for task in self._tasks:
                task.cancel()
        self._stop.set()

    async def serve(self) -> int:
        """Start, serve until stopped, stop. Returns the exit code: 0, or 1 when it could not start."""
        for number in (signal.SIGTERM, signal.SIGINT):
            self.loop.add_signal_handler(number, self.stop)
        try:
            async with asyncio.timeout(self.settings.startup_timeout):
                await self._lifespan.startup()
            port = open_port(Factory(self), reactor=self._reactor, settings=self.settings, **self._listen)
            port.deadlines = self.deadlines
            port.startListening()
        except StartFailed as failure:
            logger.critical("The application can't start: %s", failure)
            return 1
        except TimeoutError:
            logger.critical("The application was not ready within %s s.", self.settings.startup_timeout)
            return 1
        except CannotListenError as failure:
            logger.critical("Can't listen on %s: %s", _describe(self._listen), failure.socketError)
            await self._shut_down()
            return 1
        gc.collect()
        gc.freeze()  # what was loaded stays: full collections need not walk it between two tokens
        gc.set_threshold(*GC_THRESHOLDS)
        if self._on_ready is not None:
            self._on_ready(_address(port))
        await self._stop.wait()
        await asyncio.ensure_future(port.stopListening().asFuture(self.loop))
        await self._shut_down()
        return 0

    async def _shut_down(self) -> None:
        self.draining = True
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self.settings.shutdown_timeout):
                for channel in list(self.channels):
                    channel.close_if_idle()
                await self._lifespan.shutdown()
                for websocket in list(self.websockets):
                    websocket.close(self.settings.goaway_code, "The server is shutting down.")
                while self.channels or self.websockets or self._tasks:  # noqa: ASYNC110
                    await asyncio.sleep(0.02)
        self._lifespan.cancel()
        left = list(self._tasks)
        if left:
            logger.warning("Cut %d applications that were still running at shutdown.", len(left))
        for task in left:
            task.cancel()
        if left:
            await asyncio.wait(left, timeout=2)


def _address(port: TcpPort | UnixPort) -> str:
    host = port.getHost()
    if not hasattr(host, "port"):
        return f"unix:{host.name.decode()}"
    name = f"[{host.host}]" if ":" in host.host else host.host
    return f"http://{name}:{host.port}"


def _describe(listen: dict[str, Any]) -> str:
    if listen.get("fd") is not None:
        return f"the inherited socket {listen['fd']}"
    return str(listen.get("path") or f"{listen.get('host')}:{listen.get('port')}")
