"""Hints of other nodes' appends, over a raw subscription to Redis; one's own are dropped by their prefix, unread."""

import logging
from collections.abc import Callable

import msgspec

from realtime.hub import Hub
from realtime.log.redis import CHANNEL, PREFIX_SIZE
from realtime.log.resp import RespClient, RespConnection

logger = logging.getLogger(__name__)


class _Log(msgspec.Struct, array_like=True):
    key: str
    first: int
    end: int
    events: list[str]


class _Hint(msgspec.Struct, array_like=True):
    count: int
    logs: list[_Log]


_decode = msgspec.msgpack.Decoder(_Hint).decode


class Listener:
    """Feeds the hub. `heard` gets each hint's number; `connected` is called after each (re)connect."""

    def __init__(
        self,
        url: str,
        *,
        prefix: bytes,
        hub: Hub,
        heard: Callable[[int], None],
        connected: Callable[[], None],
        timeout: float,
        pauses: tuple[float, float],
    ) -> None:
        self._prefix = prefix
        self._hub = hub
        self._heard = heard
        self._connected = connected
        self._client = RespClient(
            url, greet=self._greet, on_push=self._message, timeout=timeout, pauses=pauses, probe=("PING",)
        )

    def start(self) -> None:
        """Begin to connect; returns at once."""
        self._client.start()

    async def stop(self) -> None:
        """Leave."""
        await self._client.stop()

    async def _greet(self, connection: RespConnection) -> None:
        await connection.call("SUBSCRIBE", CHANNEL)
        self._connected()

    def _message(self, push: list[bytes]) -> None:
        message = push[2]
        if message.startswith(self._prefix):
            return
        try:
            hint = _decode(message[PREFIX_SIZE:])
        except msgspec.DecodeError:
            logger.exception("A hint could not be read")
            return
        self._heard(hint.count)
        for log in hint.logs:
            topic, _, epoch = log.key.removeprefix("rv:log:").rpartition(":")
            if topic in self._hub.feeds:
                self._hub.accept(topic, epoch, log.first, [event.encode() for event in log.events], log.end)
