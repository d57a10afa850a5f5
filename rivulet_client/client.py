"""The client: one logical connection, commands that happen once, answers and topics that are followed."""

import asyncio
import random
import uuid
from collections.abc import Callable, Sequence
from typing import Any, Self

from rivulet_client.answer import Answer
from rivulet_client.connection import Connection, Status, http_base
from rivulet_client.errors import Offline, RivuletError, taken
from rivulet_client.observer import Observer, Transport
from rivulet_client.rest import Rest, twin
from rivulet_client.session import Session
from rivulet_client.subscription import Subscription
from rivulet_client.timing import Timing
from rivulet_client.tokens import Tokens, TokenSource
from rivulet_client.wire import Position

ALL: tuple[Transport, ...] = ("websocket", "sse", "poll")
_SOCKET_WITHIN = 1.0
"""Seconds that a command waits for a socket before it goes by REST."""

Content = str | list[dict[str, Any]]


class _Absent:
    """`parent` has three values: not given (the newest answer), None (the root of the tree), a message."""


ABSENT = _Absent()


class Client:
    """`async with Client("https://chat.example.org", token="rvk_…") as client:`

    `base_url` may be several addresses of one site, tried in turn. `token` is an API key or access token, an async
    function that gives one, or a `TokenProvider` such as `AppTokens`. `transports` limits the ways to the server.
    `on_status` is told of each change of the connection, `observer` of each frame.
    """

    def __init__(
        self,
        base_url: str | Sequence[str],
        *,
        token: TokenSource = None,
        timing: Timing | None = None,
        transports: tuple[Transport, ...] = ALL,
        on_status: Callable[[Status], None] | None = None,
        observer: Observer | None = None,
        chance: random.Random | None = None,
        trust_env: bool = True,
    ) -> None:
        bases = [base_url] if isinstance(base_url, str) else list(base_url)
        self._timing = timing or Timing()
        self._chance = chance or random.Random()  # noqa: S311 - it spreads reconnects, no secret
        self._tokens = Tokens(token)
        self._rest = Rest(self._tokens, within=self._timing.rest, trust_env=trust_env)
        self._closing: asyncio.Task[None] | None = None
        self._connection = Connection(
            [http_base(base) for base in bases],
            tokens=self._tokens,
            rest=self._rest,
            timing=self._timing,
            transports=transports,
            observer=observer or Observer(),
            chance=self._chance,
            changed=on_status or (lambda _: None),
            trust_env=trust_env,
        )

    @property
    def addresses(self) -> list[str]:
        """The site's addresses; others that are set are used from the next connection on."""
        return list(self._connection.bases)

    @addresses.setter
    def addresses(self, urls: Sequence[str]) -> None:
        self._connection.bases = [http_base(url) for url in urls]

    async def __aenter__(self) -> Self:
        """Begins to connect, and waits for nothing: what is asked meanwhile waits for itself."""
        self._connection.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Acknowledge what was read and leave. Positions stay with subscriptions and answers.

        It is finished even when whoever waits for it is cancelled; another call waits for the same end.
        """
        if self._closing is None:
            self._closing = asyncio.create_task(self._close())
        await asyncio.shield(self._closing)

    async def _close(self) -> None:
        await self._connection.close()
        await self._rest.close()

    @property
    def status(self) -> Status:
        """How the connection stands."""
        return self._connection.status

    async def connected(self, *, within: float = 30.0) -> Status:
        """Wait until something carries events. Raises `Stopped`, or `Offline` when it takes too long."""
        await self._open(within)
        if not self._connection.open.is_set():
            raise Offline
        return self._connection.status

    def wake(self) -> None:
        """The machine woke, or the network changed: connect now, without waiting."""
        self._connection.wake()

    def drop(self) -> None:
        """Lose the socket without a word, as a network does; for tests."""
        self._connection.drop()

    # Answers

    def send(
        self,
        content: Content,
        *,
        conversation: str | None = None,
        model: str | None = None,
        parent: str | _Absent | None = ABSENT,
        params: dict[str, Any] | None = None,
        tools: list[dict[str, Any]] | None = None,
        client_msg_id: str | None = None,
        patience: float = 60.0,
    ) -> Answer:
        """Send a message, once, whatever happens on the way; its answer.

        Without `conversation` it makes a new one. `client_msg_id` is the idempotency key: give your own to try again
        after a restart of your program. What is temporary is tried again for `patience` seconds.
        """
        given: dict[str, Any] = {"model": model, "params": params, "tools": tools}
        fields = {"content": content, **{name: value for name, value in given.items() if value is not None}}
        if not isinstance(parent, _Absent):
            fields["parent"] = parent
        key = client_msg_id or str(uuid.uuid4())

        if conversation is not None:
            fields["conversation"] = conversation
        return Answer(self, lambda: self._begin("message.send", {"client_msg_id": key, **fields}, patience))

    def retry(
        self,
        message: str,
        *,
        mode: str = "again",
        model: str | None = None,
        client_msg_id: str | None = None,
        patience: float = 60.0,
    ) -> Answer:
        """Answer again beside `message`, or go on from where it broke off (`mode="continue"`)."""
        key = client_msg_id or str(uuid.uuid4())
        fields = {"client_msg_id": key, "message": message, "mode": mode} | ({"model": model} if model else {})
        return Answer(self, lambda: self._begin("generation.retry", fields, patience))

    def restore(self, saved: dict[str, Any]) -> Answer:
        """An answer that goes on from what `Answer.save` gave."""

        async def start() -> tuple[dict[str, Any], Subscription]:
            at = Position.of(saved.get("position"))
            if answer.ended:
                return saved, Subscription(saved["topic"], at, owner=self._connection)
            return saved, self.follow(saved["topic"], since=at)

        answer = Answer(self, start)._restore(saved)
        return answer

    async def cancel(self, generation: str, *, patience: float = 60.0) -> str:
        """Stop an answer, on all devices. Returns `cancelling`, or how it had ended before."""
        result = await self.call("generation.cancel", patience=patience, generation=generation)
        return str(result.get("status", ""))

    # Topics

    def follow(self, topic: str, *, since: Position | dict[str, Any] | None = None) -> Subscription:
        """Follow a topic from a position; without one, from a snapshot. `async for event in client.follow(…)`.

        A client follows a topic once: raises `RivuletError` (`conflict`) while something else of it does, an answer
        that it sent too.
        """
        if self._connection.follows(topic):
            raise taken(topic)
        at = since if isinstance(since, Position) else Position.of(since)
        subscription = Subscription(topic, at, owner=self._connection)
        self._connection.carry(subscription)
        return subscription

    # Commands and REST

    async def call(self, cmd: str, *, patience: float = 60.0, **fields: Any) -> dict[str, Any]:
        """One command: on the socket, or by its REST twin where there is none. What is temporary is tried again, so
        give only commands that may come twice: all that there are may, a send by its key."""
        return (await self._decide(cmd, fields, patience, None))[0]

    async def rest(
        self, method: str, path: str, body: Any = None, *, params: dict[str, Any] | None = None, key: str | None = None
    ) -> Any:
        """One request to `/api/v1/<path>`, with this client's token; `key` is its idempotency key."""
        return await self._rest.request(method, path, body, key=key, params=params)

    async def _begin(self, cmd: str, fields: dict[str, Any], patience: float) -> tuple[dict[str, Any], Subscription]:
        made: list[Subscription] = []

        def arrived(result: dict[str, Any], session: Session) -> None:
            made.append(self._subscription(result))
            self._connection.adopt(made[0], session)

        result, by_socket = await self._decide(cmd, fields, patience, arrived)
        if not by_socket:
            made = [self._subscription(result)]
            self._connection.carry(made[0])
        return result, made[0]

    def _subscription(self, result: dict[str, Any]) -> Subscription:
        since = Position.of(result.get("position"))
        return Subscription(str(result.get("topic")), since, owner=self._connection)

    async def _decide(
        self,
        cmd: str,
        fields: dict[str, Any],
        patience: float,
        arrived: Callable[[dict[str, Any], Session], None] | None,
    ) -> tuple[dict[str, Any], bool]:
        """The result, and whether it came over a socket. Asks until there is an answer that stands."""
        loop = asyncio.get_running_loop()
        until = loop.time() + patience
        tries = 0
        while True:
            try:
                return await self._once(cmd, fields, until - loop.time(), arrived)
            except RivuletError as error:
                wait = error.retry_after or self._timing.wait(tries, self._chance)
                tries += 1
                if not error.temporary or loop.time() + wait > until:
                    raise
            await asyncio.sleep(wait)

    async def _once(
        self,
        cmd: str,
        fields: dict[str, Any],
        within: float,
        arrived: Callable[[dict[str, Any], Session], None] | None,
    ) -> tuple[dict[str, Any], bool]:
        call = twin(cmd, fields)
        if not self._connection.open.is_set():
            await self._open(within if call is None else min(_SOCKET_WITHIN, within))
        session = self._connection.session
        if session is not None and session.ready and (call is None or session.fits(cmd, fields)):
            told = None if arrived is None else (lambda result, _: arrived(result, session))
            return await session.request(cmd, fields, arrived=told), True
        if call is None and self._connection.http is not None:
            raise RivuletError("offline", f"`{cmd}` needs a WebSocket, and none gets through.")
        if call is None:
            raise Offline
        return await self._rest.call(call), False

    async def _open(self, within: float) -> None:
        """Wait for a way to the server, not too long."""
        connection = self._connection
        if connection.stopped is None and not connection.open.is_set():
            opened = asyncio.ensure_future(connection.open.wait())
            over = asyncio.ensure_future(connection.over.wait())
            try:
                await asyncio.wait([opened, over], timeout=within, return_when=asyncio.FIRST_COMPLETED)
            finally:
                opened.cancel()
                over.cancel()
        if connection.stopped is not None:
            raise connection.stopped
