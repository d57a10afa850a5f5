"""What a model can be asked with, by OpenAI's names: the same for a message and for a template."""

from collections.abc import Mapping
from typing import Any

from pydantic import Field

from backend.core.schemas import Flag, Number, Strict, Text, Whole


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


_SAME = ("max_tokens", "max_completion_tokens")
"""Two names for one limit: whoever gives one means it instead of the other."""


def merged(defaults: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """A template's parameters, where nothing else was asked for."""
    passed_over = _SAME if any(name in given for name in _SAME) else ()
    return {name: value for name, value in defaults.items() if name not in passed_over} | dict(given)
