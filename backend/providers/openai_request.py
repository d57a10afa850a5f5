"""The request body for OpenAI-compatible servers, and how each dialect is told to go on from a partial answer."""

import re
from typing import Any

from msgspec import Struct

from backend.providers.base import CompletionRequest

ASK_TO_CONTINUE = (
    "Your answer was cut off. Go on exactly where it stopped, in the middle of a word if need be. "
    "Repeat nothing that is there already and add no remark."
)
_OWN = {"model", "messages", "stream", "stream_options", "n", "tools", "tool_choice", "response_format"}
_UNKNOWN_FIELD = re.compile(
    r"extra (input|field)|(unknown|unrecogni[sz]ed|unsupported|unexpected) (field|param|arg|key)|not permitted"
)


class Quirks(Struct):
    """What a server turned out not to accept. Learned from its refusals and kept for as long as the process lives."""

    no_stream_options: bool = False
    completion_tokens: set[str] = set()

    def learn(self, *, model: str, body: dict[str, Any], detail: str) -> bool:
        """Whether a refusal taught something, so that the same call may be made again at once."""
        said = detail.lower()
        if "max_tokens" in body and "max_completion_tokens" in said:
            self.completion_tokens.add(model)
            return True
        if "stream_options" in body and (
            "stream_options" in said or "include_usage" in said or _UNKNOWN_FIELD.search(said)
        ):
            self.no_stream_options = True
            return True
        return False


def make_body(request: CompletionRequest, quirks: Quirks, *, prefix_flag: bool) -> dict[str, Any]:
    """The JSON to post. `prefix_flag`: a continued message is marked as such (DeepSeek)."""
    body: dict[str, Any] = {
        key: value for key, value in request.params.items() if key not in _OWN and value is not None
    }
    if request.model in quirks.completion_tokens and "max_tokens" in body:
        body["max_completion_tokens"] = body.pop("max_tokens")
    body |= {"model": request.model, "messages": continued(request, prefix_flag=prefix_flag), "stream": True}
    if not quirks.no_stream_options:
        body["stream_options"] = {"include_usage": True}
    if request.tools:
        body["tools"] = request.tools
        if request.tool_choice is not None:
            body["tool_choice"] = request.tool_choice
    if request.response_format is not None:
        body["response_format"] = request.response_format
    if request.user_key is not None:
        body["user"] = request.user_key
    if request.continue_text and request.continuation == "continue_final_message":
        body |= {"continue_final_message": True, "add_generation_prompt": False}
    return body


def continued(request: CompletionRequest, *, prefix_flag: bool = False) -> list[dict[str, Any]]:
    """The messages, with the part of the answer that is there already at their end."""
    if not request.continue_text or request.continuation == "none":
        return request.messages
    partial: dict[str, Any] = {"role": "assistant", "content": request.continue_text}
    if request.continuation in {"ask", "background"}:
        return [*request.messages, partial, {"role": "user", "content": ASK_TO_CONTINUE}]
    if prefix_flag and request.continuation == "prefix":
        partial["prefix"] = True
    return [*request.messages, partial]
