"""For tests, traces and metrics: what really came over the line, before the client drops or mends anything."""

from typing import Literal, NamedTuple

Transport = Literal["websocket", "sse", "poll"]


class Link(NamedTuple):
    """One connection: the `number`-th of its client."""

    transport: Transport
    number: int
    url: str


class Observer:
    """Subclass it and give it to `Client(observer=…)`. The calls must be quick and must not raise."""

    def opened(self, link: Link) -> None:
        """A connection stands. SSE and long poll: each request is one."""

    def frame(self, link: Link, raw: bytes) -> None:
        """A frame, as it came: a WebSocket's text, an SSE event's data, or the body of a long poll."""

    def closed(self, link: Link, code: int | None) -> None:
        """It has ended: a socket's close code, 1006 without one. None: it never stood, was given up, or was HTTP."""
