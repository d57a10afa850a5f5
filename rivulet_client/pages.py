"""A snapshot that comes in pages at one position: put together, it is as if it had come whole. Pure."""

from typing import Any

from rivulet_client.wire import Position

Data = dict[str, Any]


class Pages:
    """Collects the pages of one snapshot. A page 0, or a page of another position, begins again."""

    def __init__(self) -> None:
        self._at: Position | None = None
        self._next = 0
        self._data: Data = {}

    def add(self, position: Position, data: Any, *, page: int | None, more: bool) -> Data | None:
        """The whole snapshot with its last page, before that None."""
        number = page or 0
        piece = data if isinstance(data, dict) else {}
        if number == 0:
            self._data = piece
        elif position == self._at and number == self._next:
            self._data = _merged(self._data, piece)
        else:
            return None
        self._at, self._next = position, number + 1
        if more:
            return None
        whole = _joined(self._data)
        self.reset()
        return whole

    def reset(self) -> None:
        """Forget what came so far."""
        self._at, self._next, self._data = None, 0, {}


def join_parts(items: list[Any]) -> list[Any]:
    """Parts from their slices `{part, kind, start, text}`, `start` in code points; whole parts pass as they are."""
    whole: list[Any] = []
    sliced: dict[int, Data] = {}
    for item in items:
        if not (isinstance(item, dict) and isinstance(item.get("part"), int) and isinstance(item.get("start"), int)):
            whole.append(item)
            continue
        rest = {name: value for name, value in item.items() if name not in {"part", "start", "text"}}
        known = sliced.setdefault(item["part"], {**rest, "text": ""})
        known |= {**rest, "text": known["text"][: item["start"]] + str(item.get("text", ""))}
    for number in sorted(sliced):
        whole.insert(min(number, len(whole)), sliced[number])
    return whole


def _identity(item: Any) -> str | None:
    found = (item.get("id") or item.get("generation")) if isinstance(item, dict) else None
    return found if isinstance(found, str) else None


def _lists(before: list[Any], more: list[Any]) -> list[Any]:
    """Appended; an item that came before under the same id is merged with it."""
    merged = list(before)
    places = {_identity(item): place for place, item in enumerate(merged)}
    for item in more:
        ident = _identity(item)
        place = places.get(ident) if ident is not None else None
        if place is None:
            places[ident] = len(merged)
            merged.append(item)
        else:
            merged[place] = _merged(merged[place], item)
    return merged


def _merged(before: Data, page: Data) -> Data:
    merged = dict(before)
    for name, value in page.items():
        known = merged.get(name)
        merged[name] = _lists(known, value) if isinstance(known, list) and isinstance(value, list) else value
    return merged


def _joined(data: Data) -> Data:
    def list_of(name: str, items: list[Any]) -> list[Any]:
        if name == "parts":
            return join_parts(items)
        return [_joined(item) if isinstance(item, dict) else item for item in items]

    return {name: list_of(name, value) if isinstance(value, list) else value for name, value in data.items()}
