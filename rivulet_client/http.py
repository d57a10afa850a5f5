"""Carries topics over server-sent events, or long poll where a proxy holds those back: one loop a topic.

The frames, the positions and the rules of what is applied are those of a socket.
"""

import asyncio
import contextlib
from collections.abc import Callable, Iterator
from random import Random

import httpx

from rivulet_client.errors import RivuletError
from rivulet_client.observer import Link, Observer, Transport
from rivulet_client.rest import Rest, lost
from rivulet_client.sse import EventStream
from rivulet_client.subscription import Subscription
from rivulet_client.timing import Timing
from rivulet_client.wire import Frame, decode, decode_poll

_REOPEN = 0.25
_FEWEST_CUTS = 3
"""Streams in a row that end without a frame before polling is tried."""


class HttpCarrier:
    """Follows subscriptions over HTTP until it is stopped. `mode` is what works."""

    def __init__(
        self,
        rest: Rest,
        *,
        timing: Timing,
        chance: Random,
        observer: Observer,
        modes: tuple[Transport, ...],
        numbers: Iterator[int],
        changed: Callable[[Transport], None],
    ) -> None:
        self.mode: Transport = "sse" if "sse" in modes else "poll"
        self._rest = rest
        self._timing = timing
        self._chance = chance
        self._observer = observer
        self._may_poll = "poll" in modes
        self._numbers = numbers
        self._changed = changed
        self._loops: dict[Subscription, asyncio.Task[None]] = {}
        self._mute = 0

    def attach(self, subscription: Subscription) -> None:
        """Bring its events."""
        if subscription in self._loops or subscription.over or subscription.closed:
            return
        subscription.carrier = self
        subscription.pages.reset()
        task = asyncio.create_task(self._run(subscription))
        self._loops[subscription] = task
        task.add_done_callback(lambda _: self._loops.pop(subscription, None))

    def leave(self, subscription: Subscription) -> None:
        """See `Carrier`. A loop that is taking a frame just now ends by itself."""
        task = self._loops.pop(subscription, None)
        if task is not None and task is not asyncio.current_task():
            task.cancel()

    async def stop(self) -> None:
        """End all loops."""
        tasks = list(self._loops.values())
        self._loops.clear()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _carries(self, subscription: Subscription) -> bool:
        return subscription.carrier is self and not subscription.over and not subscription.closed

    async def _run(self, subscription: Subscription) -> None:
        failures = 0
        while self._carries(subscription):
            try:
                heard = await (self._stream if self.mode == "sse" else self._poll)(subscription)
                failures = 0 if heard else failures + 1
                if self.mode == "sse" and self._carries(subscription):
                    await asyncio.sleep(_REOPEN)
            except (RivuletError, httpx.TransportError) as error:
                found = error if isinstance(error, RivuletError) else lost(error)
                if not found.temporary:
                    subscription.fail(found)
                    return
                wait = found.retry_after if found.retry_after is not None else self._timing.wait(failures, self._chance)
                failures += 1
                await asyncio.sleep(wait)

    async def _stream(self, subscription: Subscription) -> bool:
        """One response. Returns whether a frame came."""
        path = f"topics/{subscription.topic}/events"
        timeout = httpx.Timeout(self._timing.connect, read=self._timing.sse_silence)
        headers = {"accept": "text/event-stream", **_position(subscription)}
        alive = heard = False
        with self._link("sse", path) as link:
            try:
                async with self._rest.open("GET", path, headers=headers, timeout=timeout) as reply:
                    if reply.status_code == httpx.codes.NO_CONTENT:
                        subscription.finish()
                        return True
                    parser = EventStream()
                    async for piece in reply.aiter_bytes():
                        alive = True
                        for data in parser.feed(piece):
                            self._observer.frame(link, data)
                            frame = decode(data)
                            if not heard:
                                heard = True
                                subscription.recovered = frame is not None and frame.type != "snapshot"
                            if frame is not None and self._take(subscription, frame, len(data)):
                                self._mute = 0
                                return True
            except httpx.ReadTimeout:
                if not alive:
                    self._mute = _FEWEST_CUTS  # not even its headers: something holds them back
            self._judge(heard=heard)
        return heard

    async def _poll(self, subscription: Subscription) -> bool:
        """One request. Returns whether anything came."""
        wait = self._timing.poll_wait
        path = f"topics/{subscription.topic}/events"
        timeout = httpx.Timeout(self._timing.connect, read=wait + self._timing.connect)
        with self._link("poll", path) as link:
            headers = {"accept": "application/json", **_position(subscription)}
            async with self._rest.open(
                "GET", path, headers=headers, timeout=timeout, params={"wait": f"{wait:g}"}
            ) as reply:
                raw = await reply.aread()
            self._observer.frame(link, raw)
        answer = decode_poll(raw)
        if answer is None:
            return False
        subscription.recovered = answer.recovered
        if answer.snapshot is not None and (at := answer.snapshot_at) is not None:
            frame = Frame(
                topic=subscription.topic, epoch=at.epoch, offset=at.offset, type="snapshot", data=answer.snapshot
            )
            self._take(subscription, frame, len(raw))
        for frame in answer.events:
            if self._take(subscription, frame, len(raw) // len(answer.events)):
                return True
        if answer.ended and self._carries(subscription):
            subscription.finish()
        return answer.snapshot is not None or bool(answer.events)

    def _take(self, subscription: Subscription, frame: Frame, size: int) -> bool:
        """Apply a frame; True: ask anew."""
        return subscription.take(frame, self, size) == "gap" or not self._carries(subscription)

    def _judge(self, *, heard: bool) -> None:
        self._mute = 0 if heard else self._mute + 1
        if self._mute >= _FEWEST_CUTS and self._may_poll and self.mode == "sse":
            self.mode = "poll"
            self._changed("poll")

    @contextlib.contextmanager
    def _link(self, transport: Transport, path: str) -> Iterator[Link]:
        link = Link(transport, next(self._numbers), f"{self._rest.base}/api/v1/{path}")
        self._observer.opened(link)
        try:
            yield link
        finally:
            self._observer.closed(link, None)


def _position(subscription: Subscription) -> dict[str, str]:
    return {} if subscription.received is None else {"last-event-id": str(subscription.received)}
