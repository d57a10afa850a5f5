"""All tools by their names. A further tool is one file with a `register(...)`, named in `FILES`."""

import json
from functools import cache
from importlib import import_module
from typing import Any

from backend.tools.base import Tool

FILES: tuple[str, ...] = ("backend.tools.web_search", "backend.tools.read_page")

_TOOLS: dict[str, Tool] = {}


def register(tool: Tool) -> Tool:
    """Add a tool. Raises `ValueError` for a name that is taken."""
    if tool.name in _TOOLS:
        raise ValueError(f"There are two tools named {tool.name!r}.")
    _TOOLS[tool.name] = tool
    return tool


@cache
def _loaded() -> dict[str, Tool]:
    for name in FILES:
        import_module(name)
    return _TOOLS


def all_tools() -> dict[str, Tool]:
    """Every tool that there is, configured or not."""
    return dict(_loaded())


def find(name: str) -> Tool | None:
    """The tool of that name, where it is configured now."""
    tool = _loaded().get(name)
    return tool if tool is not None and tool.available() else None


def schema(tool: Tool) -> dict[str, Any]:
    """The tool as OpenAI's chat API takes it in `tools`."""
    parameters = tool.arguments.model_json_schema()
    parameters.pop("title", None)
    return {
        "type": "function",
        "function": {
            "name": tool.name,
            "description": tool.description,
            "parameters": json.loads(json.dumps(parameters)),
        },
    }
