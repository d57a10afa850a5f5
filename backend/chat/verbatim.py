"""The request of a completion as its caller gave it, for a takeover and for a retry.

Kept as JSON text and not as `jsonb`, which sorts the keys of objects: the order of a schema's properties is part of
what a model is asked.
"""

from typing import Any

import msgspec


class Verbatim(msgspec.Struct):
    """Messages, parameters and tools in the shapes of OpenAI's chat completions."""

    messages: list[dict[str, Any]]
    params: dict[str, Any]
    tools: list[dict[str, Any]] | None = None


_decode = msgspec.json.Decoder(Verbatim).decode


def encode(request: Verbatim) -> str:
    """As a message's row holds it."""
    return msgspec.json.encode(request).decode()


def decode(text: str) -> Verbatim | None:
    """What a row holds; None: the path of the tree is asked."""
    return _decode(text) if text else None
