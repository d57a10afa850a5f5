"""Hints from anywhere: any thread of a web node, a Celery worker, a management command.

A hint says that a topic has grown; a lost one costs a second. Nodes of this process get it at once; the others over
the Django Channels layer, from one daemon thread per process that is started at the first use and again after a fork.
Nothing here blocks or raises.
"""

import asyncio
import logging
import os
import secrets
import threading
from collections.abc import Callable
from typing import Any

import redis.asyncio
from channels.layers import get_channel_layer

from realtime.log.redis import COUNTER

logger = logging.getLogger(__name__)
Message = dict[str, Any]

GROUP = "rivulet.hints"
_MOST_WAITING = 10_000
_BATCH = 200


class Announcer:
    """The daemon thread: raises the append counter where a message counts, and sends it to the layer's group."""

    def __init__(self, redis_url: str, *, timeout: float = 5.0) -> None:
        self._url = redis_url
        self._timeout = timeout
        self._lock = threading.Lock()
        self._pid = 0
        self._loop: asyncio.AbstractEventLoop | None = None
        self._queue: asyncio.Queue[Message] | None = None
        self._waiting = 0
        self._idle = threading.Event()

    def post(self, message: Message) -> None:
        """Send it soon."""
        with self._lock:
            if self._pid != os.getpid():
                self._start()
            if self._waiting >= _MOST_WAITING or self._loop is None or self._queue is None:
                return
            self._waiting += 1
            self._idle.clear()
            self._loop.call_soon_threadsafe(self._queue.put_nowait, message)

    def flush(self, seconds: float) -> bool:
        """Wait until nothing waits; False: it still does."""
        return self._pid != os.getpid() or self._idle.wait(seconds)

    def _start(self) -> None:
        self._pid = os.getpid()
        self._idle = threading.Event()
        self._waiting = 0
        self._loop = asyncio.new_event_loop()
        self._queue = asyncio.Queue()
        threading.Thread(target=self._thread, args=(self._loop, self._queue), name="hints", daemon=True).start()

    def _thread(self, loop: asyncio.AbstractEventLoop, queue: asyncio.Queue[Message]) -> None:
        asyncio.set_event_loop(loop)
        loop.run_until_complete(self._run(queue))

    async def _run(self, queue: asyncio.Queue[Message]) -> None:
        client = redis.asyncio.Redis.from_url(
            self._url, socket_timeout=self._timeout, socket_connect_timeout=self._timeout
        )
        while True:
            batch = [await queue.get()]
            while not queue.empty() and len(batch) < _BATCH:
                batch.append(queue.get_nowait())
            try:
                async with asyncio.timeout(self._timeout):
                    await self._post(client, batch)
            except Exception as error:  # noqa: BLE001 - a hint may be lost, its thread may not
                logger.warning("Hints were lost (%d): %r", len(batch), error)
            finally:
                with self._lock:
                    self._waiting -= len(batch)
                    if not self._waiting:
                        self._idle.set()

    async def _post(self, client: redis.asyncio.Redis, batch: list[Message]) -> None:
        """What came while the last batch was on its way goes as one message, each counting one with its own number."""
        counted = [message for message in batch if message["kind"] == "announce"]
        if counted:
            last = await client.incrby(COUNTER, len(counted))
            for number, message in enumerate(counted, last - len(counted) + 1):
                message["count"] = number
        layer = channel_layer()
        if layer is not None:
            await layer.group_send(GROUP, {"type": "rivulet.hint", "sender": sender(), "hints": batch})


_announcer: Announcer | None = None
_local: dict[Callable[[Message], None], asyncio.AbstractEventLoop] = {}
_sender: tuple[int, str] = (0, "")


def configure(*, redis_url: str | None) -> None:
    """Say where the append counter is: the Redis of the event logs. None: hints stay in this process."""
    global _announcer
    _announcer = Announcer(redis_url) if redis_url else None


def announce(topic: str, epoch: str, offset: int, body: bytes) -> None:
    """Tell every node that the topic has this event (`{"type":…,"data":…}`) now. Call it after the commit."""
    announce_all(topic, epoch, offset, [body])


def announce_all(topic: str, epoch: str, first: int, bodies: list[bytes]) -> None:
    """`announce` for events that were committed together; `first` is the offset of the first."""
    send({"kind": "announce", "topic": topic, "epoch": epoch, "offset": first, "bodies": bodies})


def whisper(topic: str, type: str, data: dict[str, Any]) -> None:  # noqa: A002 - the protocol's word
    """Send an event without offset (`typing`) to whoever is subscribed right now; it may be lost."""
    send({"kind": "whisper", "topic": topic, "event": type, "data": data})


def signal(name: str, data: dict[str, Any]) -> None:
    """Call what the nodes registered with `Node.on(name, …)`; it may be lost."""
    send({"kind": "signal", "name": name, "data": data})


def flush(seconds: float = 1.0) -> bool:
    """Wait until what was announced so far has left; for the end of a short-lived process. False: it has not."""
    return _announcer is None or _announcer.flush(seconds)


def send(message: Message) -> None:
    """Deliver to this process's nodes, and post to the others."""
    for callback, loop in list(_local.items()):
        try:
            loop.call_soon_threadsafe(callback, message)
        except RuntimeError:  # its loop is closed
            _local.pop(callback, None)
    if _announcer is not None:
        _announcer.post(dict(message))


def channel_layer() -> Any:
    """The project's default channel layer, or None."""
    return get_channel_layer()


def sender() -> str:
    """Identity of this process, by which its nodes know its own messages."""
    global _sender
    if _sender[0] != os.getpid():
        _sender = (os.getpid(), secrets.token_hex(8))
    return _sender[1]


def deliver_to(callback: Callable[[Message], None]) -> None:
    """Call this on the running loop for each hint of this process."""
    _local[callback] = asyncio.get_running_loop()


def stop_delivering_to(callback: Callable[[Message], None]) -> None:
    """Undo `deliver_to`."""
    _local.pop(callback, None)
