"""What `/v1/chat/completions` takes: OpenAI's request, checked at the edge and passed on.

Strict: "yes" is no flag and "5" no number, here as in the rest of the API.
"""

from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationInfo, field_validator

from backend.prompts.schemas import Slug, Which

MAX_MESSAGES = 2_000
PREFIX = "prompt:"

Name = Annotated[str, StringConstraints(min_length=1, max_length=200)]


class ChatMessage(BaseModel):
    """One message, in OpenAI's shape. Fields of newer SDKs inside a message are passed on as they are."""

    model_config = ConfigDict(extra="allow", strict=True)

    role: Literal["system", "developer", "user", "assistant", "tool", "function"]
    content: str | list[dict[str, Any]] | None = None


class StreamOptions(BaseModel):
    """`include_usage` asks for a last chunk with the usage. Obfuscation is for networks that we don't cross."""

    model_config = ConfigDict(extra="forbid", strict=True)

    include_usage: bool = False
    include_obfuscation: bool | None = None


class PromptIn(Which):
    """A template with its values, as for a message; `model: "prompt:<slug>"` may name it instead."""

    id: UUID | None = None
    slug: Slug | None = None


class ChatCompletionIn(BaseModel):
    """The body. What is not named here is refused, as OpenAI does. `prompt` is ours, and may stand for messages."""

    model_config = ConfigDict(extra="forbid", strict=True)

    model: Name | None = None
    prompt: PromptIn | None = None
    messages: Annotated[list[ChatMessage], Field(max_length=MAX_MESSAGES, validate_default=True)] = []
    stream: bool | None = False
    stream_options: StreamOptions | None = None
    store: bool | None = None
    n: Annotated[int, Field(ge=1, le=1)] | None = None
    tools: list[dict[str, Any]] | None = None
    tool_choice: str | dict[str, Any] | None = None
    response_format: dict[str, Any] | None = None
    user: str | None = None
    metadata: dict[str, str] | None = None

    temperature: Annotated[float, Field(ge=0, le=2)] | None = None
    top_p: Annotated[float, Field(ge=0, le=1)] | None = None
    max_tokens: Annotated[int, Field(ge=1)] | None = None
    max_completion_tokens: Annotated[int, Field(ge=1)] | None = None
    stop: str | list[str] | None = None
    seed: int | None = None
    presence_penalty: Annotated[float, Field(ge=-2, le=2)] | None = None
    frequency_penalty: Annotated[float, Field(ge=-2, le=2)] | None = None
    logit_bias: dict[str, float] | None = None
    logprobs: bool | None = None
    top_logprobs: int | None = None
    parallel_tool_calls: bool | None = None
    reasoning_effort: str | None = None
    verbosity: str | None = None
    service_tier: str | None = None
    prediction: dict[str, Any] | None = None
    modalities: list[str] | None = None
    audio: dict[str, Any] | None = None
    web_search_options: dict[str, Any] | None = None
    prompt_cache_key: str | None = None
    safety_identifier: str | None = None

    @field_validator("messages")
    @classmethod
    def _said(cls, value: list[ChatMessage], info: ValidationInfo) -> list[ChatMessage]:
        template = info.data.get("prompt") is not None or str(info.data.get("model") or "").startswith(PREFIX)
        if not value and not template:
            raise ValueError("there has to be a message")
        return value

    def params(self) -> dict[str, Any]:
        """What is passed on to the provider, as given."""
        return self.model_dump(include=PASSED_ON, exclude_none=True)

    def stored_params(self) -> dict[str, Any]:
        """What a stored generation remembers, so that it can be run again exactly."""
        extra = {"tool_choice": self.tool_choice, "response_format": self.response_format}
        return self.params() | {name: value for name, value in extra.items() if value is not None}

    def provider_messages(self) -> list[dict[str, Any]]:
        """The messages in OpenAI's shape, without what the caller left out."""
        return [message.model_dump(exclude_unset=True) for message in self.messages]


PASSED_ON = {
    "temperature",
    "top_p",
    "max_tokens",
    "max_completion_tokens",
    "stop",
    "seed",
    "presence_penalty",
    "frequency_penalty",
    "logit_bias",
    "logprobs",
    "top_logprobs",
    "parallel_tool_calls",
    "reasoning_effort",
    "verbosity",
    "service_tier",
    "prediction",
    "modalities",
    "audio",
    "web_search_options",
}
