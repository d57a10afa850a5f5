"""What runs beside the requests in a web process: the realtime node, the generation host, the catalogue of models.

They start and stop with the server, by ASGI lifespan. Stopping ends the running answers first, while their log is
still there, and the connections after that.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any

import structlog
from django.conf import settings

from backend.care.line import FREED_SIGNAL
from backend.catalog import registry
from backend.chat import commands, topics
from backend.chat.host import GenerationHost, HostSettings, Resolve
from backend.config.access import SiteAccess
from backend.core import redis
from backend.core.asgi import Receive, Send, request_id, state
from backend.core.db import close_pool
from backend.core.errors import AppError
from backend.core.problems import problem
from backend.jobs.topics import JobKind
from backend.openai_api.app import OpenAIApplication
from backend.openai_api.stored import StoredCompletions
from backend.ops.connection.probes import Probes
from backend.ops.health import Draining
from backend.search import service as search
from realtime import Node, RealtimeSettings
from realtime.hooks import Principal

log = structlog.get_logger("rivulet.web")


class Live:
    """One web process's running parts."""

    def __init__(self, *, resolve: Resolve = registry.resolve) -> None:
        scale = settings.RIVULET.time_scale
        limits = settings.RIVULET.limits == "on"
        self.node = Node.on_redis(
            settings.RIVULET.redis_url,
            access=SiteAccess(),
            settings=RealtimeSettings(limits=limits).scaled(scale),
        )
        self.host = GenerationHost(
            node=self.node,
            resolve=resolve,
            name=settings.RIVULET.node_name,
            settings=HostSettings(
                titles=settings.RIVULET.titles == "on", checkpoint=settings.RIVULET.checkpoint_seconds
            ).scaled(scale),
        )
        self.openai = OpenAIApplication(stored=StoredCompletions(self.node))
        self.probes = Probes()
        self.node.problem = _problem
        self.node.identified = _identified
        self.node.on(FREED_SIGNAL, _freed)
        for kind in [*topics.kinds(self.host), JobKind()]:
            self.node.register(kind)
        for command in commands.commands():
            self.node.register(command)

    async def start(self) -> None:
        """Start everything; Redis and PostgreSQL may still be on their way."""
        await self.node.start()
        await self.host.start()
        await registry.start()

    async def stop(self) -> None:
        """Be not ready, ask sockets to move on while answers are handed over; then stop in the order of dependence."""
        Draining.now = True
        self.probes.stop()
        await asyncio.gather(_quietly(self.host.stop), _quietly(self._drain))
        for step in (self.node.stop, registry.stop, search.close, redis.close_client, close_pool):
            await _quietly(step)

    async def _drain(self) -> None:
        await self.node.drain(settings.RIVULET.drain_seconds)


def _freed(data: dict[str, Any]) -> None:
    registry.current().care.heard(data)


def _problem(scope: Mapping[str, Any], error: AppError) -> tuple[int, bytes, list[tuple[bytes, bytes]]]:
    status, body, headers = problem(error, request_id=request_id(dict(scope)))
    return status, body, [(name.lower().encode(), value.encode()) for name, value in headers]


def _identified(scope: MutableMapping[str, Any], principal: Principal) -> None:
    state(scope)["user"] = principal.user


async def _quietly(step: Callable[[], Awaitable[None]]) -> None:
    """A step that fails must not keep the others from being taken."""
    try:
        await step()
    except Exception:
        log.exception("web.stop_failed", step=getattr(step, "__qualname__", repr(step)))


async def lifespan(receive: Receive, send: Send, *, started: Callable[[Live | None], None]) -> None:
    """Speak ASGI lifespan: `started` gets the running parts, and None once they are stopped."""
    live: Live | None = None
    while True:
        message = await receive()
        if message["type"] == "lifespan.startup":
            try:
                live = Live()
                await live.start()
            except Exception as error:
                log.exception("web.start_failed")
                await send({"type": "lifespan.startup.failed", "message": str(error)})
                return
            started(live)
            await send({"type": "lifespan.startup.complete"})
        elif message["type"] == "lifespan.shutdown":
            started(None)
            if live is not None:
                await live.stop()
            await send({"type": "lifespan.shutdown.complete"})
            return
