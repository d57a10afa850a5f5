"""One answer, put together from the events of its topic. Pure, and it can be stored."""

from typing import Any, Self

from rivulet_client.wire import TERMINAL, Event

_FIELDS = (
    "status", "usage", "model", "attempt", "exact", "finish_reason", "reason", "error", "place", "instead_of"
)  # fmt: skip


class Part:
    """A piece of an answer: `kind` is text, reasoning, tool or search; `extra` is what else the server says of it."""

    __slots__ = ("_chunks", "extra", "kind")

    def __init__(self, kind: str, text: str = "", extra: dict[str, Any] | None = None) -> None:
        self.kind = kind
        self.extra = extra or {}
        self._chunks = [text] if text else []

    @property
    def text(self) -> str:
        """Its text so far."""
        if len(self._chunks) > 1:
            self._chunks = ["".join(self._chunks)]
        return self._chunks[0] if self._chunks else ""

    def append(self, text: str) -> None:
        """More of it."""
        self._chunks.append(text)

    def as_dict(self) -> dict[str, Any]:
        """As snapshots carry it."""
        return {**self.extra, "kind": self.kind, "text": self.text}

    @classmethod
    def of(cls, value: dict[str, Any]) -> Self:
        """From a snapshot."""
        extra = {name: found for name, found in value.items() if name not in {"kind", "text"}}
        return cls(str(value.get("kind", "text")), str(value.get("text", "")), extra)


class AnswerState:
    """How an answer stands. `status`: queued, running, then the name of the terminal event."""

    def __init__(self) -> None:
        self.status = "queued"
        self.parts: list[Part] = []
        self.usage: dict[str, Any] | None = None
        self.model: str | None = None
        self.attempt = 1
        self.exact: bool | None = None
        """After another node took over: whether the text goes on exactly where it stopped."""
        self.finish_reason: str | None = None
        self.reason: str | None = None
        """Why it is incomplete."""
        self.error: dict[str, Any] | None = None
        self.place: int | None = None
        """While it waits in line for its provider, from 1."""
        self.instead_of: list[dict[str, Any]] = []
        """The models that were given up before this one: `model`, `provider`, `code`, `at` (code points of text)."""

    @property
    def text(self) -> str:
        """All text parts, one after another."""
        return "".join(part.text for part in self.parts if part.kind == "text")

    @property
    def ended(self) -> bool:
        """Whether nothing follows."""
        return self.status in TERMINAL

    def apply(self, event: Event) -> None:
        """One event, in its order. Types that are not known change nothing."""
        kind, data = event.type, event.data
        if kind == "part.delta":
            self._part(data, lambda part: part.append(str(data.get("text", ""))))
        elif kind in {"snapshot", "reset"}:
            self._replace(data, running="queued" if kind == "snapshot" else self.status)
        elif kind == "part.added":
            self._running()
            self.parts.append(Part(str(data.get("kind", "text"))))
        elif kind in {"created", "started"}:
            self.model = data.get("model") or self.model
            if kind == "started":
                self._started(data)
        elif kind == "queued":
            self.status, self.place = "queued", data.get("place")
        elif kind == "part.done":
            self._part(data, lambda part: part.extra.update(done=True))
        elif kind == "usage":
            self.usage = data
        elif kind == "resumed":
            self.attempt, self.exact = int(data.get("attempt", self.attempt + 1)), data.get("exact") is True
        elif kind in {"search.started", "search.results", "tool.limit"}:
            more = {name: value for name, value in data.items() if name != "part"}
            self._part(data, lambda part: part.extra.update(more))
        elif kind in TERMINAL:
            self._end(kind, data)

    def as_dict(self) -> dict[str, Any]:
        """JSON, for `from_dict`."""
        return {name: getattr(self, name) for name in _FIELDS} | {"parts": [part.as_dict() for part in self.parts]}

    @classmethod
    def from_dict(cls, value: dict[str, Any]) -> Self:
        """What `as_dict` gave."""
        found = cls()
        for name in _FIELDS:
            if name in value:
                setattr(found, name, value[name])
        found.parts = [Part.of(part) for part in value.get("parts", [])]
        return found

    def _part(self, data: dict[str, Any], change: Any) -> None:
        number = data.get("part")
        if isinstance(number, int) and 0 <= number < len(self.parts):
            change(self.parts[number])

    def _running(self) -> None:
        if self.status == "queued":
            self.status = "running"

    def _started(self, data: dict[str, Any]) -> None:
        self.place = None
        self._running()
        if isinstance(given_up := data.get("instead_of"), list):
            self.instead_of += [{"at": len(self.text), **one} for one in given_up]

    def _replace(self, data: dict[str, Any], *, running: str) -> None:
        self.status = str(data.get("status") or running)
        self.parts = [Part.of(part) for part in data.get("parts") or [] if isinstance(part, dict)]
        self.usage = data.get("usage")
        self.model = data.get("model") or self.model
        self.place = data.get("place")
        if isinstance(data.get("instead_of"), list):
            self.instead_of = data["instead_of"]
        if isinstance(data.get("attempt"), int):
            self.attempt = data["attempt"]
        if isinstance(data.get("error"), dict):
            self.error = data["error"]

    def _end(self, kind: str, data: dict[str, Any]) -> None:
        self.status, self.place = kind, None
        if kind == "done":
            self.finish_reason = data.get("finish_reason")
        elif kind == "incomplete":
            self.reason = data.get("reason")
        elif kind == "error":
            self.error = data
