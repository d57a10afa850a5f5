"""The whole site in one process, running as a server runs it; sockets and REST callers for it."""

from typing import Any

import httpx

from backend.core.db import close_pool
from backend.ops.health import Draining
from tests.support.scripted import Registry, ScriptedProvider
from tests.support.site import Site
from tests.support.sockets import Client


class LiveSite(Site):
    """`Site` with node and host started; `provider.script` says what the model answers."""

    def __init__(self) -> None:
        super().__init__()
        self.provider = ScriptedProvider()
        self.registry = Registry(self.provider)

    async def start(self) -> None:
        """As lifespan does."""
        from backend.config.live import Live

        self.live = Live(resolve=self.registry.resolve)
        await self.live.start()
        self.app.live = self.live

    async def stop(self) -> None:
        """As lifespan does."""
        self.app.live = None
        await self.close()
        await self.live.stop()
        Draining.now = False
        await close_pool()

    @property
    def node(self) -> Any:
        """For `Client`."""
        return self.live.node

    async def someone(self, email: str = "ada@example.org", **fields: Any) -> tuple[httpx.AsyncClient, str]:
        """A person's script and its key."""
        user = await self.person(email)
        _, value = await self.key(user, **fields)
        return self.client(Authorization=f"Bearer {value}"), value

    async def socket(self, key: str) -> Client:
        """A connected socket. Call `leave` at the end."""
        client = Client(self)  # type: ignore[arg-type]  # only its node is used
        await client.__aenter__()
        reply = await client.connect(key)
        assert "result" in reply, reply
        return client

    async def socket_by(self, *, ticket: str) -> Client:
        """A socket of a foreign page, connected by a ticket."""
        client = Client(self, subprotocols=("rivulet.v1", f"ticket.{ticket}"))  # type: ignore[arg-type]
        await client.__aenter__()
        reply = await client.call("connect", v=1)
        assert "result" in reply, reply
        return client
