"""What clients send and see of conversations, the same on socket and REST. Unknown fields are refused."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from backend.core.pagination import Page

MAX_CONTENT_CHARS = 1_000_000
MAX_PARTS = 64
MAX_TOOLS = 128

Mode = Literal["again", "continue"]
StatusName = Literal["queued", "running", "done", "incomplete", "error", "cancelled"]
RoleName = Literal["system", "user", "assistant"]


def _storable(text: str) -> str:
    """PostgreSQL has no text with NUL; refusing it is honest, dropping it would not be."""
    if "\0" in text:
        raise ValueError("a NUL character can't be stored")
    return text


Text = Annotated[str, AfterValidator(_storable)]
Flag = Annotated[bool, Field(strict=True)]
Whole = Annotated[int, Field(strict=True)]
Number = Annotated[float, Field(strict=True)]
"""JSON's own types: neither "yes" nor "5" is taken for what it looks like."""


class Strict(BaseModel):
    """A thing that a client sends."""

    model_config = ConfigDict(extra="forbid")


class TextPart(Strict):
    """Text, as in OpenAI's content parts."""

    type: Literal["text"]
    text: Text = Field(max_length=MAX_CONTENT_CHARS)


class ImageUrl(Strict):
    """Where an image is: an https or data address."""

    url: Text = Field(min_length=1, max_length=8_000_000, pattern=r"^(https://|data:image/)")
    detail: Literal["auto", "low", "high"] = "auto"


class ImagePart(Strict):
    """An image for a model that sees, as in OpenAI's content parts."""

    type: Literal["image_url"]
    image_url: ImageUrl


ContentPart = Annotated[TextPart | ImagePart, Field(discriminator="type")]
Content = (
    Annotated[Text, Field(min_length=1, max_length=MAX_CONTENT_CHARS)]
    | Annotated[list[ContentPart], Field(min_length=1, max_length=MAX_PARTS)]
)


class Params(Strict):
    """What is passed on to the model, by OpenAI's names."""

    temperature: Number | None = Field(None, ge=0, le=2, allow_inf_nan=False)
    top_p: Number | None = Field(None, ge=0, le=1, allow_inf_nan=False)
    max_tokens: Whole | None = Field(None, ge=1, le=1_000_000)
    max_completion_tokens: Whole | None = Field(None, ge=1, le=1_000_000)
    stop: Text | list[Text] | None = Field(None, max_length=1000)
    seed: Whole | None = Field(None, ge=-(2**63), lt=2**63)
    presence_penalty: Number | None = Field(None, ge=-2, le=2, allow_inf_nan=False)
    frequency_penalty: Number | None = Field(None, ge=-2, le=2, allow_inf_nan=False)
    reasoning_effort: Text | None = Field(None, max_length=20)
    tool_choice: Text | dict[str, Any] | None = None
    response_format: dict[str, Any] | None = None
    parallel_tool_calls: Flag | None = None


class MessageSend(Strict):
    """`message.send`, without its key. An absent `parent` is the newest answer; `null` is the root of the tree."""

    content: Content
    conversation: UUID | None = None
    parent: UUID | None = None
    model: Text | None = Field(None, min_length=1, max_length=200)
    params: Params | None = None
    tools: list[dict[str, Any]] | None = Field(None, max_length=MAX_TOOLS)
    prompt: dict[str, Any] | None = None


class MessageSendInConversation(Strict):
    """The body of `POST conversations/{id}/messages`: `message.send` where the path names the conversation."""

    content: Content
    parent: UUID | None = None
    model: Text | None = Field(None, min_length=1, max_length=200)
    params: Params | None = None
    tools: list[dict[str, Any]] | None = Field(None, max_length=MAX_TOOLS)
    prompt: dict[str, Any] | None = None


class GenerationRetry(Strict):
    """`generation.retry`, without its key."""

    message: UUID
    mode: Mode
    model: Text | None = Field(None, min_length=1, max_length=200)


class MessageRetry(Strict):
    """The body of `POST messages/{id}/retry`: `generation.retry` where the path names the message."""

    mode: Mode = "again"
    model: Text | None = Field(None, min_length=1, max_length=200)


class GenerationCancel(Strict):
    """`generation.cancel`."""

    generation: UUID


class Typing(Strict):
    """`typing`."""

    conversation: UUID


class ConversationCreate(Strict):
    """The body of `POST conversations`."""

    title: Text = Field("", max_length=200)
    model: Text = Field("", max_length=200)
    folder: Text = Field("", max_length=120)
    system: Text = Field("", max_length=100_000)


class ConversationUpdate(Strict):
    """The body of `PATCH conversations/{id}`; `deleted: false` undoes a deletion."""

    title: Text | None = Field(None, min_length=1, max_length=200)
    model: Text | None = Field(None, max_length=200)
    folder: Text | None = Field(None, max_length=120)
    system: Text | None = Field(None, max_length=100_000)
    pinned: Flag | None = None
    archived: Flag | None = None
    deleted: Literal[False] | None = None


class Position(BaseModel):
    """A place in a topic."""

    epoch: str
    offset: int


class Started(BaseModel):
    """The result of a send or a retry: ids, the topic of the answer, and the position to follow it from."""

    conversation: UUID
    user_message: UUID | None
    message: UUID
    generation: UUID
    topic: str
    position: Position


class CancelResult(BaseModel):
    """`cancelling`, or how the generation had ended already."""

    status: Literal["cancelling", "done", "incomplete", "error", "cancelled"]


class ConversationOut(BaseModel):
    """A conversation as clients see it."""

    id: UUID
    title: str
    model: str
    folder: str
    system: str
    pinned: bool
    archived: bool
    created: datetime
    updated: datetime
    position: Position


class ConversationListed(ConversationOut):
    """A conversation in a list. `snippet` is plain text round what a search found in a message, about 120 characters;
    null where the hit is in the title only, and without a search."""

    snippet: str | None = None


class MessageOut(BaseModel):
    """A message as clients see it. `model` is the one that answered; `instead_of` names those that were asked before it
    and given up: `model`, `provider`, `code`, and `at`, how many code points of text were there by then.

    `generation` is the id of the generation that wrote it. `truncated` says that parts and text were left out of an
    event or a snapshot because of their size: `GET messages/{id}` has them.
    """

    id: UUID
    conversation: UUID
    parent: UUID | None
    seq: int
    role: RoleName
    status: StatusName
    parts: list[dict[str, Any]]
    text: str
    model: str
    params: dict[str, Any]
    usage: dict[str, Any] | None = None
    cost: float | None = None
    timings: dict[str, Any] | None = None
    reason: str = ""
    error: dict[str, Any] | None = None
    instead_of: list[dict[str, Any]] | None = None
    generation: UUID | None = None
    created: datetime
    truncated: bool = False


class GenerationOut(BaseModel):
    """A generation as clients see it; `position` is its terminal event's, once there is one."""

    id: UUID
    conversation: UUID
    message: UUID
    topic: str
    epoch: str
    status: StatusName
    attempt: int
    model: str
    position: Position | None
    created: datetime


ConversationPage = Page[ConversationListed]
MessagePage = Page[MessageOut]
"""In the order of the conversation; `next` leads to older ones."""
