"""Tools of ours in what a client sends: an entry `{"type": "<name>"}` in `tools` switches one on.

OpenAI's own kinds, `function` and `custom`, are the client's: they go to the model, and their calls to the client.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from backend.chat.entries import Entry
from backend.chat.order import Order
from backend.core.errors import BadRequest
from backend.tools import registry
from backend.tools.base import Tool

CLIENTS = ("function", "custom")
NO_CALLS = "{model} can't use tools. Choose another model, or switch them off."

Tools = Sequence[dict[str, Any]]


def is_ours(entry: dict[str, Any]) -> bool:
    """Whether an entry of `tools` names a tool that runs here."""
    return entry.get("type", "function") not in CLIENTS


def check(tools: Tools | None, entry: Entry) -> None:
    """Raise `BadRequest` for a tool of ours that is not there, and for a model that can do nothing with them."""
    ours = [one for one in tools or () if is_ours(one)]
    for one in ours:
        name = str(one["type"])[:100]
        if set(one) != {"type"}:
            raise BadRequest(f"The tool {name!r} takes no settings.", field="tools")
        if name not in registry.all_tools():
            raise BadRequest(f"There is no tool {name!r} here.", field="tools")
        if registry.find(name) is None:
            raise BadRequest(f"The tool {name!r} is not set up here. An administrator can do that.", field="tools")
    names = {one["type"] for one in ours}
    for one in tools or ():
        function = one.get("function")
        if isinstance(function, dict) and function.get("name") in names:
            raise BadRequest(f"Two tools are named {function['name']!r}.", field="tools")
    if ours and not can_call(entry) and first_search([registry.all_tools()[name] for name in names]) is None:
        raise BadRequest(NO_CALLS.format(model=entry.name), field="tools")


def chosen(order: Order) -> list[Tool]:
    """The tools of ours that an answer may use now; what was given word for word has none."""
    if order.verbatim:
        return []
    names = dict.fromkeys(one["type"] for one in order.tools or () if is_ours(one))
    found = [registry.find(str(name)) for name in names]
    return [tool for tool in found if tool is not None]


def without_ours(order: Order) -> Order:
    """The order with the client's tools alone."""
    if order.verbatim or not any(is_ours(one) for one in order.tools or ()):
        return order
    return replace(order, tools=[one for one in order.tools or () if not is_ours(one)] or None)


def names_of(tools: Tools | None) -> set[str]:
    """What the client's own tools are called."""
    found = [one.get(one.get("type", "function")) for one in tools or () if not is_ours(one)]
    return {str(one.get("name")) for one in found if isinstance(one, dict)}


def can_call(entry: Entry) -> bool:
    """Whether the model calls tools, as far as the catalogue knows: one of which nothing is known is tried."""
    return not entry.capabilities or "tools" in entry.capabilities


def first_search(tools: Sequence[Tool]) -> Tool | None:
    """The tool that a question is searched with for a model that can't call any."""
    return next((tool for tool in tools if tool.part == "search" and "query" in tool.arguments.model_fields), None)
