"""What clients send and see of conversations, the same on socket and REST. Unknown fields are refused."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, Field

from backend.catalog.params import Params
from backend.core.pagination import Page
from backend.core.schemas import Flag, Strict, Text
from backend.prompts.schemas import PromptUse

MAX_CONTENT_CHARS = 1_000_000
MAX_PARTS = 64
MAX_TOOLS = 128

Mode = Literal["again", "continue"]
StatusName = Literal["queued", "running", "done", "incomplete", "error", "cancelled"]
RoleName = Literal["system", "user", "assistant"]


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


class MessageSend(Strict):
    """`message.send`, without its key. An absent `parent` is the newest answer; `null` is the root of the tree.

    With a `prompt`, the template's system part comes before the message, its user part is the message, and `content`,
    which may be absent then, follows it.
    """

    content: Content | None = None
    conversation: UUID | None = None
    parent: UUID | None = None
    model: Text | None = Field(None, min_length=1, max_length=200)
    params: Params | None = None
    tools: list[dict[str, Any]] | None = Field(None, max_length=MAX_TOOLS)
    prompt: PromptUse | None = None


class MessageSendInConversation(Strict):
    """The body of `POST conversations/{id}/messages`: `message.send` where the path names the conversation."""

    content: Content | None = None
    parent: UUID | None = None
    model: Text | None = Field(None, min_length=1, max_length=200)
    params: Params | None = None
    tools: list[dict[str, Any]] | None = Field(None, max_length=MAX_TOOLS)
    prompt: PromptUse | None = None


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

    `sources` are what its tools found, each with the `number` by which its text cites it: `number`, `url`, `title`,
    `snippet`. `generation` is the id of the generation that wrote it. `prompt` names the template version that the
    message was made with: `{template, version, slug, name, number, label?, variables}`. `truncated` says that parts,
    text, sources and variables were left out of an event or a snapshot because of their size: `GET messages/{id}` has
    them.
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
    sources: list[dict[str, Any]] | None = None
    generation: UUID | None = None
    prompt: dict[str, Any] | None = None
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


class ToolOut(BaseModel):
    """A tool of the server's own that a message can switch on: by `{"type": name}` in its `tools`."""

    name: str
    label: str


ToolPage = Page[ToolOut]
ConversationPage = Page[ConversationListed]
MessagePage = Page[MessageOut]
"""In the order of the conversation; `next` leads to older ones."""
