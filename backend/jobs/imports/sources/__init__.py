"""How each site writes a conversation. Another source is another module and another line in `SOURCES`."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from backend.jobs.imports.base import BadExport, Source, Told
from backend.jobs.imports.sources import chatgpt, librechat, openwebui, rivulet


@dataclass(frozen=True, slots=True)
class Reader:
    """`knows` an object for a conversation of its site; `ident` is its id there, "" where it has none; `told` is ours.

    `told` raises `BadExport` for one that can't be taken.
    """

    knows: Callable[[dict[str, Any]], bool]
    ident: Callable[[dict[str, Any]], str]
    told: Callable[[dict[str, Any]], Told]


SOURCES: Final[dict[Source, Reader]] = {
    "chatgpt": Reader(chatgpt.knows, chatgpt.ident, chatgpt.told),
    "openwebui": Reader(openwebui.knows, openwebui.ident, openwebui.told),
    "librechat": Reader(librechat.knows, librechat.ident, librechat.told),
    "rivulet": Reader(rivulet.knows, rivulet.ident, rivulet.told),
}


def source_of(value: Any) -> Source | None:
    """Whose conversation this is."""
    if not isinstance(value, dict):
        return None
    return next((source for source, reader in SOURCES.items() if reader.knows(value)), None)


def read(value: dict[str, Any], *, source: Source) -> Told:
    """A conversation as ours. Raises `BadExport`."""
    reader = SOURCES[source]
    if not reader.knows(value):
        raise BadExport("unknown_shape", f"This does not look like a conversation of {LABELS[source]}.")
    return reader.told(value)


LABELS: Final[dict[Source, str]] = {
    "chatgpt": "ChatGPT",
    "openwebui": "Open WebUI",
    "librechat": "LibreChat",
    "rivulet": "Rivulet",
}
