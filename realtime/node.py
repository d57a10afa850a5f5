"""The composition of one process: log, writer, hub, connections, and the tasks that keep them right."""

import asyncio
import functools
import secrets
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable, Coroutine, Mapping, MutableMapping
from typing import Any, Protocol

from realtime import hints
from realtime.close import Close
from realtime.connection import Connection
from realtime.consumer import RivuletConsumer
from realtime.frames import Delayed, Goaway, Whisper
from realtime.hooks import Access, Command, Principal, TopicKind
from realtime.http import TopicEvents
from realtime.hub import Hub
from realtime.listener import Listener
from realtime.log import EventLog
from realtime.log.redis import RedisLog
from realtime.look import Look
from realtime.presence import Presence
from realtime.request import plain_problem
from realtime.settings import RealtimeSettings
from realtime.tasks import Supervisor
from realtime.watch import Watch, Watched
from realtime.wire import message
from realtime.writer import Held, LogWriter

ASGI = Callable[[Any, Any, Any], Awaitable[None]]


_BLIP = 2
"""How many sweeps (a second each) a log may be away before anybody is told."""


class Swept(Watched, Protocol):
    """A connection of any transport, with deadlines: none falls before `quiet` (monotonic) while nothing is held up."""

    quiet: float

    def sweep(self, now: float, wall: float) -> None:
        """Look at the deadlines: `now` is monotonic, `wall` is epoch seconds."""


class Node:
    """One process's part of the realtime system. Register kinds and commands, `start`, serve, `stop`.

    `layer` gives the channel layer over which other processes' hints come, or None for a process that stands alone.
    `problem` renders the errors of `events`; an application that has errors of its own over HTTP puts its own there.
    `identified` is told whose request for events a scope is.
    """

    def __init__(
        self,
        *,
        access: Access,
        log: EventLog,
        settings: RealtimeSettings | None = None,
        layer: Callable[[], Any] = hints.channel_layer,
    ) -> None:
        self.id = secrets.token_hex(8)
        self.settings = settings or RealtimeSettings()
        self.access = access
        self.log = log
        self.kinds: dict[str, TopicKind] = {}
        self.commands: dict[str, Command[Any]] = {}
        self.problem = plain_problem
        self.identified: Callable[[MutableMapping[str, Any], Principal], None] | None = None
        self.hub = Hub(log=log, kinds=self.kinds, settings=self.settings, held=self._held)
        self.look = Look(log, self.settings, missed=self._check, wiped=self._wiped)
        self.hub.doubt = self.look.doubt
        self.writer = LogWriter(log, publish=self.hub.accept, settings=self.settings, counted=self.look.heard)
        self.presence = Presence(self.hub, node=self.id, post=hints.send, kept=3 * self.settings.presence_refresh)
        self.watched: set[Swept] = set()
        self._watch = Watch(self)
        self._by_user: dict[str, set[Connection]] = defaultdict(set)
        self._streams: set[Swept] = set()
        self._signals: dict[str, list[Callable[[dict[str, Any]], None]]] = defaultdict(list)
        self._running: set[asyncio.Task[None]] = set()
        self._supervisor = Supervisor()
        self._listener: Listener | None = None
        self._stopping = False
        self._delayed = False
        self._away = 0
        self._told: list[Connection] = []
        self.leaving = asyncio.Event()
        """Set when the node begins to go: who waits here has to wait elsewhere."""
        self._layer = layer

    @classmethod
    def on_redis(
        cls,
        url: str,
        *,
        access: Access,
        settings: RealtimeSettings | None = None,
        layer: Callable[[], Any] = hints.channel_layer,
    ) -> "Node":
        """A node whose log is in this Redis."""
        settings = settings or RealtimeSettings()
        log = RedisLog(
            url,
            node=secrets.token_hex(8),
            timeout=settings.append_timeout,
            pauses=(settings.reconnect_first, settings.reconnect_max),
            owner_window=settings.owner_window,
            kept=settings.log_kept,
        )
        return cls(access=access, log=log, settings=settings, layer=layer)

    # What the application calls

    def register(self, part: TopicKind | Command[Any]) -> None:
        """Make a topic kind or a command known; before `start`."""
        if isinstance(part, TopicKind):
            self.kinds[part.name] = part
        else:
            self.commands[part.name] = part

    def on(self, name: str, callback: Callable[[dict[str, Any]], None]) -> None:
        """Call this on the loop for each `hints.signal(name, …)` of any process."""
        self._signals[name].append(callback)

    async def start(self) -> None:
        """Connect and start the supervised tasks. Does not fail when Redis is away: it keeps trying."""
        settings = self.settings
        hints.deliver_to(self._hint)
        if isinstance(self.log, RedisLog):
            self.log.on_connect = self._connected
            await self.log.start()
            self._listener = Listener(
                self.log.url,
                prefix=self.log.prefix,
                hub=self.hub,
                heard=self.look.heard,
                connected=self.look.doubt,
                timeout=settings.append_timeout,
                pauses=(settings.reconnect_first, settings.reconnect_max),
            )
            self._listener.start()
        self._supervisor.start("channel-layer", self._receive)
        self._supervisor.every("sweep", settings.sweep, self._sweep)
        self._supervisor.every("look", settings.look, self.look.look)
        self._supervisor.every("authorisation", settings.poll, self._watch.poll)
        self._supervisor.every("recheck", settings.recheck, self._recheck)
        self._supervisor.every("presence", settings.presence_refresh, self.presence.refresh)

    async def drain(self, seconds: float) -> None:
        """Ask every socket to move on (`goaway`), and wait until all have, at most so long."""
        self._leave()
        sockets = [one for one in self.watched if isinstance(one, Connection)]
        for one in sockets:
            one.tell(Goaway(drain_ms=round(seconds * 1000)))
        until = time.monotonic() + seconds
        while time.monotonic() < until and any(one in self.watched for one in sockets):  # noqa: ASYNC110
            await asyncio.sleep(0.05)

    async def stop(self) -> None:
        """Close every socket with 4001, end the tasks and connections."""
        self._leave()
        for one in list(self.watched):
            one.close(Close.SHUTTING_DOWN, "shutting down")
        if self._running:
            await asyncio.wait(self._running, timeout=self.settings.close_grace + 1)
        for task in list(self._running):
            task.cancel()
        hints.stop_delivering_to(self._hint)
        await self._supervisor.stop()
        await self.writer.stop()
        await self.hub.stop()
        if self._listener is not None:
            await self._listener.stop()
        if isinstance(self.log, RedisLog):
            await self.log.stop()

    @functools.cached_property
    def websocket(self) -> ASGI:
        """The Channels consumer for `/ws/v1/`."""
        consumer: Any = RivuletConsumer  # `as_asgi` has no types
        app: ASGI = consumer.as_asgi(node=self)
        return app

    @functools.cached_property
    def events(self) -> ASGI:
        """SSE and long poll, an ASGI application for `GET /api/v1/topics/{topic}/events` (any prefix)."""
        return TopicEvents(self)

    async def history(self, *, topic: str, epoch: str) -> list[bytes]:
        """All events of a log, from memory where this node writes it. Empty where there is none."""
        held = self.writer.held(topic)
        if held is not None and held.source.epoch == epoch:
            return list(held.events)
        events: list[bytes] = []
        while True:
            found = await self.log.read(
                topic=topic, epoch=epoch, after=len(events), max_events=1000, max_bytes=1024 * 1024
            )
            events += found.events
            if found.complete or not found.events:
                return events

    def health(self) -> Mapping[str, Any]:
        """Numbers for health and metrics."""
        sockets = sum(isinstance(one, Connection) for one in self.watched)
        return {
            "sockets": sockets,
            "streams": len(self.watched) - sockets,
            "feeds": len(self.hub.feeds),
            "sources": len(self.writer),
            "log_away": self.writer.away,
            "batches": self.writer.batches,
            "events": self.writer.written,
            "hints_missed": self.look.misses,
        }

    # What connections call

    def join(self, connection: Swept) -> None:
        """A connection begins."""
        self.watched.add(connection)
        if not isinstance(connection, Connection):
            self._streams.add(connection)
        if self._stopping:
            connection.close(Close.SHUTTING_DOWN, "shutting down")

    def leave(self, connection: Swept) -> None:
        """A connection is gone, or going."""
        self.watched.discard(connection)
        self._streams.discard(connection)
        if isinstance(connection, Connection) and connection.principal is not None:
            mine = self._by_user[connection.principal.user]
            mine.discard(connection)
            if not mine:
                del self._by_user[connection.principal.user]

    def users(self) -> set[str]:
        """Who is here, over any transport."""
        return {*self._by_user, *(one.principal.user for one in self._streams if one.principal)}

    def admit(self, connection: Connection, principal: Principal) -> bool:
        """Count a socket for its user; False: that would be one too many."""
        mine = self._by_user[principal.user]
        if self.settings.limits and len(mine) >= self.settings.sockets:
            return False
        mine.add(connection)
        return True

    def run(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Run a command; it is finished even when its socket leaves."""
        task = asyncio.get_running_loop().create_task(work)
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        return task

    # What runs

    def _leave(self) -> None:
        self._stopping = True
        self.leaving.set()

    def _held(self, topic: str) -> Held | None:
        return self.writer.held(topic)

    def _connected(self) -> None:
        """The log is there (again): write again what it lost, and what waits; check what others wrote."""
        self.look.doubt()
        self.writer.verify()
        self.writer.retry()

    def _wiped(self) -> None:
        self.writer.verify()

    async def _check(self) -> None:
        await self.hub.check(list(self.hub.feeds.values()))

    async def _recheck(self) -> None:
        await self._watch.recheck()
        await self._check()

    async def _sweep(self) -> None:
        now, wall = time.monotonic(), time.time()
        self.writer.tick()
        self._tell_delay()
        for one in list(self.watched):
            session = one.session
            if now >= one.quiet or session.blocked or session.full_since is not None:
                one.sweep(now, wall)

    def _tell_delay(self) -> None:
        """Sockets that follow what is being written hear once that it waits for its log, and once that it goes on."""
        self._away = self._away + 1 if self.writer.away or self.look.away else 0
        delayed = self._away > _BLIP
        if delayed != self._delayed:
            self._delayed = delayed
            if delayed:
                self._told = [one for one in self.watched if isinstance(one, Connection) and one.session.awaits]
            for one in self._told:
                one.tell(Delayed(delayed=delayed))
            self._told = self._told if delayed else []

    async def _receive(self) -> None:
        """Hints of other processes, over the channel layer."""
        layer = self._layer()
        if layer is None:
            await asyncio.Event().wait()
            return
        channel = await layer.new_channel()
        await layer.group_add(hints.GROUP, channel)
        self.look.doubt()
        while True:
            posted = await layer.receive(channel)
            own = posted["sender"] == hints.sender()
            for fields in posted["hints"]:
                if (count := fields.get("count")) is not None:
                    self.look.heard(count)
                if not own:
                    self._hint(fields)

    def _hint(self, fields: dict[str, Any]) -> None:
        """A hint from this process or another."""
        kind = fields["kind"]
        if kind == "announce":
            self.hub.accept(fields["topic"], fields["epoch"], fields["offset"], fields["bodies"])
        elif kind == "whisper":
            if fields["topic"] in self.hub.feeds:
                frame = Whisper(topic=fields["topic"], type=fields["event"], data=fields["data"])
                self.hub.whisper(fields["topic"], message(frame))
        elif kind == "presence":
            self.presence.heard(fields)
        elif kind == "signal":
            for callback in self._signals.get(fields["name"], ()):
                callback(fields["data"])
