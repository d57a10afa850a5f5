"""Server-sent events: one topic as a response that ends after the terminal event."""

import asyncio
import contextlib

from realtime.cursor import Paging, StreamCursor
from realtime.errors import AppError
from realtime.feed import Feed
from realtime.hooks import Principal
from realtime.links import QueueLink, body_link
from realtime.pages import snapshot_pages
from realtime.recovery import Recovery, recover
from realtime.request import Headers, TopicRequest, answer
from realtime.session import Link, Session
from realtime.wire import payload_of

_HEADERS: Headers = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-store"),
    (b"vary", b"Accept"),
    (b"x-accel-buffering", b"no"),
]


class StreamSession(Session):
    """A session of one topic whose window is the transport's own buffer."""

    def whisper(self, wire: bytes) -> None:
        """Send an event without offset, unless there is no room for it now."""
        if not self.blocked and not self.write(b"data: %b\n\n" % payload_of(wire)):
            self.block()


class Stream:
    """A running response, as the node sees it: swept, rechecked and ended like a socket."""

    quiet = 0.0

    def __init__(self, request: TopicRequest, link: Link) -> None:
        self.principal: Principal | None = request.principal
        self.settings = request.node.settings
        self.over = asyncio.Event()
        self.session = StreamSession(
            hub=request.node.hub,
            link=link,
            settings=self.settings,
            on_gone=self.unsubscribed,
            on_end=self.over.set,
        )
        self.session.user = request.principal.user

    def close(self, code: int, reason: str) -> None:  # noqa: ARG002 - as a socket's
        """End the response. HTTP has no place for the code: whoever asks again is told."""
        self.over.set()

    def unsubscribed(self, topic: str, error: AppError) -> None:  # noqa: ARG002 - as a socket's
        """Access has ended."""
        self.session.detach(topic)
        self.over.set()

    def sweep(self, now: float, wall: float) -> None:
        """The stall, and the token's end."""
        expires_at = self.principal.expires_at if self.principal else None
        if self.session.stalled(now):
            self.session.link.abort()
            self.over.set()
        elif expires_at is not None and wall > expires_at + self.settings.expiry_grace:
            self.over.set()


async def serve_sse(request: TopicRequest) -> None:
    """Answer one request, for as long as the stream lives. Raises an `AppError` before the response has started."""
    node = request.node
    async with node.hub.following(request.topic) as feed:
        recovery = await recover(node.hub, feed, request.since, node.settings)
        if recovery.recovered and feed.ended is not None and recovery.position.offset >= feed.ended:
            await answer(request.send, 204, b"", [(b"cache-control", b"no-store"), (b"vary", b"Accept")])
            return
        await request.send({"type": "http.response.start", "status": 200, "headers": _HEADERS})
        retry = b"retry: %d\n\n" % node.settings.sse_retry_ms
        await request.send({"type": "http.response.body", "body": retry, "more_body": True})
        stream = Stream(request, body_link(request.scope, request.send))
        _attach(stream, feed, recovery)
        del recovery  # the stream may last for hours, and a snapshot is long
    node.join(stream)
    left = asyncio.create_task(_left(request, stream))
    try:
        await _comments(stream)
    finally:
        left.cancel()
        stream.session.close()
        node.leave(stream)
        await _finish(request, stream.session.link)


def _attach(stream: Stream, feed: Feed, recovery: Recovery) -> None:
    session = stream.session
    cursor = StreamCursor(session, feed)
    if recovery.snapshot is None:
        cursor.stand(recovery.position)
        cursor.ahead = recovery.ahead
    else:
        pages = snapshot_pages(feed.topic, recovery.position, recovery.snapshot.data, limit=session.frame_limit)
        cursor.begin(Paging(recovery.position, pages))
    session.attach(cursor)


async def _left(request: TopicRequest, stream: Stream) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass
    stream.over.set()


async def _comments(stream: Stream) -> None:
    """Until the end, show every quarter of a minute that the stream lives."""
    while not stream.over.is_set():
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stream.over.wait(), stream.settings.sse_comment)
        session = stream.session
        if not stream.over.is_set() and not session.blocked and not session.write(b":\n\n"):
            session.block()


async def _finish(request: TopicRequest, link: Link) -> None:
    message = {"type": "http.response.body", "body": b"", "more_body": False}
    if isinstance(link, QueueLink):
        link.finish(message)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(request.node.settings.close_grace):
                await link.flushed()
        link.abort()
    else:
        with contextlib.suppress(OSError, RuntimeError):
            await request.send(message)
