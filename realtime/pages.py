"""Cutting a snapshot that does not fit one frame into pages.

What a client does with them: page 0 is the state; each later page adds to it. A list is continued behind its items so
far. A list called `parts` holds slices `{part, kind, start, text}` instead of whole parts: part number, its kind,
`start` in code points, a piece of its text; a part's other fields are in its slice with `start` 0. An item of another
list that alone is too long (a message) comes as a piece with its fields and some slices, then as pieces with only
its `id` and further slices; such an item has no `text` of its own, which is its text parts one after another.
"""

from collections.abc import Iterator
from typing import Any

from realtime.positions import Position
from realtime.wire import encode, frame

_SLACK = 96  # separators, names and the flags of a page


def snapshot_frame(topic: str, position: Position, data: dict[str, Any]) -> bytes:
    """The whole snapshot as one WebSocket frame."""
    return frame(encode(_envelope(topic, position, data)))


def snapshot_pages(topic: str, position: Position, data: dict[str, Any], *, limit: int) -> list[bytes]:
    """The snapshot as WebSocket frames of at most `limit` bytes; one without page numbers where that is enough."""
    whole = snapshot_frame(topic, position, data)
    if len(whole) <= limit:
        return [whole]
    room = limit - len(encode(_envelope(topic, position, {}))) - _SLACK
    pages = list(_Cutter(room).cut(data))
    frames = []
    for number, page in enumerate(pages):
        envelope = _envelope(topic, position, page) | {"page": number}
        if number < len(pages) - 1:
            envelope["more"] = True
        frames.append(frame(encode(envelope)))
    return frames


def _envelope(topic: str, position: Position, data: dict[str, Any]) -> dict[str, Any]:
    return {"topic": topic, "epoch": position.epoch, "offset": position.offset, "type": "snapshot", "data": data}


class _Cutter:
    """Fills pages of `room` bytes of JSON. `page` is the one being filled, `used` an upper bound of its size."""

    def __init__(self, room: int) -> None:
        self.room = room
        self.page: dict[str, Any] = {}
        self.used = 0

    def cut(self, data: dict[str, Any]) -> Iterator[dict[str, Any]]:
        lists = {name: value for name, value in data.items() if isinstance(value, list)}
        self.page = {name: value for name, value in data.items() if name not in lists}
        self.used = len(encode(self.page)) + sum(len(name) + 6 for name in lists)
        self.page |= {name: [] for name in lists}
        for name, items in lists.items():
            if name == "parts":
                for piece in _slices(items, self.room // 2):
                    yield from self._add(name, piece)
            else:
                for item in items:
                    yield from self._item(name, item)
        yield self.page

    def _item(self, name: str, item: Any) -> Iterator[dict[str, Any]]:
        if len(encode(item)) <= self.room or not isinstance(item, dict) or not isinstance(item.get("parts"), list):
            yield from self._add(name, item)
            return
        piece = {key: value for key, value in item.items() if key not in {"parts", "text"}} | {"parts": []}
        yield from self._add(name, piece)
        for slice_ in _slices(item["parts"], self.room // 2):
            size = len(encode(slice_)) + 1
            if self.used + size > self.room:
                piece = {"id": item.get("id"), "parts": []}
                yield from self._add(name, piece, room_for=size)
            piece["parts"].append(slice_)
            self.used += size

    def _add(self, name: str, piece: Any, *, room_for: int = 0) -> Iterator[dict[str, Any]]:
        size = len(encode(piece)) + 1
        if self.used + size + room_for > self.room and self.used > 0:
            yield self.page
            self.page, self.used = {}, 0
        if name not in self.page:
            self.page[name] = []
            self.used += len(name) + 6
        self.page[name].append(piece)
        self.used += size


def _slices(parts: list[Any], most: int) -> Iterator[dict[str, Any]]:
    """Each part's text in pieces of at most `most` bytes of JSON."""
    for number, part in enumerate(parts):
        text = part.get("text") or ""
        extra = {key: value for key, value in part.items() if key not in {"part", "kind", "text"}}
        start = 0
        while start == 0 or start < len(text):
            piece = _fitting(text, start, most)
            slice_ = {"part": part.get("part", number), "kind": part["kind"], "start": start, "text": piece}
            yield slice_ | extra if start == 0 else slice_
            start += len(piece)
            if not piece:
                break


def _fitting(text: str, start: int, most: int) -> str:
    piece = text[start : start + most]
    while len(encode(piece)) > most and len(piece) > 1:
        piece = piece[: max(1, len(piece) // 2)]
    return piece
