"""A request in the shape of OpenAI's chat completions, as the Responses API wants it.

Messages become input items, a tool call and its result items of their own. Source: OpenAI's reference of
`POST /responses`, and its guides on background responses and on moving over from chat completions.
"""

from typing import Any

from msgspec import Struct

from backend.providers.base import CompletionRequest
from backend.providers.errors import ProviderError
from backend.providers.openai_request import continued

_SAME = ("temperature", "top_p", "service_tier", "parallel_tool_calls", "top_logprobs")
_LACKING = ("stop", "seed", "presence_penalty", "frequency_penalty", "logit_bias", "logprobs")


class Quirks(Struct):
    """What an account turned out not to accept: summaries of reasoning need a verified organisation."""

    no_summary: bool = False

    def learn(self, *, body: dict[str, Any], detail: str) -> bool:
        """Whether a refusal taught something, so that the same call may be made again at once."""
        if "summary" in body.get("reasoning", {}) and "summar" in detail.lower():
            self.no_summary = True
            return True
        return False


def has_counterpart(request: CompletionRequest) -> bool:
    """Whether the Responses API can be asked the same; else chat completions are."""
    return all(request.params.get(name) is None for name in _LACKING)


def make_body(request: CompletionRequest, quirks: Quirks) -> dict[str, Any]:
    """The JSON to post: written in the background, kept, and streamed. Raises `ProviderError` (bad_request)."""
    params = request.params
    body: dict[str, Any] = {name: params[name] for name in _SAME if params.get(name) is not None}
    body |= {"model": request.model, "input": _items(continued(request))}
    body |= {"background": True, "store": True, "stream": True}
    limit = params.get("max_completion_tokens") or params.get("max_tokens")
    if limit:
        body["max_output_tokens"] = limit
    if params.get("reasoning_effort") is not None:
        summary = {} if quirks.no_summary else {"summary": "auto"}
        body["reasoning"] = {"effort": params["reasoning_effort"], **summary}
    if text := _text(request):
        body["text"] = text
    if request.tools:
        body["tools"] = [_flat(tool) for tool in request.tools]
        if request.tool_choice is not None:
            choice = request.tool_choice
            body["tool_choice"] = _flat(choice) if isinstance(choice, dict) else choice
    if request.user_key is not None:
        body["safety_identifier"] = request.user_key
    return body


def _text(request: CompletionRequest) -> dict[str, Any]:
    found: dict[str, Any] = {}
    wanted = request.response_format
    if wanted is not None:
        found["format"] = {"type": wanted.get("type"), **(wanted.get("json_schema") or {})}
    if request.params.get("verbosity") is not None:
        found["verbosity"] = request.params["verbosity"]
    return found


def _flat(tool: dict[str, Any]) -> dict[str, Any]:
    """A function without the wrapping that chat completions put around it; in their API schemas were not strict."""
    function = tool.get("function")
    if tool.get("type") != "function" or not isinstance(function, dict):
        return tool
    strict = {"strict": False} if "parameters" in function else {}
    return {"type": "function", **strict, **function}


def _items(messages: list[dict[str, Any]]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for message in messages:
        role, content = message.get("role"), message.get("content")
        if role in {"system", "developer", "user"}:
            found.append({"role": role, "content": _content(content)})
        elif role == "assistant":
            if content:
                found.append({"role": role, "content": _said(content)})
            found += [_call(call) for call in message.get("tool_calls") or ()]
        elif role == "tool":
            output = content if isinstance(content, str) else _content(content)
            found.append({"type": "function_call_output", "call_id": message.get("tool_call_id"), "output": output})
        else:
            raise _refused(f"a message with the role {role!r}")
    return found


def _call(call: dict[str, Any]) -> dict[str, Any]:
    function = call.get("function") or {}
    return {
        "type": "function_call",
        "call_id": call.get("id"),
        "name": function.get("name"),
        "arguments": function.get("arguments") or "{}",
    }


def _said(content: Any) -> Any:
    if isinstance(content, str):
        return content
    refusals = [{"type": "refusal", "refusal": part["refusal"]} for part in content if part.get("type") == "refusal"]
    return [{"type": "output_text", "text": part["text"]} for part in content if part.get("type") == "text"] + refusals


def _content(content: Any) -> Any:
    if content is None or isinstance(content, str):
        return content or ""
    return [_part(part) for part in content]


def _part(part: dict[str, Any]) -> dict[str, Any]:
    kind = part.get("type")
    if kind == "text":
        return {"type": "input_text", "text": part["text"]}
    if kind == "image_url":
        image = part["image_url"]
        return {"type": "input_image", "image_url": image.get("url"), "detail": image.get("detail") or "auto"}
    if kind == "file":
        return {"type": "input_file", **part.get("file", {})}
    if kind == "input_audio":
        return part
    raise _refused(f"content of the type {kind!r}")


def _refused(what: str) -> ProviderError:
    return ProviderError(f"This model does not take {what}.", code="bad_request", temporary=False)
