"""Reading a topic inside the process, for an application that turns its events into something else."""

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any

from realtime.errors import Conflict
from realtime.positions import Position
from realtime.waiter import Waiter
from realtime.wire import payload_of

if TYPE_CHECKING:
    from realtime.node import Node

_EVENTS = 256
_BYTES = 256 * 1024


async def follow(node: "Node", *, topic: str, since: Position) -> AsyncIterator[list[bytes]]:
    """Frames (JSON) of the events behind `since`, in pieces, as they come, up to the terminal event.

    The reader's pace is the pace: nothing is queued. Raises `NotFound`, `LogAway`, and `Conflict` where the topic
    began a new epoch, so that what was handed out no longer counts.
    """
    offset = since.offset
    async with node.hub.following(topic) as feed:
        waiter: Any = Waiter(feed)
        feed.cursors.add(waiter)
        feed.live.append(waiter)
        try:
            while True:
                if feed.epoch != since.epoch:
                    raise Conflict("The stream began anew. Read the answer under its id.")
                waiter.something.clear()
                if feed.end > offset:
                    wires = await node.hub.read(feed, offset, most_events=_EVENTS, most_bytes=_BYTES)
                    if wires:
                        offset += len(wires)
                        yield [payload_of(wire) for wire in wires]
                        continue
                if feed.ended is not None and offset >= feed.ended:
                    return
                await waiter.something.wait()
        finally:
            node.hub.detach(waiter)
