"""WebSocket frames (RFC 6455), without input or output: encoding for servers, and a bounded incremental reader."""

from typing import Final

CONTINUATION: Final = 0x0
TEXT: Final = 0x1
BINARY: Final = 0x2
CLOSE: Final = 0x8
PING: Final = 0x9
PONG: Final = 0xA

NORMAL: Final = 1000
PROTOCOL_ERROR: Final = 1002
NO_STATUS: Final = 1005
ABNORMAL: Final = 1006
INVALID_DATA: Final = 1007
POLICY_VIOLATION: Final = 1008
TOO_BIG: Final = 1009
INTERNAL_ERROR: Final = 1011

_MASKED: Final = 0x80
_SHORT: Final = 126
_LONG: Final = 127
_OPCODES: Final = frozenset({CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG})
_CLOSE_CODES: Final = frozenset({1000, 1001, 1002, 1003, *range(1007, 1015)})


class FrameError(Exception):
    """The client broke the protocol or a limit; close with `code`."""

    def __init__(self, code: int, reason: str) -> None:
        self.code = code
        self.reason = reason
        super().__init__(reason)


def encode(opcode: int, payload: bytes) -> bytes:
    """One final, unmasked frame of `payload`."""
    length = len(payload)
    if length < _SHORT:
        return bytes((0x80 | opcode, length)) + payload
    if length <= 0xFFFF:
        return bytes((0x80 | opcode, _SHORT)) + length.to_bytes(2, "big") + payload
    return bytes((0x80 | opcode, _LONG)) + length.to_bytes(8, "big") + payload


_TEXT_HEADS: Final = tuple(bytes((0x80 | TEXT, length)) for length in range(_SHORT))


def text_frame(payload: bytes) -> bytes:
    """One text frame of `payload`, which is UTF-8. The same bytes can be written to any number of sockets."""
    length = len(payload)
    return _TEXT_HEADS[length] + payload if length < _SHORT else encode(TEXT, payload)


def close_payload(code: int, reason: str = "") -> bytes:
    """Body of a close frame: `code`, and `reason` cut to what fits, at a character's border."""
    return code.to_bytes(2, "big") + reason.encode()[:123].decode(errors="ignore").encode()


def parse_close(payload: bytes) -> int:
    """Close code of a received close frame; 1005 when it has none. Raises FrameError for what may not be sent."""
    if not payload:
        return NO_STATUS
    if len(payload) == 1:
        raise FrameError(PROTOCOL_ERROR, "A close frame has half a code.")
    code = int.from_bytes(payload[:2], "big")
    if code not in _CLOSE_CODES and not 3000 <= code <= 4999:
        raise FrameError(PROTOCOL_ERROR, "A close frame has a code that may not be sent.")
    try:
        payload[2:].decode()
    except UnicodeDecodeError:
        raise FrameError(INVALID_DATA, "A close reason is not UTF-8.") from None
    return code


def unmask(key: bytes, payload: bytes) -> bytes:
    """`payload` XOR the repeated four bytes of `key`."""
    length = len(payload)
    pattern = (key * (length // 4 + 1))[:length]
    return (int.from_bytes(payload, "little") ^ int.from_bytes(pattern, "little")).to_bytes(length, "little")


class FrameReader:
    """Turns the bytes of a client into messages and control frames; holds at most one message and what was fed last.

    Feed bytes, then call `next` until it returns None. After a FrameError the reader is of no more use.
    """

    __slots__ = ("_data", "_fragments", "_max_fragments", "_max_size", "_message", "_need", "_opcode", "_position")

    def __init__(self, *, max_size: int, max_fragments: int) -> None:
        self._max_size = max_size
        self._max_fragments = max_fragments
        self._data: bytes | bytearray = b""
        self._position = 0
        self._need = 2
        self._opcode = 0
        self._fragments = 0
        self._message: bytearray | None = None

    @property
    def in_message(self) -> bool:
        """Whether a fragmented message has begun and not ended."""
        return self._message is not None

    @property
    def partial(self) -> bool:
        """Whether a frame or message has begun and not ended."""
        return self._message is not None or self._position < len(self._data)

    def feed(self, data: bytes) -> None:
        """Add what was received."""
        if self._position >= len(self._data):
            self._data = data
        else:
            if isinstance(self._data, bytearray):
                del self._data[: self._position]
            else:
                self._data = bytearray(memoryview(self._data)[self._position :])
            self._data += data
        self._position = 0

    def next(self) -> tuple[int, bytes] | None:
        """The next whole message (TEXT, BINARY) or control frame as `(opcode, payload)`; None: feed more.

        Raises FrameError 1002 for a breach of RFC 6455, 1009 for a frame or message over the limits, as soon as the
        header shows it. Text is not checked for UTF-8 here.
        """
        while (frame := self._frame()) is not None:
            opcode, final, payload = frame
            if opcode >= CLOSE:
                return opcode, payload
            if self._message is None:
                if final:
                    return opcode, payload
                self._opcode, self._message, self._fragments = opcode, bytearray(payload), 1
                continue
            self._message += payload
            self._fragments += 1
            if final:
                message, self._message = bytes(self._message), None
                return self._opcode, message
            if self._fragments >= self._max_fragments:
                raise FrameError(TOO_BIG, f"A message has more than {self._max_fragments} fragments.")
        return None

    def _frame(self) -> tuple[int, bool, bytes] | None:
        data, position = self._data, self._position
        have = len(data) - position
        if have < self._need:
            return None
        first, second = data[position], data[position + 1]
        self._check(first, second)
        length, head = second & 0x7F, 6
        if length >= _SHORT:
            head = 8 if length == _SHORT else 14
            if have < head:
                self._need = head
                return None
            length = int.from_bytes(data[position + 2 : position + head - 4], "big")
        if length + len(self._message or b"") > self._max_size and first & 0x0F < CLOSE:
            raise FrameError(TOO_BIG, f"A message is over {self._max_size} bytes.")
        end = head + length
        if have < end:
            self._need = end
            return None
        start = position + head
        payload = unmask(bytes(data[start - 4 : start]), bytes(data[start : position + end])) if length else b""
        self._need = 2
        self._position = position + end
        if have == end:
            self._data, self._position = b"", 0
        return first & 0x0F, first >= 0x80, payload

    def _check(self, first: int, second: int) -> None:
        opcode = first & 0x0F
        if first & 0x70 or opcode not in _OPCODES:
            raise FrameError(PROTOCOL_ERROR, "A frame has reserved bits or an unknown opcode.")
        if not second & _MASKED:
            raise FrameError(PROTOCOL_ERROR, "A frame from a client is not masked.")
        if opcode >= CLOSE:
            if first < 0x80 or second & 0x7F >= _SHORT:
                raise FrameError(PROTOCOL_ERROR, "A control frame is fragmented or too long.")
        elif (opcode == CONTINUATION) != (self._message is not None):
            raise FrameError(PROTOCOL_ERROR, "A fragment does not belong to the message it is in.")
