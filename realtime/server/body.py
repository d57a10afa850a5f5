"""`extension.Transport` of one HTTP response, for streams that write often."""

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from realtime.server.request import Request


class BodyTransport:
    """See `extension.Transport`."""

    __slots__ = ("_request",)

    def __init__(self, request: "Request") -> None:
        self._request = request

    @property
    def on_drain(self) -> Callable[[], None] | None:
        """See `extension.Transport`."""
        return self._request.transport.on_drain

    @on_drain.setter
    def on_drain(self, callback: Callable[[], None] | None) -> None:
        self._request.transport.on_drain = callback

    @property
    def buffered(self) -> int:
        """See `extension.Transport`."""
        return self._request.transport.buffered

    @property
    def closed(self) -> bool:
        """See `extension.Transport`."""
        return self._request.ended

    def write(self, data: bytes) -> bool:
        """See `extension.Transport`."""
        if self._request.ended:
            return True
        self._request.handle_reply({"type": "http.response.body", "body": data, "more_body": True})
        return not self._request.transport.full

    async def drained(self) -> None:
        """See `extension.Transport`."""
        if not self._request.ended:
            await self._request.transport.drained()

    def abort(self) -> None:
        """See `extension.Transport`."""
        if not self._request.ended:
            self._request.transport.abortConnection()

    def pause_reading(self) -> None:
        """See `extension.Transport`."""

    def resume_reading(self) -> None:
        """See `extension.Transport`."""
