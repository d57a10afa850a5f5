"""What no reader may see, looked for in the frames as they come: before the client drops or mends anything."""

import json
from typing import Any

from rivulet_client import Link, Observer

TERMINAL = {"done", "incomplete", "error", "cancelled"}


class RawCheck(Observer):
    """Checks one topic on all connections of a client. `problems` is empty when the server kept its word."""

    def __init__(self, topic: str) -> None:
        self.topic = topic
        self.problems: list[str] = []
        self.recovered: list[bool] = []
        self.epochs: list[str] = []
        self.closes: list[int | None] = []
        self.connections = 0
        self._at: dict[int, tuple[str, int]] = {}
        """Where each connection stands, by its number; absent before its reply."""
        self._seen: dict[tuple[str, int], int] = {}
        self._ends: dict[str, tuple[int, str]] = {}
        """The terminal event of each epoch."""
        self._slices: dict[int, dict[int, int]] = {}

    def opened(self, link: Link) -> None:
        """See `Observer`."""
        self.connections += 1

    def closed(self, link: Link, code: int | None) -> None:
        """See `Observer`."""
        self.closes.append(code)

    def frame(self, link: Link, raw: bytes) -> None:
        """See `Observer`."""
        if len(raw) > 64 * 1024:
            self.problems.append(f"a frame of {len(raw)} bytes")
        frame = json.loads(raw)
        if "id" in frame:
            self._reply(link.number, frame)
        elif frame.get("topic") == self.topic and "offset" in frame:
            if frame["type"] == "snapshot":
                self._snapshot(link.number, frame)
            else:
                self._event(link.number, frame)

    def _reply(self, number: int, frame: dict[str, Any]) -> None:
        if "error" in frame:
            if not frame["error"]["temporary"]:
                self.problems.append(f"refused: {frame['error']}")
            return
        result = frame["result"]
        if "recovered" not in result:
            return
        self.recovered.append(result["recovered"])
        position = result["position"]
        if result["recovered"]:
            if position["epoch"] != (self.epochs[-1] if self.epochs else None):
                self.problems.append("recovered under another epoch")
            self._at[number] = (position["epoch"], position["offset"])
        elif "snapshot" in result:
            self._stand(number, position["epoch"], position["offset"])
        else:
            self._at.pop(number, None)  # its pages follow

    def _stand(self, number: int, epoch: str, offset: int) -> None:
        if not self.epochs or self.epochs[-1] != epoch:
            self.epochs.append(epoch)
        self._at[number] = (epoch, offset)

    def _snapshot(self, number: int, frame: dict[str, Any]) -> None:
        if frame.get("page") is not None:
            self._page(number, frame)
        if not frame.get("more"):
            self._stand(number, frame["epoch"], frame["offset"])

    def _page(self, number: int, frame: dict[str, Any]) -> None:
        if frame["page"] == 0:
            self._slices[number] = {}
        ends = self._slices.setdefault(number, {})
        for piece in frame["data"].get("parts", []):
            if piece["start"] != ends.get(piece["part"], 0):
                self.problems.append("a page whose slices do not fit")
            ends[piece["part"]] = piece["start"] + len(piece["text"])

    def _event(self, number: int, frame: dict[str, Any]) -> None:
        epoch, offset, kind = frame["epoch"], frame["offset"], frame["type"]
        at = self._at.get(number)
        if at is None:
            self.problems.append(f"{kind} {offset} before the reply to its subscribe")
        elif at[0] != epoch:
            self.problems.append(f"an event of epoch {epoch} without its snapshot")
        elif offset <= at[1]:
            self.problems.append(f"twice on one socket: {offset} after {at[1]}")
        elif offset != at[1] + 1:
            self.problems.append(f"a hole: {at[1]} to {offset}")
        self._at[number] = (epoch, offset)
        told = hash((kind, json.dumps(frame["data"], sort_keys=True)))
        if self._seen.setdefault((epoch, offset), told) != told:
            self.problems.append(f"{offset} is another event than it was")
        self._end(epoch, offset, kind)

    def _end(self, epoch: str, offset: int, kind: str) -> None:
        end, ended = self._ends.get(epoch, (offset, kind))
        if offset > end:
            self.problems.append(f"{kind} after {ended}")
        elif kind in TERMINAL:
            self._ends[epoch] = (offset, kind)
