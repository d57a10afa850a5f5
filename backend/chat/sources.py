"""What an answer can cite: each address has one number, from 1 on, for as long as the answer is written.

The numbers stand in the answer's parts: in the items of a search, and in the `sources` of any other call. So an attempt
that takes over goes on counting where the one before it stopped.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

import msgspec

from backend.chat.fold import read_call
from backend.tools.base import Source

MAX_URL = 2000
MAX_TITLE = 300
MAX_SNIPPET = 500
MAX_ITEMS_BYTES = 16 * 1024
"""Of the JSON of one event."""

_PLACE = re.compile(r"\{\{source:(\d{1,4})\}\}")


class Numbers:
    """The sources of one answer. `parts` are those that are there already."""

    def __init__(self, parts: Iterable[dict[str, Any]] = ()) -> None:
        self._known: dict[str, dict[str, Any]] = {}
        for part in parts:
            for one in (*(part.get("items") or ()), *((read_call(part) or {}).get("sources") or ())):
                if "number" in one:
                    self._known.setdefault(one["url"], _source(one["number"], one))

    @property
    def all(self) -> list[dict[str, Any]]:
        """`number`, `url`, `title`, `snippet` of each, by number."""
        return sorted(self._known.values(), key=lambda source: int(source["number"]))

    def items(self, given: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
        """Results as clients see them: with numbers, of a bounded size; what has no address that may be a link is left
        out.
        """
        found: list[dict[str, Any]] = []
        room = MAX_ITEMS_BYTES
        for one in given:
            if not _is_web(str(one.get("url", ""))):
                continue
            source = self._number(one)
            room -= len(msgspec.json.encode(source))
            if room < 0:
                break
            found.append(source)
        return found

    def cited(self, text: str, sources: Sequence[Source]) -> str:
        """`text` with the numbers of its sources in the places of `{{source:n}}`."""

        def number(place: re.Match[str]) -> str:
            at = int(place[1])
            source = sources[at - 1] if 0 < at <= len(sources) else None
            return f"[{self._number(_plain(source))['number']}]" if source and _is_web(source.url) else ""

        return _PLACE.sub(number, text)

    def _number(self, one: Mapping[str, Any]) -> dict[str, Any]:
        known = self._known.get(one["url"])
        if known is None:
            known = self._known[one["url"]] = _source(len(self._known) + 1, one)
        return known


def sources_of(parts: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """The sources of an answer's parts, by number."""
    return Numbers(parts).all


def plain_sources(sources: Iterable[Source]) -> list[dict[str, Any]]:
    """As events have them, not yet numbered."""
    return [_plain(source) for source in sources]


def sound(text: str) -> str:
    """Without what neither JSON nor the database can hold."""
    return text.encode("utf-8", "replace").decode().replace("\0", "\ufffd")


def _plain(source: Source) -> dict[str, Any]:
    return {"url": source.url, "title": source.title, "snippet": source.snippet}


def _source(number: int, one: Mapping[str, Any]) -> dict[str, Any]:
    title, snippet = _line(one.get("title"), MAX_TITLE), _line(one.get("snippet"), MAX_SNIPPET)
    return {"number": number, "url": one["url"], "title": title or one["url"], "snippet": snippet}


def _line(text: Any, most: int) -> str:
    """On one line, and not longer."""
    line = " ".join(sound(str(text or "")).split())
    return line if len(line) <= most else line[: most - 1].rstrip() + "…"


def _is_web(url: str) -> bool:
    if len(url) > MAX_URL or not url.isprintable():
        return False
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} and bool(parts.hostname)
