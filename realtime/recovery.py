"""Where a subscription starts: a replay that is proven whole, or a snapshot from one source at its own position."""

from dataclasses import dataclass

from realtime.feed import Feed
from realtime.hooks import Snapshot
from realtime.hub import Hub
from realtime.positions import Position
from realtime.settings import RealtimeSettings
from realtime.wire import event_frame


@dataclass(slots=True)
class Recovery:
    """`recovered`: events follow from `position`, which is the caller's own. Else `snapshot`, at `position`.

    `ahead` are frames right behind the position that were read on the way.
    """

    recovered: bool
    position: Position
    snapshot: Snapshot | None = None
    ahead: list[bytes] | None = None


async def recover(hub: Hub, feed: Feed, since: Position | None, settings: RealtimeSettings) -> Recovery:
    """Decide for one subscriber. Raises `NotFound`, `LogAway`, or what the kind's snapshot raises."""
    if since is not None and since.usable and since.epoch == feed.epoch:
        if since.offset > max(feed.end, feed.known):
            await hub.check([feed])  # a hint may be under way of what the client has already
        end = max(feed.end, feed.known)
        if since.epoch == feed.epoch and since.offset == end:
            return Recovery(recovered=True, position=since)
        if since.epoch == feed.epoch and since.offset < end and end - since.offset <= settings.replay_events:
            ahead = await _replay(hub, feed, since, settings)
            if ahead is not None and since.epoch == feed.epoch:
                return Recovery(recovered=True, position=since, ahead=ahead or None)
    snapshot = await hub.snapshot(feed)
    return Recovery(recovered=False, position=snapshot.position, snapshot=snapshot)


async def _replay(hub: Hub, feed: Feed, since: Position, settings: RealtimeSettings) -> list[bytes] | None:
    """Frames behind `since`, or none where the feed has them at hand; None: too many bytes, or not kept."""
    weight = feed.weight(since.offset)
    if weight is not None and feed.end == max(feed.end, feed.known):
        return [] if weight <= settings.replay_bytes else None
    found = await hub.events(feed, since.offset, most_events=settings.replay_events, most_bytes=settings.replay_bytes)
    if not found.complete or sum(map(len, found.events)) > settings.replay_bytes:
        return None
    return [event_frame(feed.prefix, since.offset + number, event) for number, event in enumerate(found.events, 1)]
