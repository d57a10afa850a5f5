"""One physical WebSocket from its opening to its end: greeting, numbered requests, pings, acks, silence."""

import asyncio
import contextlib
from collections.abc import Callable
from typing import Any, NamedTuple, Protocol

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidURI
from websockets.typing import Subprotocol

from rivulet_client.errors import RivuletError, connection_lost, from_frame, timed_out
from rivulet_client.ledger import Ledger
from rivulet_client.observer import Link, Observer
from rivulet_client.subscription import Subscription
from rivulet_client.timing import ABNORMAL, NORMAL, SIGN_IN, Timing
from rivulet_client.wire import SUBPROTOCOL, Frame, decode, encode

MOST_COMMAND = 64 * 1024
_ROOM_FOR_ID = 32
_LARGEST_FRAME = 1024 * 1024
_REFUSED_WITHIN = 1.0
"""A refused connect is followed by a close code that says more: seconds to wait for it."""


class Lost(NamedTuple):
    """How a socket ended: `code` as the client saw it; 1006 where there was none."""

    code: int
    reason: str


class SessionLost(Exception):
    """It ended before it was ready."""

    def __init__(self, lost: Lost) -> None:
        super().__init__(lost.reason)
        self.lost = lost


class Owner(Protocol):
    """Who is told of a session's frames, synchronously and in their order."""

    def received(self, session: "Session", frame: Frame, size: int) -> None:
        """A frame of a topic."""

    def goaway(self, session: "Session", drain: float) -> None:
        """The node will stop; move within so many seconds."""


Arrived = Callable[[dict[str, Any], int], None]


class Session:
    """A socket that the server has greeted. `over` resolves when it has ended."""

    def __init__(self, socket: ClientConnection, link: Link, owner: Owner, observer: Observer, timing: Timing) -> None:
        self.link = link
        self.over: asyncio.Future[Lost] = asyncio.get_running_loop().create_future()
        self.welcome: dict[str, Any] = {}
        self.ready = False
        self.ledger = Ledger(self._write, after=timing.ack)
        self._socket = socket
        self._owner = owner
        self._observer = observer
        self._timing = timing
        self._outbox: asyncio.Queue[bytes] = asyncio.Queue()
        self._pending: dict[int, tuple[asyncio.Future[dict[str, Any]], Arrived | None]] = {}
        self._last_id = 0
        self._silence = timing.connect
        self._heard = asyncio.get_running_loop().time()
        self._watch: asyncio.TimerHandle | None = None
        self._tasks: list[asyncio.Task[None]] = []

    @classmethod
    async def open(
        cls, link: Link, *, token: str | None, owner: Owner, observer: Observer, timing: Timing, trust_env: bool
    ) -> "Session":
        """Connect and be greeted. Raises `SessionLost`."""
        try:
            socket = await connect(
                link.url,
                subprotocols=[Subprotocol(SUBPROTOCOL)],
                compression=None,
                ping_interval=None,
                open_timeout=timing.connect,
                close_timeout=1,
                max_size=_LARGEST_FRAME,
                proxy=True if trust_env else None,
            )
        except (OSError, TimeoutError, InvalidHandshake, InvalidURI, EOFError) as error:
            raise SessionLost(Lost(ABNORMAL, f"no handshake: {error}")) from error
        session = cls(socket, link, owner, observer, timing)
        observer.opened(link)
        session._begin()
        try:
            fields = {"v": 1} if token is None else {"v": 1, "token": token}
            session.welcome = await session.request("connect", fields, arrived=session._greeted, within=timing.connect)
        except RivuletError as error:
            raise SessionLost(await session._refused(error)) from error
        except asyncio.CancelledError:
            session.cut(ABNORMAL, "cancelled")
            await session.gone()
            raise
        return session

    def fits(self, cmd: str, fields: dict[str, Any]) -> bool:
        """Whether a command is short enough for a frame."""
        return len(encode({"cmd": cmd, **fields})) + _ROOM_FOR_ID <= MOST_COMMAND

    async def request(
        self, cmd: str, fields: dict[str, Any], *, arrived: Arrived | None = None, within: float | None = None
    ) -> dict[str, Any]:
        """A command's result. `arrived` gets it, and the frame's size, before any later frame is looked at."""
        if self.over.done():
            raise connection_lost()
        self._last_id += 1
        number = self._last_id
        future: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self._pending[number] = (future, arrived)
        self._write({"id": number, "cmd": cmd, **fields})
        try:
            async with asyncio.timeout(self._timing.request if within is None else within):
                return await future
        except TimeoutError:
            raise timed_out() from None
        finally:
            self._pending.pop(number, None)

    def leave(self, subscription: Subscription) -> None:
        """See `Carrier`."""
        self.ledger.release(subscription.topic)
        if not self.over.done():
            self._last_id += 1
            self._write({"id": self._last_id, "cmd": "unsubscribe", "topic": subscription.topic})

    async def close(self, reason: str = "") -> None:
        """End it from here, in good order: what has arrived is acknowledged."""
        if not self.over.done():
            self.ledger.flush()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._outbox.join(), 1)
            self._end(Lost(NORMAL, reason))
            with contextlib.suppress(ConnectionClosed, OSError):
                await self._socket.close(NORMAL, reason)
        await self.gone()

    def cut(self, code: int, reason: str) -> None:
        """Give it up without a word: a dead line never answers a closing handshake."""
        self._end(Lost(code, reason), told=None)
        self._socket.transport.abort()

    async def gone(self) -> None:
        """Wait until nothing of it is left, once it has ended."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._socket.close_code is None:
            self._socket.transport.abort()
        await self._socket.wait_closed()

    def _begin(self) -> None:
        self._tasks = [asyncio.create_task(self._read()), asyncio.create_task(self._send())]
        self._look()

    def _greeted(self, result: dict[str, Any], _: int) -> None:
        self.ready = True
        said = [result.get(name) for name in ("ping", "pong_timeout")]
        told = sum(value for value in said if isinstance(value, int | float))
        self._silence = self._timing.silence or told or self._timing.connect * 3
        self._look()

    async def _refused(self, error: RivuletError) -> Lost:
        """Why `connect` failed: by the close code where one comes."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(asyncio.shield(self.over), _REFUSED_WITHIN)
        permanent = not error.temporary and error.code == "unauthenticated"
        lost = self.over.result() if self.over.done() else Lost(SIGN_IN if permanent else ABNORMAL, error.message)
        self.cut(lost.code, lost.reason)
        await self.gone()
        return lost

    async def _read(self) -> None:
        socket = self._socket
        try:
            while True:
                raw = await socket.recv(decode=False)
                self._heard = asyncio.get_running_loop().time()
                self._observer.frame(self.link, raw)
                frame = decode(raw)
                if frame is not None:
                    self._hear(frame, len(raw))
        except ConnectionClosed as closed:
            found = closed.rcvd
            self._end(Lost(found.code if found else ABNORMAL, found.reason if found else "cut"))
        finally:
            self._end(Lost(ABNORMAL, "the reader ended"))

    async def _send(self) -> None:
        with contextlib.suppress(ConnectionClosed):
            while True:
                await self._socket.send(await self._outbox.get(), text=True)
                self._outbox.task_done()

    def _hear(self, frame: Frame, size: int) -> None:
        if frame.topic is not None:
            if frame.epoch is not None and frame.offset is not None:
                self.ledger.received(frame.topic, frame.epoch, frame.offset, size, frame.page)
            self._owner.received(self, frame, size)
        elif frame.id is not None:
            self._answer(frame, size)
        elif frame.type == "ping":
            self._write({"cmd": "pong"})
        elif frame.type == "goaway":
            self._owner.goaway(self, frame.drain_ms / 1000)

    def _answer(self, frame: Frame, size: int) -> None:
        future, arrived = self._pending.pop(frame.id or 0, (None, None))
        if future is None or future.done():
            return
        if frame.error is not None:
            future.set_exception(from_frame(frame.error))
            return
        result = frame.result if isinstance(frame.result, dict) else {}
        if arrived is not None:
            arrived(result, size)
        future.set_result(result)

    def _write(self, value: dict[str, Any]) -> None:
        if not self.over.done():
            self._outbox.put_nowait(encode(value))

    def _look(self) -> None:
        """Give it up when it was silent too long."""
        if self._watch is not None:
            self._watch.cancel()
        if self.over.done():
            return
        left = self._heard + self._silence - asyncio.get_running_loop().time()
        if left <= 0:
            self.cut(ABNORMAL, "silence")
        else:
            self._watch = asyncio.get_running_loop().call_later(left, self._look)

    def _end(self, lost: Lost, *, told: int | None = 0) -> None:
        """`told` is what the observer hears: the code, or None where it was given up from here."""
        if self.over.done():
            return
        self.over.set_result(lost)
        self.ready = False
        self.ledger.discard()
        if self._watch is not None:
            self._watch.cancel()
        for future, _ in self._pending.values():
            if not future.done():
                future.set_exception(connection_lost())
        for task in self._tasks[1:]:
            task.cancel()
        self._observer.closed(self.link, lost.code if told == 0 else told)
