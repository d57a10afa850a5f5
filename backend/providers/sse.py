"""Server-sent events, cut up cheaply: bytes as they come in, data payloads out.

Follows the event stream format of the HTML standard (LF, CRLF or CR; comments; several data lines; a BOM; an event
counts when its blank line has come). Names, ids and retry times are not used by any provider and are dropped.
"""

MAX_PENDING = 1 << 20
"""Bytes of one unfinished event."""


class SseOverflow(ValueError):
    """An event grew past `MAX_PENDING` without ending."""


class SseSplitter:
    """One for each stream; `feed` takes whatever a read gave."""

    __slots__ = ("_fresh", "_pending")

    def __init__(self) -> None:
        self._pending = b""
        self._fresh = True

    def feed(self, chunk: bytes) -> list[bytes]:
        """The data payloads of the events that `chunk` completes, in order. Raises `SseOverflow`."""
        pending = self._pending
        if pending:
            chunk = pending + chunk
        elif chunk.startswith(b"data: ") and chunk.endswith(b"\n\n") and chunk.find(b"\n") == len(chunk) - 2:
            self._fresh = False
            return [chunk[6:-2]] if b"\r" not in chunk else self._split(chunk)
        return self._split(chunk)

    def flush(self) -> list[bytes]:
        """At the end of the stream: the last event when its lines are whole and only the blank line is missing."""
        block, self._pending = self._pending, b""
        payload = _payload(block) if block.endswith((b"\n", b"\r")) else None
        return [] if payload is None else [payload.rstrip(b"\r")]

    def _split(self, chunk: bytes) -> list[bytes]:
        if self._fresh:
            if len(chunk) < 3 and b"\xef\xbb\xbf".startswith(chunk):
                self._pending = chunk
                return []
            chunk = chunk.removeprefix(b"\xef\xbb\xbf")
            self._fresh = False
        tail = b""
        if b"\r" in chunk:
            if chunk.endswith(b"\r"):
                chunk, tail = chunk[:-1], b"\r"
            chunk = chunk.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        blocks = chunk.split(b"\n\n")
        self._pending = blocks.pop() + tail
        if len(self._pending) > MAX_PENDING:
            raise SseOverflow
        payloads: list[bytes] = []
        for block in blocks:
            if block.startswith(b"data: ") and b"\n" not in block:
                payloads.append(block[6:])
            elif (payload := _payload(block)) is not None:
                payloads.append(payload)
        return payloads


def _payload(block: bytes) -> bytes | None:
    """The data lines of one event, joined; None when it has none."""
    found = [
        line[6:] if line.startswith(b"data: ") else line[5:]
        for line in block.split(b"\n")
        if line.startswith(b"data:") or line == b"data"
    ]
    return b"\n".join(found) if found else None
