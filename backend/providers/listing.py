"""Reads the lists of models that servers give, in OpenAI's form and its variations."""

import re
from typing import Any

import msgspec

from backend.providers import failures
from backend.providers.base import UpstreamModel

MAX_MODELS = 5000
MAX_NAME = 200

_NO_CHAT = re.compile(
    r"embed|whisper|\btts\b|-tts|dall-e|moderation|realtime|transcribe|gpt-image|gpt-audio|sora|rerank|"
    r"^(babbage|davinci|text-|ada\b)|-instruct-0914|gpt-3\.5-turbo-instruct|computer-use",
    re.IGNORECASE,
)
_CONTEXT = ("context_length", "max_model_len", "context_window", "max_context_length", "max_input_tokens")


def read_models(body: bytes, *, name: str) -> list[UpstreamModel]:
    """The models in a list's body, each once. Raises `ProviderError` when it is no list of models."""
    try:
        parsed = msgspec.json.decode(body)
    except msgspec.DecodeError as error:
        raise failures.broken(name, "no list of models", started=False) from error
    rows = (parsed.get("data") or parsed.get("models")) if isinstance(parsed, dict) else parsed
    if not isinstance(rows, list):
        if isinstance(parsed, dict) and ("data" in parsed or "models" in parsed):
            return []
        raise failures.broken(name, "no list of models", started=False)
    found: dict[str, UpstreamModel] = {}
    for row in rows[:MAX_MODELS]:
        model = _read(row) if isinstance(row, dict) else None
        if model is not None:
            found.setdefault(model.name, model)
    return list(found.values())


def _read(row: dict[str, Any]) -> UpstreamModel | None:
    name = row.get("id") or row.get("model") or row.get("name")
    if not isinstance(name, str) or not name.strip() or len(name) > MAX_NAME or not name.isprintable():
        return None
    label = row.get("display_name") or row.get("name")
    created = row.get("created")
    return UpstreamModel(
        name=name,
        label=label[:MAX_NAME] if isinstance(label, str) and label and label.isprintable() else None,
        context=next((value for key in _CONTEXT if isinstance(value := row.get(key), int) and value > 0), None),
        created=created if isinstance(created, int) else None,
        chats=not _NO_CHAT.search(name),
    )
