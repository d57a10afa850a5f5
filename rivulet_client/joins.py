"""Puts a subscription on a socket, from where it stands, and again while the server says that it may help."""

import asyncio
from typing import Any

from rivulet_client.errors import RivuletError
from rivulet_client.session import Session
from rivulet_client.subscription import Subscription
from rivulet_client.wire import Frame, Position

_AGAIN = 1.0


async def join(session: Session, subscription: Subscription, *, after: float = 0.0) -> None:
    """Ask in `after` seconds. Returns when the server has answered, well or not, or the socket is gone."""
    if after:
        await asyncio.wait([session.over], timeout=after)
    while not (subscription.over or subscription.closed or subscription.parked or session.over.done()):
        error = await _ask(session, subscription)
        if error is None or session.over.done() or subscription.carrier is not session:
            return
        if not error.temporary:
            subscription.fail(error)
            return
        await asyncio.wait([session.over], timeout=error.retry_after or _AGAIN)
        if subscription.carrier is not session:
            return


async def _ask(session: Session, subscription: Subscription) -> RivuletError | None:
    topic, since = subscription.topic, subscription.received
    subscription.carrier = session
    subscription.pages.reset()
    session.ledger.hold(topic)

    def arrived(result: dict[str, Any], size: int) -> None:
        session.ledger.release(topic)
        subscription.mending = False
        subscription.recovered = result.get("recovered") is True
        at = Position.of(result.get("position"))
        if result.get("snapshot") is not None and at is not None:
            session.ledger.received(topic, at.epoch, at.offset, size, None)
            frame = Frame(topic=topic, epoch=at.epoch, offset=at.offset, type="snapshot", data=result["snapshot"])
            subscription.take(frame, session, size)

    fields = {"topic": topic} if since is None else {"topic": topic, "since": since.as_dict()}
    try:
        await session.request("subscribe", fields, arrived=arrived)
    except RivuletError as error:
        subscription.mending = False
        return error
    return None
