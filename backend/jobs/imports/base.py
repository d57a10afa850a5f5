"""What reading an export gives: conversations as ours, and what had to be left out of them."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final, Literal

Source = Literal["chatgpt", "openwebui", "librechat", "rivulet"]

MAX_MESSAGES: Final = 20_000
"""Of a conversation."""

SHOWN_NAMES = 20
LONGEST_NAME = 100
_EARLIEST = datetime(1990, 1, 1, tzinfo=UTC).timestamp()
_LATEST = datetime(2200, 1, 1, tzinfo=UTC).timestamp()
_MILLISECONDS = 1e11
"""Seconds since 1970 beyond this are milliseconds."""


class BadExport(Exception):
    """What can't be read: `code` is stable, `offset` counts the file's bytes from 0, `line` from 1."""

    def __init__(self, code: str, message: str, *, offset: int | None = None, line: int | None = None) -> None:
        self.code = code
        self.message = message
        self.offset = offset
        self.line = line
        super().__init__(message)

    def plain(self) -> dict[str, Any]:
        """As rows and jobs hold it."""
        where = {"offset": self.offset, "line": self.line}
        return {
            "code": self.code,
            "message": self.message,
            **{name: at for name, at in where.items() if at is not None},
        }


class LeftOut:
    """What was not taken, by kind, with the first names."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()
        self._names: dict[str, list[str]] = {}

    def add(self, what: str, name: str = "") -> None:
        """One more."""
        self._counts[what] += 1
        names = self._names.setdefault(what, [])
        if name and len(names) < SHOWN_NAMES:
            names.append(clean(name)[:LONGEST_NAME])

    def plain(self) -> list[dict[str, Any]]:
        """As a row's output holds it."""
        return [{"what": what, "count": count, "names": self._names[what]} for what, count in self._counts.items()]


@dataclass(slots=True)
class Said:
    """A message. `key` and `parent` are ids of the source; `created` None: as its parent."""

    key: str
    parent: str | None
    role: Literal["system", "user", "assistant"]
    parts: list[dict[str, Any]]
    model: str = ""
    created: datetime | None = None
    status: Literal["done", "incomplete", "error", "cancelled"] = "done"
    reason: str = ""
    params: dict[str, Any] = field(default_factory=dict)
    usage: dict[str, Any] | None = None
    cost: float | None = None
    error: dict[str, Any] | None = None
    timings: dict[str, Any] | None = None
    system: str | None = None
    prompt: dict[str, Any] | None = None
    sources: list[dict[str, Any]] | None = None
    instead_of: list[dict[str, Any]] | None = None
    tools: list[dict[str, Any]] | None = None
    request: str = ""

    @property
    def text(self) -> str:
        """The text parts put together."""
        return "".join(part["text"] for part in self.parts if part["kind"] == "text")


@dataclass(slots=True)
class Told:
    """A conversation, its messages parents first; the branch that was open at the source comes last."""

    id: str
    title: str
    created: datetime
    updated: datetime
    messages: list[Said]
    model: str = ""
    system: str = ""
    folder: str = ""
    pinned: bool = False
    archived: bool = False
    left_out: LeftOut = field(default_factory=LeftOut)


def clean(text: str) -> str:
    """A text that can be stored: without NUL, and with U+FFFD for half characters."""
    text = text.replace("\0", "")
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text


def as_text(value: Any) -> str:
    """A value that should be a text; empty where it is none."""
    return clean(value) if isinstance(value, str) else ""


def as_dict(value: Any) -> dict[str, Any]:
    """A value that should be an object; empty where it is none."""
    return value if isinstance(value, dict) else {}


def as_list(value: Any) -> list[Any]:
    """A value that should be a list; empty where it is none."""
    return value if isinstance(value, list) else []


def as_time(value: Any) -> datetime | None:
    """Seconds or milliseconds since 1970, or ISO 8601; None: neither, or no time that can be meant."""
    if isinstance(value, dict):
        value = value.get("$date")
    if isinstance(value, bool):
        return None
    if isinstance(value, str):
        try:
            found = datetime.fromisoformat(value)
        except ValueError:
            return None
        found = found if found.tzinfo else found.replace(tzinfo=UTC)
        return as_time(found.timestamp()) if found.year > 1 else None
    if not isinstance(value, int | float):
        return None
    seconds = value / 1000 if value > _MILLISECONDS else value
    return datetime.fromtimestamp(seconds, UTC) if _EARLIEST <= seconds <= _LATEST else None


def text_part(text: str) -> list[dict[str, Any]]:
    """A text as parts: none, if there is none."""
    return [{"kind": "text", "text": text}] if text.strip() else []


def spaced(parts: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The same with a blank line before each text that follows another one."""
    begun = False
    for part in parts:
        if part["kind"] == "text":
            if begun and not part["text"].startswith("\n"):
                part["text"] = f"\n\n{part['text']}"
            begun = True
    return parts


def named(what: str, name: str) -> str:
    """How a text says that something was there that is not taken along."""
    return f"[{what}: {name}]" if name else f"[{what}]"


def arrange(found: Iterable[Said], *, last: str | None, at: datetime) -> list[Said]:
    """Parents before their children, the branch with `last` after its siblings; times filled in from `at`.

    A message whose parent is not there begins a tree of its own. Raises `BadExport`.
    """
    by_key = {said.key: said for said in found}
    if not by_key:
        raise BadExport("no_messages", "There is no message in it.")
    if len(by_key) > MAX_MESSAGES:
        raise BadExport("too_large", f"It has {len(by_key):,} messages; at most {MAX_MESSAGES:,} are taken.")
    children: dict[str | None, list[Said]] = {}
    for said in by_key.values():
        said.parent = said.parent if said.parent in by_key else None
        children.setdefault(said.parent, []).append(said)
    current = _path(by_key, last)
    ordered: list[Said] = []
    waiting = _last_first(children.get(None, []), current)
    while waiting:
        said = waiting.pop()
        said.created = said.created or (by_key[said.parent].created if said.parent else None) or at
        ordered.append(said)
        waiting += _last_first(children.get(said.key, []), current)
    if len(ordered) < len(by_key):
        raise BadExport("broken_tree", "Its messages answer each other in a circle.")
    return ordered


def _path(by_key: dict[str, Said], last: str | None) -> set[str]:
    path: set[str] = set()
    while last in by_key and last not in path:
        path.add(last)
        last = by_key[last].parent
    return path


def _last_first(siblings: list[Said], current: set[str]) -> list[Said]:
    """As a stack wants them that the others come from in their order, and the current one after them."""
    others = [said for said in siblings if said.key not in current]
    return [said for said in siblings if said.key in current] + others[::-1]
