"""What every adapter takes and gives: a request in OpenAI's shape in, small typed deltas out."""

from collections.abc import AsyncGenerator, Callable
from contextvars import ContextVar
from typing import Any, Literal, Protocol

from msgspec import Struct, field

from backend.providers.errors import ProviderError
from backend.providers.flight import left

__all__ = [
    "SENDING",
    "Asking",
    "CompletionRequest",
    "Continuation",
    "Delta",
    "Finish",
    "Held",
    "Passing",
    "Provider",
    "ProviderError",
    "ReasoningDelta",
    "Remote",
    "TextDelta",
    "ToolDelta",
    "UpstreamModel",
    "Usage",
    "Waiting",
    "sending",
]

Continuation = Literal["none", "prefix", "continue_final_message", "background", "ask"]
"""How a model goes on from a partial answer.

`prefix`: a last assistant message is continued. `continue_final_message`: the same, asked for by vLLM's flag.
`background`: the provider itself writes on and keeps what it wrote (OpenAI's background responses).
`ask`: a user message asks for the rest, which need not fit exactly. `none`: it can't.
"""


SENDING: ContextVar[Callable[[], None] | None] = ContextVar("sending", default=None)
"""What a task wants to have done whenever a request of its goes out. What it raises, the request's caller gets."""


def sending() -> None:
    """To be called by every adapter, at once before it sends a request for an answer."""
    told = SENDING.get()
    if told is not None:
        told()
    left()


class TextDelta(Struct, frozen=True, gc=False):
    """The next piece of the answer."""

    text: str


class ReasoningDelta(Struct, frozen=True, gc=False):
    """The next piece of what the model thinks before it answers."""

    text: str


class ToolDelta(Struct, frozen=True, gc=False):
    """A piece of a tool call. `id` and `name` come with the first piece of each `index`; `arguments` is JSON text."""

    index: int
    id: str | None
    name: str | None
    arguments: str


class Usage(Struct, frozen=True, gc=False):
    """Tokens as the provider counts them, cumulative for the request. `cached_tokens` are among the input's."""

    input_tokens: int
    output_tokens: int
    cached_tokens: int = 0
    reasoning_tokens: int = 0


class Finish(Struct, frozen=True, gc=False):
    """The answer is whole. `reason` in OpenAI's words: stop, length, tool_calls, content_filter."""

    reason: str


class Remote(Struct, frozen=True, gc=False):
    """The provider writes on under this id whether anybody reads or not; `cancel` ends it."""

    id: str


class Waiting(Struct, frozen=True, gc=False):
    """The call waits in line for its provider; `place` counts from 1."""

    place: int


class Passing(Struct, frozen=True, gc=False):
    """The present model of a chain is given up for `code`; the next one, `model`, takes its place."""

    code: str
    model: str


class Asking(Struct, frozen=True, gc=False):
    """The present model of a chain is asked now."""


Delta = TextDelta | ReasoningDelta | ToolDelta | Usage | Finish | Remote | Waiting | Passing | Asking
"""The last three come from a chain of models with limits alone, each as the only one of its list."""


class Held(Struct, frozen=True, kw_only=True):
    """What is there already of the answer that the provider writes under `id`: its text, reasoning and whole tools."""

    id: str
    text: str = ""
    reasoning: str = ""
    tools: int = 0


class CompletionRequest(Struct, kw_only=True):
    """One call. `messages`, `tools`, `tool_choice` and `response_format` have the shapes of OpenAI's chat API.

    `params` holds what is passed on (temperature, top_p, max_tokens, stop, seed, reasoning_effort …).
    `continue_text` is the part of the answer that is there already; `continuation` says how this model goes on from
    it. `held` names an answer that the provider is writing already: nothing is asked anew, and only what is not held
    comes. `user_key` is an opaque name of the person for the provider's abuse checks, never an address. `ticket` names
    the call where it waits in line: whoever takes it over keeps its place.
    """

    model: str
    messages: list[dict[str, Any]]
    params: dict[str, Any] = field(default_factory=dict)
    tools: list[dict[str, Any]] | None = None
    tool_choice: str | dict[str, Any] | None = None
    response_format: dict[str, Any] | None = None
    continue_text: str | None = None
    continuation: Continuation = "none"
    held: Held | None = None
    user_key: str | None = None
    ticket: str = ""


class UpstreamModel(Struct, frozen=True, kw_only=True):
    """A model as the provider lists it; what it does not say is None. `chats`: it takes part in conversations."""

    name: str
    label: str | None = None
    context: int | None = None
    created: int | None = None
    capabilities: tuple[str, ...] = ()
    chats: bool = True


class Provider(Protocol):
    """One account at one server."""

    @property
    def name(self) -> str:
        """The name that events and errors show."""
        ...

    def stream(self, request: CompletionRequest) -> AsyncGenerator[list[Delta], None]:
        """Deltas of one answer, a list per network read, never an empty one. Raises `ProviderError`;
        `CannotContinue` before the first of them where the provider can't go on from what is there.

        Close the iterator (`contextlib.aclosing`) to leave early: the connection is closed and the provider stops.
        """
        ...

    async def models(self) -> list[UpstreamModel]:
        """The models that the server lists now. Raises `ProviderError`."""
        ...

    async def cancel(self, remote: str) -> None:
        """End what the provider writes on by itself under this id (`Remote`). Raises `ProviderError`."""
        ...

    async def close(self) -> None:
        """Let go of what this adapter holds; the shared client stays open."""
        ...
