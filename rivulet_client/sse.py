"""Reads a `text/event-stream` body as it arrives. Pure: bytes in, each event's data out."""


class EventStream:
    """Lines end with LF or CR LF. Comments, `id` and `retry` are not needed: every frame carries its position."""

    def __init__(self) -> None:
        self._rest = b""
        self._data: list[bytes] = []

    def feed(self, piece: bytes) -> list[bytes]:
        """The data of the events that this piece completes."""
        *lines, self._rest = (self._rest + piece).split(b"\n")
        found = []
        for line in lines:
            text = line.removesuffix(b"\r")
            if not text:
                if self._data:
                    found.append(b"\n".join(self._data))
                    self._data = []
            elif text.startswith(b"data:"):
                self._data.append(text[5:].removeprefix(b" "))
        return found
