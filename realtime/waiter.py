"""Someone in this process who only wants to know that there is something new on a topic."""

import asyncio
from typing import Any

from realtime.feed import Feed


class Waiter:
    """Attach with `hub.attach`; `something` is set by the next event, and whenever the feed begins anew."""

    user = None
    stale = False
    paging: Any = None
    ahead: Any = None

    def __init__(self, feed: Feed) -> None:
        self.feed = feed
        self.topic = feed.topic
        self.live = True
        self.session = self
        self.something = asyncio.Event()

    def push(self, _wire: bytes, _offset: int) -> bool:
        """There is an event."""
        self.something.set()
        return True

    def lag(self) -> None:
        """The feed began anew."""
        self.something.set()

    def whisper(self, _wire: bytes) -> None:
        """Whispers are not waited for."""
