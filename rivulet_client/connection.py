"""The logical connection that outlives its sockets: when to open which, and what carries the subscriptions now."""

import asyncio
import contextlib
import itertools
from collections.abc import Callable, Sequence
from random import Random
from typing import Any, Literal, NamedTuple
from urllib.parse import urlsplit, urlunsplit

from rivulet_client.errors import RivuletError, Stopped, taken
from rivulet_client.http import HttpCarrier
from rivulet_client.joins import join
from rivulet_client.observer import Link, Observer, Transport
from rivulet_client.rest import Rest
from rivulet_client.session import Lost, Session, SessionLost
from rivulet_client.subscription import Subscription
from rivulet_client.timing import ABNORMAL, SIGN_IN, Timing, verdict
from rivulet_client.tokens import Tokens
from rivulet_client.wire import Frame

_BEFORE_EXPIRY = 30.0
_REFRESH_AGAIN = 2.0
_REJOIN = 1.0


class Status(NamedTuple):
    """How the connection stands. `transport` carries events while it is open; `wait` is seconds to the next try."""

    state: Literal["connecting", "open", "waiting", "stopped", "closed"]
    transport: Transport | None = None
    wait: float = 0.0
    code: int | None = None
    reason: str = ""


class Connection:
    """Use `Client`. `bases` are tried in turn, one for each connection: any node will do."""

    def __init__(
        self,
        bases: Sequence[str],
        *,
        tokens: Tokens,
        rest: Rest,
        timing: Timing,
        transports: tuple[Transport, ...],
        observer: Observer,
        chance: Random,
        changed: Callable[[Status], None],
        trust_env: bool,
    ) -> None:
        self.status = Status("closed")
        self.session: Session | None = None
        self.http: HttpCarrier | None = None
        self.open = asyncio.Event()
        """Something carries events."""
        self.over = asyncio.Event()
        """The server said not to come back: `stopped` says why."""
        self.stopped: Stopped | None = None
        self.subscriptions: dict[str, Subscription] = {}
        self.bases = list(bases)
        self._tokens = tokens
        self._rest = rest
        self._timing = timing
        self._transports = transports
        self._observer = observer
        self._chance = chance
        self._changed = changed
        self._trust_env = trust_env
        self._numbers = itertools.count(1)
        self._tries = 0
        self._goaway: asyncio.Future[float] | None = None
        self._sessions: set[Session] = set()
        self._wake = asyncio.Event()
        self._tasks: set[asyncio.Task[Any]] = set()
        self._main: asyncio.Task[None] | None = None
        self._token: str | None = None
        self._attempt = 0
        self._blocked = 0
        self._once_more = False
        rest.base = self.bases[0]

    # What its owner asks for

    def start(self) -> None:
        """Begin to connect."""
        if self._main is None:
            self._main = asyncio.create_task(self._run())

    async def close(self) -> None:
        """Acknowledge and leave."""
        if self._main is not None:
            self._main.cancel()
            await asyncio.gather(self._main, return_exceptions=True)
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._leave_http()
        self.session = None
        for session in list(self._sessions):
            await self._end(session)
        for subscription in list(self.subscriptions.values()):
            subscription.close()
        self._become(Status("closed"))

    def wake(self) -> None:
        """The machine woke, or the network changed: try now, without waiting."""
        self._attempt = 0
        self._wake.set()

    def drop(self) -> None:
        """Lose the socket without a word, as a network does."""
        if self.session is not None:
            self.session.cut(ABNORMAL, "dropped")

    def carry(self, subscription: Subscription) -> None:
        """Bring a subscription's events by whatever there is; all of them are carried again after each break."""
        self._register(subscription)
        if self.stopped is not None:
            subscription.fail(self.stopped)
        elif self.session is not None and self.session.ready:
            self._join(self.session, subscription)
        elif self.http is not None:
            self.http.attach(subscription)

    def follows(self, topic: str) -> bool:
        """Whether something of this client's has the topic: there is one subscription a topic."""
        return topic in self.subscriptions

    def adopt(self, subscription: Subscription, session: Session) -> None:
        """The server has subscribed `session` to it by itself. Who followed it before is told so."""
        self._register(subscription)
        subscription.carrier = session
        session.ledger.release(subscription.topic)

    def forget(self, subscription: Subscription) -> None:
        """Carry it no more."""
        if self.subscriptions.get(subscription.topic) is subscription:
            del self.subscriptions[subscription.topic]

    def _register(self, subscription: Subscription) -> None:
        before = self.subscriptions.get(subscription.topic)
        if before is not None and before is not subscription:
            if isinstance(before.carrier, Session):
                before.carrier = None  # the server's subscription is the new one's
            before.fail(taken(subscription.topic))
        self.subscriptions[subscription.topic] = subscription

    # The life of it

    async def _run(self) -> None:
        try:
            await self._live()
        except Exception as error:
            self._stop(Stopped("internal", f"The client failed: {error!r}"))
            raise

    async def _live(self) -> None:
        if "websocket" not in self._transports:
            self._become(Status("connecting"))
            while not await self._detour():
                await self._pause(self._timing.wait(self._attempt, self._chance))
                self._attempt += 1
            return
        while not self.over.is_set():
            wait = await self._after(await self._socket())
            if self.over.is_set():
                return
            if self._blocked >= self._timing.blocked_after and await self._detour():
                wait = max(wait, self._timing.socket_again)
            await self._pause(wait)

    async def _socket(self) -> Lost:
        """One socket after another while each hands over to the next; returns how the last one ended."""
        if self.http is None:
            self._become(Status("connecting"))
        try:
            session = await self._connect()
        except SessionLost as error:
            self._blocked += error.lost.code < 4000
            return error.lost
        except RivuletError as error:  # no token
            return Lost(SIGN_IN if isinstance(error, Stopped) else ABNORMAL, error.message)
        self._blocked = 0
        self.session = session
        while True:
            began = asyncio.get_running_loop().time()
            await self._serve(session)
            following = await self._until_over_or_followed(session)
            if asyncio.get_running_loop().time() - began >= self._timing.stable:
                self._attempt, self._once_more = 0, False
            if following is None:
                self.session = None
                self._detach(session)
                await self._end(session)
                return session.over.result()
            session = following

    async def _connect(self) -> Session:
        base = self.bases[self._tries % len(self.bases)]
        self._tries += 1
        token = self._token = await self._tokens.token()
        link = Link("websocket", next(self._numbers), socket_url(base))
        try:
            session = await Session.open(
                link,
                token=token,
                owner=self,
                observer=self._observer,
                timing=self._timing,
                trust_env=self._trust_env,
            )
        except SessionLost as error:
            if error.__cause__ is None or not isinstance(error.__cause__, RivuletError):
                self._observer.closed(link, None)
            raise
        self._rest.base = base
        self._sessions.add(session)
        return session

    async def _serve(self, session: Session) -> None:
        """Everything moves to this socket."""
        await self._leave_http()
        self._goaway = asyncio.get_running_loop().create_future()
        joins = [self._join(session, one) for one in list(self.subscriptions.values())]
        self._plan_refresh(session, session.welcome.get("expires_in"))
        self._become(Status("open", "websocket"))
        before, self.session = self.session, session
        if before is not None and before is not session:
            await _first(asyncio.gather(*joins), session.over)
            await self._end(before)

    async def _until_over_or_followed(self, session: Session) -> Session | None:
        """Until it ends; or the socket that takes over because its node will stop."""
        goaway = self._goaway
        assert goaway is not None
        await _first(session.over, goaway)
        if session.over.done():
            return None
        await asyncio.wait([session.over], timeout=self._chance.uniform(0, goaway.result()))
        if not session.over.done():
            with contextlib.suppress(SessionLost, RivuletError):
                return await self._connect()
            await session.over
        return None

    async def _after(self, lost: Lost) -> float:
        """Seconds until the next try."""
        found = verdict(lost.code, tried_once_more=self._once_more)
        wait = self._timing.wait(self._attempt, self._chance)
        self._attempt += 1
        if found == "stop":
            code = "unauthenticated" if lost.code == SIGN_IN else "forbidden"
            self._stop(Stopped(code, lost.reason or f"closed with {lost.code}", close_code=lost.code))
        elif found == "once more":
            self._once_more = True
        elif found == "crowded":
            wait += self._timing.crowded
        elif found == "refresh":
            await self._refresh(lost)
        if self.http is None and self.stopped is None:
            self._become(Status("waiting", None, wait, lost.code, lost.reason))
        return wait

    async def _refresh(self, lost: Lost) -> None:
        try:
            await self._tokens.refresh(self._token)
        except Stopped as error:
            self._stop(Stopped(error.code, error.message, close_code=lost.code))
        except RivuletError:
            return  # the next try, with the old token, is told the same

    async def _detour(self) -> bool:
        """Sockets do not get through: topics come by HTTP meanwhile, if that passes."""
        modes: tuple[Transport, ...] = tuple(mode for mode in self._transports if mode != "websocket")
        if self.http is not None or not modes:
            return self.http is not None
        self._rest.base = self.bases[self._tries % len(self.bases)]
        if not await self._rest.reachable():
            self._tries += 1
            return False
        self.http = HttpCarrier(
            self._rest,
            timing=self._timing,
            chance=self._chance,
            observer=self._observer,
            modes=modes,
            numbers=self._numbers,
            changed=lambda mode: self._become(Status("open", mode)),
        )
        for subscription in list(self.subscriptions.values()):
            self.http.attach(subscription)
        self._become(Status("open", self.http.mode))
        return True

    async def _leave_http(self) -> None:
        if self.http is not None:
            http, self.http = self.http, None
            await http.stop()

    async def _end(self, session: Session) -> None:
        await session.close("moved")
        self._sessions.discard(session)

    def _detach(self, session: Session) -> None:
        for subscription in self.subscriptions.values():
            if subscription.carrier is session:
                subscription.carrier = None

    async def _pause(self, seconds: float) -> None:
        self._wake.clear()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._wake.wait()

    def _stop(self, error: Stopped) -> None:
        self.stopped = error
        self.over.set()
        self._become(Status("stopped", None, 0.0, error.close_code, error.message))
        for subscription in list(self.subscriptions.values()):
            subscription.fail(error)

    def _become(self, status: Status) -> None:
        if status.state == "open":
            self.open.set()
        else:
            self.open.clear()
        if status != self.status:
            self.status = status
            self._changed(status)

    # Subscriptions on a socket

    def received(self, session: Session, frame: Frame, size: int) -> None:
        """See `Owner`."""
        subscription = self.subscriptions.get(frame.topic or "")
        if subscription is None or subscription.take(frame, session, size) != "gap":
            return
        if not subscription.mending and subscription.carrier is session:
            slowly = frame.type == "unsubscribed" or subscription.mended == subscription.received
            subscription.mending, subscription.mended = True, subscription.received
            self._task(join(session, subscription, after=_REJOIN if slowly else 0.0))

    def goaway(self, session: Session, drain: float) -> None:
        """See `Owner`."""
        if session is self.session and self._goaway is not None and not self._goaway.done():
            self._goaway.set_result(drain)

    def _join(self, session: Session, subscription: Subscription) -> "asyncio.Task[None]":
        return self._task(join(session, subscription))

    # Tokens

    def _plan_refresh(self, session: Session, expires_in: Any) -> None:
        if isinstance(expires_in, int | float) and self._tokens.refreshes:
            self._task(self._refreshing(session, max(expires_in - _BEFORE_EXPIRY, expires_in / 2)))

    async def _refreshing(self, session: Session, after: float) -> None:
        """Keep an open socket's token young; a socket whose token does end is told so by 4005."""
        await asyncio.wait([session.over], timeout=after)
        while not session.over.done():
            try:
                token = await self._tokens.refresh(await self._tokens.token())
                result = await session.request("refresh", {"token": token})
            except RivuletError as error:
                if not error.temporary:
                    return
                await asyncio.wait([session.over], timeout=_REFRESH_AGAIN)
            else:
                self._plan_refresh(session, result.get("expires_in"))
                return

    def _task(self, work: Any) -> "asyncio.Task[None]":
        task: asyncio.Task[None] = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task


async def _first(*futures: asyncio.Future[Any]) -> None:
    await asyncio.wait(futures, return_when=asyncio.FIRST_COMPLETED)


def http_base(url: str) -> str:
    """A site's address from any of its addresses: `ws://host/ws/v1/` and `http://host/` are the same site."""
    parts = urlsplit(url if "://" in url else f"http://{url}")
    scheme = {"ws": "http", "wss": "https"}.get(parts.scheme, parts.scheme)
    path = parts.path.rstrip("/").removesuffix("/ws/v1").removesuffix("/api/v1").removesuffix("/v1")
    return urlunsplit((scheme, parts.netloc, path.rstrip("/"), "", ""))


def socket_url(base: str) -> str:
    """The socket's address of a site."""
    return "ws" + base.removeprefix("http") + "/ws/v1/"
