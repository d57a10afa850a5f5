"""An open WebSocket to somewhere else."""

import aiohttp


class Socket:
    """Text frames in both directions. `protocol` is what the server chose, `close_code` how it ended."""

    def __init__(self, raw: aiohttp.ClientWebSocketResponse) -> None:
        self._raw = raw

    @property
    def protocol(self) -> str | None:
        """The subprotocol that the server chose."""
        return self._raw.protocol

    @property
    def close_code(self) -> int | None:
        """The code of the close frame; 1006 without one, None while it is open."""
        return self._raw.close_code

    async def send(self, text: str) -> None:
        """Send a text frame. On a socket that is closed nothing happens."""
        if not self._raw.closed:
            await self._raw.send_str(text)

    async def receive(self) -> str | None:
        """The next text frame; None at the end."""
        while True:
            message = await self._raw.receive()
            if message.type is aiohttp.WSMsgType.TEXT:
                return str(message.data)
            if message.type in {
                aiohttp.WSMsgType.CLOSE,
                aiohttp.WSMsgType.CLOSING,
                aiohttp.WSMsgType.CLOSED,
                aiohttp.WSMsgType.ERROR,
            }:
                return None
