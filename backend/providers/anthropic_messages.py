"""OpenAI-shaped messages and tools as Anthropic's Messages API wants them.

System messages become the `system` field, tool results become blocks of a user's message, neighbours of one role are
joined, empty text is left out (the API refuses it). Source: Anthropic's Messages API reference.
"""

from typing import Any

import msgspec

from backend.providers.errors import ProviderError

Blocks = list[dict[str, Any]]


def convert_messages(messages: list[dict[str, Any]]) -> tuple[str, list[dict[str, Any]]]:
    """The system prompt and the turns. Raises `ProviderError` (bad_request) for what has no counterpart."""
    system: list[str] = []
    turns: list[dict[str, Any]] = []
    for message in messages:
        role = message.get("role")
        if role in {"system", "developer"}:
            system.append(_plain(message.get("content")))
        elif role == "user":
            _add(turns, "user", _blocks(message.get("content")))
        elif role == "assistant":
            _add(turns, "assistant", _blocks(message.get("content")) + _tool_uses(message))
        elif role == "tool":
            _add(turns, "user", [_tool_result(message)])
        else:
            raise _refused(f"a message with the role {role!r}")
    return "\n\n".join(text for text in system if text), turns


def convert_tools(tools: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Functions as tools; what is in Anthropic's own shape already (server tools) stays as it is."""
    found = []
    for tool in tools:
        function = tool.get("function")
        if tool.get("type") != "function" or not isinstance(function, dict):
            found.append(tool)
            continue
        entry = {"name": function.get("name"), "input_schema": function.get("parameters") or {"type": "object"}}
        if function.get("description"):
            entry["description"] = function["description"]
        found.append(entry)
    return found


def convert_choice(choice: str | dict[str, Any] | None, *, parallel: bool) -> dict[str, Any] | None:
    """OpenAI's `tool_choice` (and `parallel_tool_calls`) in Anthropic's words."""
    if isinstance(choice, dict):
        found: dict[str, Any] = {"type": "tool", "name": (choice.get("function") or {}).get("name")}
    elif choice in {"required", "none"}:
        found = {"type": "any" if choice == "required" else "none"}
    elif choice == "auto" or not parallel:
        found = {"type": "auto"}
    else:
        return None
    if not parallel and found["type"] != "none":
        found["disable_parallel_tool_use"] = True
    return found


def _add(turns: list[dict[str, Any]], role: str, blocks: Blocks) -> None:
    if not blocks:
        return
    if turns and turns[-1]["role"] == role:
        turns[-1]["content"] += blocks
    else:
        turns.append({"role": role, "content": blocks})


def _plain(content: Any) -> str:
    if isinstance(content, str):
        return content
    return "\n".join(part["text"] for part in content or () if isinstance(part, dict) and part.get("type") == "text")


def _blocks(content: Any) -> Blocks:
    if content is None:
        return []
    if isinstance(content, str):
        return [{"type": "text", "text": content}] if content.strip() else []
    blocks: Blocks = []
    for part in content:
        kind = part.get("type") if isinstance(part, dict) else None
        if kind == "text":
            if part["text"].strip():
                blocks.append({"type": "text", "text": part["text"]})
        elif kind == "image_url":
            blocks.append({"type": "image", "source": _source(part["image_url"].get("url", ""))})
        elif kind == "file" and "file_data" in part.get("file", {}):
            blocks.append({"type": "document", "source": _source(part["file"]["file_data"])})
        elif kind == "refusal":
            blocks.append({"type": "text", "text": part["refusal"]})
        else:
            raise _refused(f"content of the type {kind!r}")
    return blocks


def _source(url: str) -> dict[str, str]:
    if not url.startswith("data:"):
        return {"type": "url", "url": url}
    head, separator, data = url[5:].partition(",")
    media, *rest = head.split(";")
    if not separator or "base64" not in rest:
        raise _refused("a data URL that is not base64")
    return {"type": "base64", "media_type": media, "data": data}


def _tool_uses(message: dict[str, Any]) -> Blocks:
    blocks: Blocks = []
    for call in message.get("tool_calls") or ():
        function = call.get("function") or {}
        try:
            given = msgspec.json.decode(function.get("arguments") or "{}")
        except msgspec.DecodeError as error:
            raise _refused("a tool call whose arguments are not JSON") from error
        blocks.append({"type": "tool_use", "id": call.get("id"), "name": function.get("name"), "input": given})
    return blocks


def _tool_result(message: dict[str, Any]) -> dict[str, Any]:
    block = {"type": "tool_result", "tool_use_id": message.get("tool_call_id")}
    content = _blocks(message.get("content"))
    return {**block, "content": content} if content else block


def _refused(what: str) -> ProviderError:
    return ProviderError(f"This model does not take {what}.", code="bad_request", temporary=False)
