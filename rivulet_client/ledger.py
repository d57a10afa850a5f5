"""Acknowledgements of one socket: at the latest after 64 events, 16 KiB or 5 s."""

import asyncio
from collections.abc import Callable
from typing import Any

ACK_EVENTS = 64
ACK_BYTES = 16 * 1024


class _Received:
    __slots__ = ("dirty", "epoch", "held", "offset", "page")

    def __init__(self, *, held: bool) -> None:
        self.epoch, self.offset, self.page = "", 0, None  # type: tuple[str, int, int | None]
        self.dirty = False
        self.held = held


class Ledger:
    """What a socket has delivered and what of it is acknowledged. It counts all that arrived, duplicates too: the
    window that an ack opens belongs to the socket, not to the text."""

    def __init__(self, send: Callable[[dict[str, Any]], None], *, after: float) -> None:
        self._send = send
        self._after = after
        self._topics: dict[str, _Received] = {}
        self._events = 0
        self._bytes = 0
        self._timer: asyncio.TimerHandle | None = None

    def received(self, topic: str, epoch: str, offset: int, size: int, page: int | None) -> None:
        """A frame with a position arrived; `size` in bytes."""
        at = self._topics.get(topic)
        if at is None:
            at = self._topics[topic] = _Received(held=False)
        elif at.held:
            return
        at.epoch, at.offset, at.page, at.dirty = epoch, offset, page, True
        self._events += 1
        self._bytes += size
        if self._events >= ACK_EVENTS or self._bytes >= ACK_BYTES:
            self.flush()
        elif self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(self._after, self.flush)

    def hold(self, topic: str) -> None:
        """A subscribe was sent: the cursor is about to restart, maybe lower, and an ack of what came before would be
        ahead of it. Nothing of the topic is acknowledged until the reply."""
        self._topics[topic] = _Received(held=True)

    def release(self, topic: str) -> None:
        """The reply is here, or the topic was left."""
        self._topics.pop(topic, None)

    def flush(self) -> None:
        """Acknowledge now."""
        self.discard()
        self._events = self._bytes = 0
        for topic, at in self._topics.items():
            if at.dirty:
                at.dirty = False
                ack = {"cmd": "ack", "topic": topic, "epoch": at.epoch, "offset": at.offset}
                self._send(ack if at.page is None else {**ack, "page": at.page})

    def discard(self) -> None:
        """Stop the clock."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
