"""Subscribing a socket: decide on replay or snapshot, reply, and attach the cursor in one step."""

from collections.abc import Callable
from typing import Any

from realtime.cursor import Cursor, Paging
from realtime.feed import Feed
from realtime.frames import Reply, Subscribed
from realtime.hub import Hub
from realtime.pages import snapshot_pages
from realtime.positions import Position
from realtime.recovery import Recovery, recover
from realtime.session import Session
from realtime.wire import message


async def subscribe(
    session: Session, *, hub: Hub, topic: str, since: Position | None, reply_id: int, send: Callable[[bytes], None]
) -> None:
    """Answer a `subscribe`: the reply by `send`, then the events. The caller has authorised it."""
    async with hub.following(topic) as feed:
        recovery = await recover(hub, feed, since, session.settings)
        if session.closed:
            return
        session.detach(topic)
        cursor = Cursor(session, feed)
        result = Subscribed(topic=topic, recovered=recovery.recovered, position=recovery.position)
        if recovery.snapshot is not None and _inline(session, cursor, recovery, result, reply_id, send):
            return
        send(message(Reply(id=reply_id, result=result)))
        _attach(session, cursor, feed, recovery)


async def subscribe_after(
    session: Session, *, hub: Hub, topic: str, since: Position, replayed: bool, reply: Callable[[], None]
) -> None:
    """Subscribe as a command's result says, after its reply; what can't be replayed comes as a snapshot."""
    reply()
    async with hub.following(topic) as feed:
        recovery = await recover(hub, feed, None if replayed and feed.ended else since, session.settings)
        if not session.closed:
            session.detach(topic)
            _attach(session, Cursor(session, feed), feed, recovery)


def _inline(
    session: Session,
    cursor: Cursor,
    recovery: Recovery,
    result: Subscribed,
    reply_id: int,
    send: Callable[[bytes], None],
) -> bool:
    """Put the snapshot into the reply where it fits there and into the window."""
    data: dict[str, Any] = recovery.snapshot.data if recovery.snapshot else {}
    wire = message(Reply(id=reply_id, result=Subscribed(result.topic, result.recovered, result.position, data)))
    if not session.takes(len(wire)):
        return False
    cursor.stand(recovery.position)
    cursor.snap_offset = recovery.position.offset
    cursor.charge(0, len(wire))
    send(wire)
    session.attach(cursor)
    return True


def _attach(session: Session, cursor: Cursor, feed: Feed, recovery: Recovery) -> None:
    if recovery.snapshot is None:
        cursor.stand(recovery.position)
        cursor.ahead = recovery.ahead
    else:
        position = recovery.position
        pages = snapshot_pages(feed.topic, position, recovery.snapshot.data, limit=session.frame_limit)
        cursor.begin(Paging(position, pages))
    session.attach(cursor)
