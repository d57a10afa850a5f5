"""The lean way to a connection's transport that the application finds in its scope, when this server runs it."""

from collections.abc import Callable
from typing import Protocol

EXTENSION = "rivulet.transport"
"""Key in `scope["extensions"]`. Other servers do not have it: fall back to `await send()`."""

NAMED = "rivulet.named"
"""Key in `scope["extensions"]`: a dictionary in which the application may put the `request_id` that it gave to a
request, for refusals that the server makes on its behalf."""


class Transport(Protocol):
    """Synchronous writes, in order with everything else that is sent there.

    Of a WebSocket once it is accepted, or of an HTTP response's body once `http.response.start` was sent.
    """

    on_drain: Callable[[], None] | None
    """Called when a transport that was above high water has drained to low water, and when it is lost."""

    @property
    def buffered(self) -> int:
        """Bytes that wait in this process for the client to read."""

    @property
    def closed(self) -> bool:
        """Whether closing has begun, from either side: what is written from now on goes nowhere."""

    def write(self, data: bytes) -> bool:
        """Send `data`, or drop it when closed. False: above high water, await `drained()` before the next.

        WebSocket: whole frames as they go over the wire (`frames.text_frame`), one or several joined.
        HTTP: a piece of the body; the server adds the framing of HTTP.
        """

    async def drained(self) -> None:
        """Wait until a full buffer is down at low water. Returns at once when it was not full, or is lost."""

    def abort(self) -> None:
        """Cut the connection now, unsent bytes and all. The application gets its disconnect event."""

    def pause_reading(self) -> None:
        """Take no more from the client until `resume_reading`; TCP holds it back. Nothing on HTTP: the body is here."""

    def resume_reading(self) -> None:
        """Undo `pause_reading`."""
