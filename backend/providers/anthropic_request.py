"""The body of a Messages API call, and what follows from a model's generation.

Up to 4.5, models think within `budget_tokens` and continue a last assistant message; later ones think adaptively by
`effort` and refuse such a message. Source: Anthropic's migration guide and reference.
"""

import re
from typing import Any

from backend.providers.anthropic_messages import convert_choice, convert_messages, convert_tools
from backend.providers.base import CompletionRequest, Continuation
from backend.providers.openai_request import continued

_VERSION = re.compile(r"claude-(?:[a-z]+-)?(\d{1,2})(?:[-.](\d{1,2}))?(?!\d)")
_BUDGETS = {"minimal": 1024, "low": 2048, "medium": 8192, "high": 16384, "xhigh": 24576, "max": 30000}
_EFFORTS = {"minimal": "low", "low": "low", "medium": "medium", "high": "high", "xhigh": "high", "max": "max"}
_LEAST_BUDGET = 1024
_NEWEST = (99, 0)


def version_of(model: str) -> tuple[int, int]:
    """The generation in a model's name; a name without one is taken for a new model."""
    found = _VERSION.search(model)
    return (int(found[1]), int(found[2] or 0)) if found else _NEWEST


def continuation_of(model: str) -> Continuation:
    """How a model goes on from a partial answer."""
    return "prefix" if version_of(model) <= (4, 5) else "ask"


def trailing_space(request: CompletionRequest) -> str:
    """White space at the end of the part that is there: the API refuses it, so it is not sent."""
    text = request.continue_text or ""
    return text[len(text.rstrip()) :] if request.continuation != "none" else ""


def make_body(request: CompletionRequest) -> dict[str, Any]:
    """The JSON to post. Raises `ProviderError` (bad_request) for what has no counterpart."""
    params = request.params
    messages = continued(request)
    prefilled = bool(request.continue_text) and request.continuation in {"prefix", "continue_final_message"}
    system, turns = convert_messages(messages)
    if turns and turns[-1]["role"] == "assistant":
        _strip_end(turns)
    limit = int(params.get("max_completion_tokens") or params.get("max_tokens") or _default_limit(request.model))
    body: dict[str, Any] = {"model": request.model, "messages": turns, "max_tokens": limit, "stream": True}
    body |= {key: params[key] for key in ("top_p", "top_k") if params.get(key) is not None}
    if params.get("temperature") is not None:
        body["temperature"] = min(1.0, float(params["temperature"]))
    if stops := _stops(params.get("stop")):
        body["stop_sequences"] = stops
    if request.user_key is not None:
        body["metadata"] = {"user_id": request.user_key}
    _add_format(body, request.response_format)
    if isinstance(body.get("system"), str):
        system = f"{system}\n\n{body['system']}".strip()
    if system:
        body["system"] = system
    if request.tools:
        body["tools"] = convert_tools(request.tools)
        choice = convert_choice(request.tool_choice, parallel=params.get("parallel_tool_calls") is not False)
        if choice is not None:
            body["tool_choice"] = choice
    forced = body.get("tool_choice", {}).get("type") in {"any", "tool"}
    if not (prefilled or forced or _in_tool_loop(request.messages)):
        _add_thinking(body, params, request.model)
    return body


def _default_limit(model: str) -> int:
    version = version_of(model)
    return 4096 if version < (3, 5) else 8192 if version < (3, 7) else 32_000


def _stops(given: Any) -> list[str]:
    stops = [given] if isinstance(given, str) else given or []
    return [stop for stop in stops if isinstance(stop, str) and stop.strip()]


def _strip_end(turns: list[dict[str, Any]]) -> None:
    last = turns[-1]["content"][-1]
    if last["type"] == "text":
        last["text"] = last["text"].rstrip()


def _add_format(body: dict[str, Any], wanted: dict[str, Any] | None) -> None:
    kind = (wanted or {}).get("type")
    if kind == "json_schema" and wanted is not None:
        schema = (wanted.get("json_schema") or {}).get("schema") or {}
        body["output_config"] = {"format": {"type": "json_schema", "schema": schema}}
    elif kind == "json_object":
        body["system"] = "Answer with one JSON object and nothing else."


def _in_tool_loop(messages: list[dict[str, Any]]) -> bool:
    """While results of tools are handed back, thinking would need the signed thoughts before the call."""
    return bool(messages) and messages[-1].get("role") == "tool"


def _add_thinking(body: dict[str, Any], params: dict[str, Any], model: str) -> None:
    if isinstance(params.get("thinking"), dict):
        body["thinking"] = params["thinking"]
        if isinstance(params.get("output_config"), dict):
            body["output_config"] = {**body.get("output_config", {}), **params["output_config"]}
        return
    effort = params.get("reasoning_effort")
    if effort not in _BUDGETS or version_of(model) < (3, 7):
        return
    if version_of(model) > (4, 5):
        body["thinking"] = {"type": "adaptive", "display": "summarized"}
        body["output_config"] = {**body.get("output_config", {}), "effort": _EFFORTS[effort]}
        return
    budget = min(_BUDGETS[effort], body["max_tokens"] // 2)
    if budget >= _LEAST_BUDGET:
        body["thinking"] = {"type": "enabled", "budget_tokens": budget}
        for key in ("temperature", "top_k", "top_p"):
            body.pop(key, None)
