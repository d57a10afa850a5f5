"""One WebSocket, without its server: frames in, replies and events out, deadlines, and why it ends.

`receive` never waits. Commands run as tasks, a few at a time; urgent ones (cancel, unsubscribe) pass the others, and
operations on one topic keep their order."""

import asyncio
import logging
import secrets
import time
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any

from realtime.close import Close, close_for
from realtime.cursor import AckAhead
from realtime.errors import AppError, BadRequest, Conflict, Forbidden, Internal, NotFound, Unauthenticated, Unavailable
from realtime.frames import (
    Ack,
    Connect,
    Connected,
    Delayed,
    Goaway,
    Ping,
    Refresh,
    Refreshed,
    Reply,
    Subscribe,
    Unsubscribe,
    Unsubscribed,
)
from realtime.hooks import CommandContext, CommandResult, Principal
from realtime.limits import Bucket
from realtime.log.base import LogAway
from realtime.parse import BadFrame, Command, Rejected, own_frame, parse_frame
from realtime.positions import kind_of
from realtime.replies import expires_in, failure, number
from realtime.session import Link, Session
from realtime.subscribe import subscribe, subscribe_after
from realtime.wire import message

if TYPE_CHECKING:
    from realtime.node import Node

logger = logging.getLogger(__name__)
_PING = message(Ping())


class _Line:
    """Operations on one topic, in a row."""

    __slots__ = ("lock", "waiting")

    def __init__(self) -> None:
        self.lock = asyncio.Lock()
        self.waiting = 0


class Connection:
    """The protocol's side of a socket. `close` is how it ends the transport's: a code and a reason."""

    def __init__(
        self,
        node: "Node",
        link: Link,
        *,
        close: Callable[[int, str], None],
        principal: Principal | None,
        refused: Unauthenticated | None = None,
    ) -> None:
        self.node = node
        self.settings = node.settings
        self.session = Session(hub=node.hub, link=link, settings=node.settings, on_gone=self.unsubscribed)
        self.client = secrets.token_urlsafe(12)
        self.principal: Principal | None = None
        self.closing, self.quiet = False, 0.0
        self._close = close
        self._offered = principal
        self._refused = refused
        self._connecting: asyncio.Task[None] | None = None
        self._last_id = 0
        self._unanswered: set[int] = set()
        self._pending = 0
        self._pending_bytes = 0
        self._slots: asyncio.Semaphore | None = None
        self._topics: dict[str, _Line] = {}
        limits = node.settings
        self._command_bucket = Bucket(rate=limits.commands_per_second, burst=limits.commands_burst)
        self._ack_bucket = Bucket(rate=limits.acks_per_second, burst=limits.acks_burst)
        self._opened = self._heard = self._pinged = time.monotonic()
        self._waiting_since: float | None = None

    # In

    def receive(self, text: str) -> None:
        """One text frame."""
        if self.closing:
            return
        self._heard = time.monotonic()
        settings = self.settings
        if len(text) * 4 > settings.max_frame and len(text.encode()) > settings.max_frame:
            self.close(Close.TOO_BIG, "a frame is too large")
            return
        try:
            frame = parse_frame(
                text, last_id=self._last_id, max_command=settings.max_command, max_depth=settings.max_depth
            )
        except BadFrame as error:
            self.close(Close.BAD_FRAME, str(error))
            return
        except Rejected as rejected:
            self._last_id = max(self._last_id, rejected.id)
            if self._counts(self._command_bucket):
                self._send(failure(rejected.id, rejected.error))
            return
        if isinstance(frame, Command):
            self._last_id = frame.id
            if self._counts(self._command_bucket):
                self._begin(frame)
        elif self._counts(self._ack_bucket) and isinstance(frame, Ack):
            self._acknowledge(frame)

    def _counts(self, bucket: Bucket) -> bool:
        if bucket.take() or not self.settings.limits:
            return True
        self.close(Close.TOO_MANY_COMMANDS, "too many commands")
        return False

    def _acknowledge(self, ack: Ack) -> None:
        try:
            self.session.ack(ack.topic, ack.epoch, ack.offset, ack.page if isinstance(ack.page, int) else None)
        except AckAhead:
            self.close(Close.BAD_FRAME, "an ack ahead of what was sent")

    def _begin(self, command: Command) -> None:
        self._unanswered.add(command.id)
        if command.cmd == "connect":
            if self._connecting is not None or self.principal is not None:
                self._fail(command.id, Conflict("This socket is connected already."))
                return
            self._connecting = self.node.run(self._answer(command, self._connect))
            return
        if self._connecting is None and self.principal is None:
            self._fail(command.id, Unauthenticated("Send `connect` first."))
            return
        settings = self.settings
        if self._pending >= settings.pending_commands or self._pending_bytes + command.size > settings.pending_bytes:
            self.close(Close.TOO_MANY_COMMANDS, "too many commands are waiting")
            return
        self._pending += 1
        self._pending_bytes += command.size
        self.node.run(self._command(command))

    async def _command(self, command: Command) -> None:
        try:
            if self._connecting is not None:
                await asyncio.wait([self._connecting])
            if self.principal is None:
                self._fail(command.id, Unauthenticated("Send `connect` first."))
                return
            registered = self.node.commands.get(command.cmd)
            if command.cmd == "unsubscribe" or (registered is not None and registered.urgent):
                await self._answer(command, self._perform)
                return
            if self._slots is None:
                self._slots = asyncio.Semaphore(self.settings.concurrent)
            async with self._slots:
                await self._answer(command, self._perform)
        finally:
            self._pending -= 1
            self._pending_bytes -= command.size

    async def _answer(self, command: Command, perform: Callable[[Command], Any]) -> None:
        """Run it, and turn whatever goes wrong into an error under its id."""
        try:
            await perform(command)
        except AppError as error:
            self._fail(command.id, error)
        except LogAway:
            self._fail(command.id, Unavailable())
        except Exception:
            logger.exception("The command %s failed", command.cmd)
            self._fail(command.id, Internal())
        finally:
            self._unanswered.discard(command.id)

    # Commands

    async def _connect(self, command: Command) -> None:
        try:
            frame = own_frame(command)
            if not isinstance(frame, Connect):
                raise BadRequest
            if frame.v != 1:
                self._fail(command.id, BadRequest("This server speaks version 1.", field="v"))
                self.close(Close.UNKNOWN_VERSION, "unknown version")
                return
            principal = await self._who(frame)
        except Unauthenticated as error:
            self._fail(command.id, error)
            self.close(close_for(error), error.message)
            return
        finally:
            self._connecting = None
        if self.closing:
            return
        if not self.node.admit(self, principal):
            self.close(Close.TOO_MANY_SOCKETS, "too many sockets")
            return
        self.principal = principal
        self.session.user = principal.user
        settings = self.settings
        result = Connected(
            client=self.client,
            user=principal.user,
            ping=number(settings.ping),
            pong_timeout=number(settings.pong_timeout),
            max_frame=settings.max_frame,
        )
        if (left := expires_in(principal)) is not None:
            result.expires_in = left
        self._reply(command.id, result)

    async def _who(self, frame: Connect) -> Principal:
        if isinstance(frame.token, str):
            return await self.node.access.authenticate_token(frame.token)
        if self._refused is not None:
            raise self._refused
        if self._offered is None:
            raise Unauthenticated
        return self._offered

    async def _perform(self, command: Command) -> None:
        frame = own_frame(command)
        if isinstance(frame, Subscribe):
            await self._in_order(frame.topic, self._subscribe(command.id, frame))
        elif isinstance(frame, Unsubscribe):
            await self._in_order(frame.topic, self._unsubscribe(command.id, frame))
        elif isinstance(frame, Refresh):
            await self._refresh(command.id, frame)
        elif frame is not None:
            raise BadRequest(f"`{command.cmd}` has no id.", field="id")
        else:
            await self._application(command)

    async def _application(self, command: Command) -> None:
        registered = self.node.commands.get(command.cmd)
        if registered is None:
            raise BadRequest(f"There is no command `{command.cmd[:64]}`.", field="cmd")
        args = registered.parse(command.fields)
        context = CommandContext(principal=self.principal, client=self.client, node=self.node)
        result = await registered.handle(context, args)
        if result.subscribe is None:
            self._reply(command.id, result.result)
        else:
            await self._in_order(result.subscribe[0], self._subscribe_after(command.id, result))

    async def _subscribe(self, id_: int, frame: Subscribe) -> None:
        kind = self.node.kinds.get(kind_of(frame.topic) or "")
        if kind is None:
            raise NotFound
        self._check_room(frame.topic)
        await kind.authorize(principal=self.principal, topic=frame.topic)

        def send(wire: bytes) -> None:
            self._answered(id_, wire)

        try:
            await subscribe(
                self.session, hub=self.node.hub, topic=frame.topic, since=frame.since or None, reply_id=id_, send=send
            )
        except Exception as error:
            if id_ in self._unanswered:
                raise
            self._lost(frame.topic, error)

    async def _subscribe_after(self, id_: int, result: CommandResult) -> None:
        topic, since = result.subscribe or ("", None)

        def reply() -> None:
            self._reply(id_, result.result)

        try:
            self._check_room(topic)
            if since is not None:
                await subscribe_after(
                    self.session, hub=self.node.hub, topic=topic, since=since, replayed=result.replayed, reply=reply
                )
        except Exception as error:  # noqa: BLE001 - the command itself was done
            if id_ in self._unanswered:
                reply()
            self._lost(topic, error)

    def _lost(self, topic: str, error: Exception) -> None:
        """A subscription failed that the client was told of already: it is told of its end, never of another answer."""
        if isinstance(error, AppError):
            self.unsubscribed(topic, error)
        elif isinstance(error, LogAway):
            self.unsubscribed(topic, Unavailable())
        else:
            logger.error("A subscription to %s failed", topic, exc_info=error)
            self.unsubscribed(topic, Internal())

    async def _unsubscribe(self, id_: int, frame: Unsubscribe) -> None:
        self.session.detach(frame.topic)
        self._reply(id_, {})

    async def _refresh(self, id_: int, frame: Refresh) -> None:
        principal = await self.node.access.authenticate_token(frame.token)
        if self.principal is None or principal.user != self.principal.user:
            raise Forbidden("This token is another user's.")
        self.principal, self.quiet = principal, 0.0
        left = expires_in(principal)
        self._reply(id_, Refreshed() if left is None else Refreshed(expires_in=left))

    def _check_room(self, topic: str) -> None:
        if topic not in self.session.cursors and len(self.session.cursors) >= self.settings.subscriptions:
            raise Conflict(f"A socket has at most {self.settings.subscriptions} subscriptions; leave one first.")

    async def _in_order(self, topic: str, work: Coroutine[Any, Any, None]) -> None:
        """One operation on a topic after the other, in the order of their frames."""
        line = self._topics.setdefault(topic, _Line())
        line.waiting += 1
        try:
            async with line.lock:
                await work
        finally:
            work.close()
            line.waiting -= 1
            if not line.waiting:
                del self._topics[topic]

    # Out

    def _reply(self, id_: int, result: Any) -> None:
        self._answered(id_, message(Reply(id=id_, result=result)))

    def _fail(self, id_: int, error: AppError) -> None:
        self._answered(id_, failure(id_, error))

    def _answered(self, id_: int, wire: bytes) -> None:
        """The one answer to a command; whatever comes after it is not sent."""
        if id_ in self._unanswered:
            self._unanswered.discard(id_)
            self._send(wire)
        else:
            logger.error("A command has its answer already, so this is not sent: %.200r", wire)

    def _send(self, wire: bytes) -> None:
        if not self.closing and not self.session.write(wire):
            self.session.block()

    def unsubscribed(self, topic: str, error: AppError) -> None:
        """Access to a topic has ended."""
        self.session.detach(topic)
        self._send(message(Unsubscribed(topic=topic, code=error.code, message=error.message)))

    def tell(self, frame: Goaway | Delayed) -> None:
        """What the node has to say, to whoever is let in."""
        if self.principal:
            self._send(message(frame))

    # Time

    def sweep(self, now: float, wall: float) -> None:
        """Now and then: pings, and every deadline. `now` is monotonic, `wall` is epoch seconds."""
        settings, session = self.settings, self.session
        if self.closing:
            return
        if self.principal is None:
            if now - self._opened > settings.connect_timeout:
                self.close(Close.NO_CONNECT, "no connect")
        elif session.stalled(now):
            self.close(Close.TOO_SLOW, "too slow")
        elif self.principal.expires_at is not None and wall > self.principal.expires_at + settings.expiry_grace:
            self.close(Close.TOKEN_EXPIRED, "the token has expired")
        elif self._waiting_since is not None and self._heard < self._waiting_since:
            if session.resting:
                self._waiting_since = now
            elif now - self._waiting_since > settings.pong_timeout:
                self.close(Close.NO_PONG, "no pong")
        else:
            self._waiting_since = None
            if now - self._pinged >= settings.ping:
                self._pinged = self._waiting_since = now
                self._send(_PING)
            due = self._pinged + (settings.ping if self._waiting_since is None else settings.pong_timeout)
            ends = self.principal.expires_at
            self.quiet = due if ends is None else min(due, now + ends + settings.expiry_grace - wall)

    def close(self, code: int, reason: str) -> None:
        """End the socket with a code; only the first one counts."""
        if not self.closing:
            self.closing = True
            self.gone()
            self._close(code, reason)

    def gone(self) -> None:
        """The transport is gone, or going: nothing more is delivered. Commands that run are finished."""
        self.closing = True
        self.session.close()
        self.node.leave(self)
