"""What the application hands to the library: principals, topic kinds, commands, and who may do what.

The library calls these; it knows nothing else of the application. Everything here runs on the node's event loop:
what blocks belongs into a thread of the application's own.
"""

import contextlib
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

from realtime.errors import NotFound
from realtime.positions import Position

if TYPE_CHECKING:
    from realtime.node import Node

A = TypeVar("A")


class Principal(Protocol):
    """Who is at the other end. The application brings its own object; these two are all that is read here."""

    @property
    def user(self) -> str:
        """Stable id of the user: the `<id>` of the topic `user.<id>`."""

    @property
    def expires_at(self) -> float | None:
        """When the credentials end, in epoch seconds; None: not by themselves."""


@dataclass(frozen=True, slots=True)
class Handshake:
    """What a connection brought along: enough to authenticate it, whatever the transport."""

    authorization: str | None
    cookies: Mapping[str, str]
    origin: str | None
    host: str
    secure: bool
    ticket: str | None = None
    client_ip: str | None = None
    websocket: bool = False
    fetch_site: str | None = None


class Access(Protocol):
    """Authentication, and the numbers by which a change of rights is noticed."""

    async def authenticate(self, handshake: Handshake) -> Principal | None:
        """Who this is by cookie, Authorization header or ticket; None: nothing was brought.

        Raises `Forbidden` for a cookie from a foreign origin (answered with 403 before the socket is accepted) and
        `Unauthenticated(reason=expired|malformed|revoked|closed)`.
        """

    async def authenticate_token(self, token: str) -> Principal:
        """Who holds this access token or API key (`connect`, `refresh`). Raises `Unauthenticated`."""

    async def recheck(self, principals: Sequence[Principal]) -> list[Exception | None]:
        """Whether each still holds, in one query: None, or the `Unauthenticated` that ends its connection."""

    async def versions(self, *, users: Sequence[str], topics: Sequence[str]) -> Mapping[str, int]:
        """The authorisation versions in one query: keys are `user.<id>` and the topics' names.

        Asked once a second for everything that the node serves. A number that changed, appeared or vanished means:
        authorise again. A topic without a version of its own may be left out.
        """


@dataclass(frozen=True, slots=True)
class Ended:
    """The terminal event as the database keeps it: its offset and its bytes (`{"type":…,"data":…}`)."""

    offset: int
    event: bytes


@dataclass(frozen=True, slots=True)
class TopicState:
    """Where a topic stands. `end` is the last offset for kinds with rows; None: ask the event log."""

    epoch: str
    end: int | None = None
    ended: Ended | None = None


@dataclass(frozen=True, slots=True)
class Slice:
    """Consecutive events after a position. `events[0]` has the offset `after + 1`; `end` is the log's last offset.

    `kept` is False where the log does not hold what follows `after` any more (or never did).
    """

    after: int
    events: list[bytes]
    end: int
    kept: bool = True

    @property
    def complete(self) -> bool:
        """Whether this reaches the end of the log."""
        return self.kept and self.after + len(self.events) >= self.end


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A topic's whole state at one position, from one source; `data` is JSON-ready (`realtime.pages` cuts it)."""

    position: Position
    data: dict[str, Any]


class TopicKind(ABC):
    """One kind of topic, the part of a topic's name before the dot.

    `logged`: events are in the event log (`node.log`), written by a fenced owner. Otherwise they are rows in the
    application's database: `read` must be there, and `TopicState.end`. `terminal`: types after which nothing follows.
    `presence`: subscribers are told who else is here.
    """

    name: str
    logged: bool = False
    terminal: frozenset[str] = frozenset()
    presence: bool = False

    @abstractmethod
    async def authorize(self, *, principal: Any, topic: str) -> None:
        """Raise `NotFound` unless this principal may read this topic."""

    async def authorized(self, pairs: Sequence[tuple[Any, str]]) -> list[bool]:
        """`authorize` for many at once; override it with one query."""
        answers = []
        for principal, topic in pairs:
            try:
                await self.authorize(principal=principal, topic=topic)
            except NotFound:
                answers.append(False)
            else:
                answers.append(True)
        return answers

    @abstractmethod
    async def state(self, *, topic: str) -> TopicState:
        """The topic's epoch and end. Raises `NotFound`."""

    @abstractmethod
    async def snapshot(self, *, topic: str) -> Snapshot:
        """The state, at a position that is never ahead of the log. Raises `NotFound`."""

    async def read(self, *, topic: str, epoch: str, after: int, max_events: int, max_bytes: int) -> Slice:
        """Events after an offset, at least one where there is one. Only for kinds that are not `logged`."""
        raise NotImplementedError(f"{type(self).__name__}.read")

    async def states(self, topics: Sequence[str]) -> Mapping[str, TopicState]:
        """`state` for many at once, without those that are not there; override it with one query."""
        found = {}
        for topic in topics:
            with contextlib.suppress(NotFound):
                found[topic] = await self.state(topic=topic)
        return found


@dataclass(frozen=True, slots=True)
class CommandContext:
    """Who sent a command, from which connection (`client` is the id that `connect` returned), on which node."""

    principal: Any
    client: str
    node: "Node"


@dataclass(frozen=True, slots=True)
class CommandResult:
    """The reply's `result`, and what the socket is subscribed to after it, as if since that position.

    `replayed`: this is the first reply again, from an idempotency key; a log that has ended is then answered by
    snapshot.
    """

    result: Mapping[str, Any] = field(default_factory=dict)
    subscribe: tuple[str, Position] | None = None
    replayed: bool = False


class Command(ABC, Generic[A]):
    """A command of the socket, the twin of a REST call. `urgent`: never waits behind slow commands."""

    name: str
    urgent: bool = False

    @abstractmethod
    def parse(self, fields: dict[str, Any]) -> A:
        """The frame's fields without `id` and `cmd`, checked. Raises `BadRequest` naming the field."""

    @abstractmethod
    async def handle(self, context: CommandContext, args: A) -> CommandResult:
        """Do it. Raises an `AppError`; anything else is reported as `internal`."""


class Source(Protocol):
    """A running answer's events, pulled by the log writer. All but `confirm` are called synchronously on the loop.

    `fence` is the attempt that owns the log. `owned_at` is `time.monotonic()` from just before the database last
    confirmed that ownership (the insert, the claim, a renewal). `finished` is true once `take` has handed out the
    terminal event; nothing may follow it, and the log is then sealed and kept for an hour.
    """

    topic: str
    epoch: str
    fence: int
    owned_at: float
    finished: bool

    def take(self) -> list[bytes]:
        """The events since the last call, encoded as `{"type":…,"data":{…}}` with `type` first; merges text."""

    def committed(self, first_offset: int, events: list[bytes]) -> None:
        """These are in the log now, the first at this offset. Called before any socket gets them."""

    def refused(self, reason: str, end: int) -> None:
        """The log will take nothing more of this attempt: `fenced`, `sealed` or `conflict`."""

    def degraded(self, away: bool, /) -> None:
        """The log can't be reached (True), or can be again (False). Nothing is lost; `take` comes later."""

    async def confirm(self) -> bool:
        """Ask the database whether this attempt still owns the answer, and set `owned_at` from before asking."""
