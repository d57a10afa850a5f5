"""One node's chat for tests of services: database, log, host and topics are real, the provider is scripted."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID, uuid4

import msgspec

from backend.accounts.principal import Principal
from backend.chat import commands, services, topics
from backend.chat.host import GenerationHost, HostSettings
from backend.chat.schemas import GenerationRetry, MessageOut, MessageSend, Started
from backend.chat.selectors import message_get
from backend.core import db
from backend.core.redis import close_client
from realtime import hints
from tests.support.nodes import make_node
from tests.support.scripted import Registry, ScriptedProvider

FAST = HostSettings(lease=1.5, renew=0.5, tick=0.1, checkpoint=0, relay=0.1, sweep=0.2, beat=0.1, titles=False)


class Bench:
    """`provider.script` says what the model answers."""

    def __init__(self, redis_url: str) -> None:
        self.redis_url = redis_url
        self.provider = ScriptedProvider()
        self.registry = Registry(self.provider)

    async def start(self, settings: HostSettings = FAST) -> None:
        """Start node and host."""
        self.node = make_node(self.redis_url)
        hints.configure(redis_url=self.redis_url)
        self.host = GenerationHost(node=self.node, resolve=self.registry.resolve, settings=settings)
        for kind in topics.kinds(self.host):
            self.node.register(kind)
        for command in commands.commands():
            self.node.register(command)
        await self.node.start()
        await self.host.start()
        self.kinds = {kind.name: kind for kind in topics.kinds(self.host)}

    async def stop(self) -> None:
        """End both, and the loop's pools."""
        await self.host.stop()
        await self.node.stop()
        await close_client()
        await db.close_pool()

    async def person(self, email: str = "ada@example.org", **fields: Any) -> Principal:
        """A stored person, signed in."""
        from backend.accounts.models import User

        user = await db.in_thread(User.objects.create_user, email, None)
        return Principal(user_id=user.pk, email=email, name="", role="member", method="session", **fields)

    async def send(
        self, principal: Principal, content: Any = "hello", *, key: str | None = None, **more: Any
    ) -> Started:
        """Send a message."""
        fields = {"content": content, **{name: str(v) if isinstance(v, UUID) else v for name, v in more.items()}}
        reply, _ = await services.message_send(
            principal=principal,
            command=MessageSend.model_validate(fields),
            key=key or str(uuid4()),
            fields=fields,
        )
        return reply

    async def retry(self, principal: Principal, message: UUID, mode: str = "again", **more: Any) -> Started:
        """Try an answer again, or go on."""
        fields = {"message": str(message), "mode": mode, **more}
        reply, _ = await services.generation_retry(
            principal=principal,
            command=GenerationRetry.model_validate(fields),
            key=str(uuid4()),
            fields=fields,
        )
        return reply

    async def ended(self, started: Started) -> MessageOut:
        """The answer, once it has ended and its host has let go of it."""
        run = self.host.runs.get(started.generation)
        if run is not None and run.task is not None:
            await asyncio.wait([run.task], timeout=10)
        return (await message_get(message=started.message))[0]

    async def log(self, started: Started, epoch: str | None = None) -> list[bytes]:
        """The whole log of an answer."""
        found = await self.node.log.read(
            topic=started.topic, epoch=epoch or started.position.epoch, after=0, max_events=10**6, max_bytes=10**9
        )
        return found.events

    async def events(self, conversation: UUID) -> list[dict[str, Any]]:
        """All events of a conversation, checked for holes."""
        kind, topic = self.kinds["conversation"], f"conversation.{conversation}"
        state = await kind.state(topic=topic)
        found = await kind.read(topic=topic, epoch=state.epoch, after=0, max_events=10**4, max_bytes=10**9)
        assert found.kept
        assert len(found.events) == state.end
        return [msgspec.json.decode(event) for event in found.events]

    async def until(self, check: Callable[[], Awaitable[Any]], *, within: float = 8.0) -> Any:
        """Wait until `check` is true; returns what it gave."""
        async with asyncio.timeout(within):
            while not (found := await check()):  # noqa: ASYNC110 - what is waited for is in the database
                await asyncio.sleep(0.02)
        return found

    async def value(self, query: str) -> Any:
        """The first value of a query's first row."""
        async with (await db.pool()).connection() as connection:
            row = await (await connection.execute(query)).fetchone()
        return row[0] if row else None

    async def running(self, started: Started, text: str) -> None:
        """Wait until the log has this text."""

        async def shown() -> bool:
            run = self.host.runs.get(started.generation)
            return run is not None and text in "".join(part.text for part in run.source.answer.parts)

        await self.until(shown)
