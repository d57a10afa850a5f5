"""Every event that chat publishes, as typed classes. JSON Schema, AsyncAPI and the page's types come from here.

`EVENTS` maps a topic's kind to the payload class of each event type. The hot `part.delta` is encoded by hand in
`backend.chat.source`; a test holds the two equal.
"""

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from backend.chat.schemas import ConversationOut, MessageOut, StatusName
from backend.usage.events import BudgetWarned

PartKind = Literal["text", "reasoning", "tool", "search"]
TerminalName = Literal["done", "incomplete", "error", "cancelled"]


class Event(BaseModel):
    """The `data` of an event."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Created(Event):
    """`created`: the first event of a generation."""

    generation: UUID
    message: UUID
    conversation: UUID
    model: str


class Queued(Event):
    """`queued`: the answer waits in line for its provider; `place` counts from 1."""

    place: int


class GivenUp(BaseModel):
    """A model that was given up, with the code of its error."""

    model: str
    provider: str
    code: str


class StartedBy(Event):
    """`started`: a provider was asked. `instead_of`: those that were given up since the last `started`."""

    model: str
    provider: str
    instead_of: list[GivenUp] | None = None


class PartAdded(Event):
    """`part.added`: parts count from 0."""

    part: int
    kind: PartKind


class PartDelta(Event):
    """`part.delta`: appends to its part; at most 16 KiB of UTF-8, whole code points."""

    part: int
    text: str


class PartDone(Event):
    """`part.done`: nothing more comes to this part."""

    part: int


class SearchStarted(Event):
    """`search.started`: what is searched for."""

    part: int
    query: str


class SearchResults(Event):
    """`search.results`: each with `url`, `title` and `snippet`, and its `number` where the answer can cite it."""

    part: int
    items: list[dict[str, Any]]


class ToolLimit(Event):
    """`tool.limit`: after the call of `part` a limit is reached: the model answers without further calls."""

    part: int
    limit: Literal["steps", "time", "cost", "size"]


class UsageReported(Event):
    """`usage`: cumulative; `cost` in the currency of the price list."""

    input_tokens: int
    output_tokens: int
    cost: float


class Resumed(Event):
    """`resumed`: another node, or another model, carries on; `exact` says whether it goes on from the very text."""

    attempt: int
    exact: bool


class Reset(Event):
    """`reset`: replaces all that was shown."""

    status: StatusName
    parts: list[dict[str, Any]]
    usage: dict[str, Any] | None


class Done(Event):
    """`done`: the answer is whole."""

    finish_reason: str


class Incomplete(Event):
    """`incomplete`: the text stands, but more was to come."""

    reason: str


class Failed(Event):
    """`error`: the text so far stands. `sentence` names the message and `params` are what stands in it, for clients
    that say it in another language.
    """

    code: str
    message: str
    sentence: str | None = None
    params: dict[str, Any] | None = None


class Cancelled(Event):
    """`cancelled`: by a person."""


class MessageCreated(Event):
    """`message.created`."""

    message: MessageOut


class MessageUpdated(Event):
    """`message.updated`."""

    message: MessageOut


class GenerationStarted(Event):
    """`generation.started`: an answer is being written; `topic` has it from `epoch`, offset 0."""

    generation: UUID
    message: UUID
    topic: str
    epoch: str


class GenerationEnded(Event):
    """`generation.ended`."""

    generation: UUID
    message: UUID
    status: TerminalName


class ConversationUpdated(Event):
    """`conversation.updated`: what changed of the conversation; `deleted` when it went away or came back."""

    title: str | None = None
    model: str | None = None
    folder: str | None = None
    system: str | None = None
    pinned: bool | None = None
    archived: bool | None = None
    deleted: bool | None = None


class ConversationChanged(Event):
    """`conversation.changed`, in a person's topic: what a list of conversations needs to follow.

    `conversation` is there for one that is new, changed or restored; where an answer started or ended, `generation`,
    `updated` and, at the end, `status` are.
    """

    id: UUID
    change: Literal["created", "updated", "deleted", "restored", "started", "ended"]
    conversation: ConversationOut | None = None
    generation: UUID | None = None
    status: TerminalName | None = None
    updated: datetime | None = None


class TypingSeen(Event):
    """`typing`: without an offset, may be lost."""

    user: UUID


class GenerationSnapshot(Event):
    """The snapshot of `generation.<id>`."""

    status: StatusName
    parts: list[dict[str, Any]]
    usage: dict[str, Any] | None
    model: str
    attempt: int
    instead_of: list[dict[str, Any]] | None = None
    place: int | None = None


class RunningGeneration(Event):
    """One entry of `running`."""

    generation: UUID
    message: UUID
    conversation: UUID
    topic: str


class ConversationSnapshot(Event):
    """The snapshot of `conversation.<id>`: the last 50 messages; `next` leads to older ones by REST."""

    conversation: ConversationOut
    messages: list[MessageOut]
    running: list[RunningGeneration]
    next: str | None


class UserSnapshot(Event):
    """The snapshot of `user.<id>`."""

    unread: int
    running: list[RunningGeneration]


EVENTS: dict[str, dict[str, type[BaseModel]]] = {
    "generation": {
        "created": Created,
        "queued": Queued,
        "started": StartedBy,
        "part.added": PartAdded,
        "part.delta": PartDelta,
        "part.done": PartDone,
        "search.started": SearchStarted,
        "search.results": SearchResults,
        "tool.limit": ToolLimit,
        "usage": UsageReported,
        "resumed": Resumed,
        "reset": Reset,
        "done": Done,
        "incomplete": Incomplete,
        "error": Failed,
        "cancelled": Cancelled,
        "snapshot": GenerationSnapshot,
    },
    "conversation": {
        "message.created": MessageCreated,
        "message.updated": MessageUpdated,
        "generation.started": GenerationStarted,
        "generation.ended": GenerationEnded,
        "conversation.updated": ConversationUpdated,
        "typing": TypingSeen,
        "snapshot": ConversationSnapshot,
    },
    "user": {
        "conversation.changed": ConversationChanged,
        "usage": BudgetWarned,
        "snapshot": UserSnapshot,
    },
}
