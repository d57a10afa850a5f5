"""What a generation is to write, and how it can end."""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from backend.chat.fold import Answer, encode_event
from backend.chat.remote import Begun
from backend.chat.schemas import MessageOut, StatusName
from backend.usage.ledger import Settlement
from backend.usage.money import Spent

Parts = list[dict[str, Any]]
Aside = Callable[[Coroutine[Any, Any, None]], asyncio.Task[None]]
"""Has something done beside the answers, by whoever owns them."""


def topic_of(generation: UUID) -> str:
    """The topic of a generation."""
    return f"generation.{generation}"


def conversation_topic(conversation: UUID) -> str:
    """The topic of a conversation."""
    return f"conversation.{conversation}"


def user_topic(user: UUID) -> str:
    """A person's topic."""
    return f"user.{user}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """One answer to be written. `message` is its row as it stands; `attempt` the fence under which it is owned.

    `messages` is the whole request where the caller knows it already; None: the path of the tree above the message.
    `verbatim`: they were given as such, and the tree does not hold all of them. `system` is the conversation's system
    prompt at the time of the first asking; None: the conversation's as it is now.
    `continued` holds the parts that the answer begins with. `question`: a title is wanted when it is done, for this.
    """

    generation: UUID
    epoch: str
    attempt: int
    user: UUID
    owner: UUID
    message: MessageOut
    model: str
    params: dict[str, Any] = field(default_factory=dict)
    tools: list[dict[str, Any]] | None = None
    messages: list[dict[str, Any]] | None = None
    verbatim: bool = False
    system: str | None = None
    continued: Parts | None = None
    question: str | None = None

    @property
    def created(self) -> dict[str, str]:
        """The data of the first event."""
        ids = {"generation": self.generation, "message": self.message.id, "conversation": self.message.conversation}
        return {**{name: str(value) for name, value in ids.items()}, "model": self.model}

    @property
    def topic(self) -> str:
        """The topic that carries the answer."""
        return topic_of(self.generation)


@dataclass(frozen=True, slots=True, kw_only=True)
class Resume:
    """Where an earlier attempt left an answer. `events` is its whole log; empty: it begins anew, under a new epoch.

    `exact`: the model goes on from the very text. `age`: seconds since the answer was asked for. `remote`: what the
    provider writes on by itself. `spent`: what the calls before this attempt's took.
    """

    answer: Answer
    events: list[bytes]
    exact: bool
    age: float
    remote: Begun | None = None
    spent: Spent = field(default_factory=Spent)


@dataclass(frozen=True, slots=True)
class Outcome:
    """How an answer ended: the terminal event, and what the message says about it."""

    status: StatusName
    data: dict[str, Any]

    @property
    def event(self) -> bytes:
        """The terminal event as it is stored."""
        return encode_event(self.status, self.data)

    @property
    def reason(self) -> str:
        """For the message: the finish reason, or why it is incomplete."""
        return str(self.data.get("finish_reason") or self.data.get("reason") or "")

    @property
    def error(self) -> dict[str, Any] | None:
        """For the message: code and sentence."""
        return self.data if self.status == "error" else None


def done(finish_reason: str) -> Outcome:
    """The answer is whole."""
    return Outcome("done", {"finish_reason": finish_reason})


def incomplete(reason: str) -> Outcome:
    """More was to come: `output_limit`, `time_limit`, `interrupted`."""
    return Outcome("incomplete", {"reason": reason})


def failed(code: str, message: str, sentence: dict[str, Any] | None = None) -> Outcome:
    """The provider, or we, failed; the text so far stands. `sentence`: how the message is named."""
    return Outcome("error", {"code": code, "message": message, **(sentence or {})})


CANCELLED = Outcome("cancelled", {})


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """All that is stored with the end of an answer. `epoch` is a new one where the old log could not be kept;
    `settlement` is for the call that is open.
    """

    generation: UUID
    attempt: int
    conversation: UUID
    user: UUID
    message: MessageOut
    outcome: Outcome
    epoch: str
    offset: int
    now: datetime
    settlement: Settlement
