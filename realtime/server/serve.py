"""The entry: run one ASGI application in this process until it is told to stop."""

import asyncio
import contextlib
from collections.abc import Callable

from twisted.logger import FilteringLogObserver, LogLevel, LogLevelFilterPredicate, STDLibLogObserver, globalLogBeginner

from realtime.server.lifespan import Application
from realtime.server.reactor import install
from realtime.server.settings import ServerSettings

_loop = install()

from daphne import server as daphne_server  # noqa: E402
from twisted.internet import reactor  # noqa: E402

from realtime.server.server import Server  # noqa: E402

with contextlib.suppress(AttributeError):
    daphne_server.twisted_loop.close()  # a loop that Daphne makes and, finding ours, does not use


def serve(
    application: Application,
    *,
    host: str = "127.0.0.1",
    port: int = 8000,
    fd: int | None = None,
    unix: str | None = None,
    settings: ServerSettings | None = None,
    on_ready: Callable[[str], None] | None = None,
) -> int:
    """Serve `application` on the inherited socket `fd`, else on the Unix socket `unix`, else on `host:port`.

    `on_ready` is called with the address once clients can come. Returns the process's exit code after SIGTERM or
    SIGINT: 0, or 1 when it could not start. Once a process: the reactor does not run twice.
    """
    settings = settings or ServerSettings()
    errors = LogLevelFilterPredicate(LogLevel.error)
    globalLogBeginner.beginLoggingTo(
        [FilteringLogObserver(STDLibLogObserver("realtime.server.twisted"), [errors])],
        redirectStandardIO=False,
        discardBuffer=True,
    )
    server = Server(
        application,
        reactor=reactor,
        loop=_loop,
        settings=settings,
        listen={"host": host, "port": port, "fd": fd, "path": unix},
        on_ready=on_ready,
    )
    code = 1

    async def main() -> None:
        nonlocal code
        try:
            code = await server.serve()
        finally:
            reactor.stop()

    task = _loop.create_task(main())
    reactor.run(installSignalHandlers=False)
    if task.done() and not task.cancelled() and (error := task.exception()) is not None:
        raise error
    _loop.run_until_complete(_loop.shutdown_asyncgens())
    _loop.run_until_complete(asyncio.wait_for(_loop.shutdown_default_executor(), 5))
    return code
