"""Hints that were lost: each appending batch raises one counter, and a node that missed a number checks its topics."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

from realtime.log.base import EventLog, LogAway
from realtime.settings import RealtimeSettings

logger = logging.getLogger(__name__)


class Look:
    """Remembers which numbers were heard of. `missed` is called when one was not, `wiped` when the counter fell."""

    def __init__(
        self,
        log: EventLog,
        settings: RealtimeSettings,
        *,
        missed: Callable[[], Awaitable[None]],
        wiped: Callable[[], None],
    ) -> None:
        self._log = log
        self._settings = settings
        self._missed = missed
        self._wiped = wiped
        self._low: int | None = None
        self._heard: set[int] = set()
        self._again = False
        self.misses = 0
        self.away = False
        """The last look found no log to look at."""

    def heard(self, count: int) -> None:
        """A hint, or a batch of our own, carried this number."""
        self._heard.add(count)

    def doubt(self) -> None:
        """Something else may have been missed (a connection was lost): check at the next look."""
        self._again = True

    async def look(self) -> None:
        """Read the counter, leave what is under way a moment, and compare."""
        try:
            count = await self._log.counter()
        except LogAway:
            self.away = True
            raise
        self.away = False
        await asyncio.sleep(self._settings.look_grace)
        low, again = self._low, self._again
        heard = sum(1 for number in self._heard if low is not None and low < number <= count)
        if low is not None and count < low:
            logger.warning("The append counter fell from %d to %d: the log was wiped", low, count)
            self._heard.clear()
            self._wiped()
            again = True
        elif low is not None and heard < count - low:
            self.misses += count - low - heard
            again = True
        self._heard = {number for number in self._heard if number > count}
        if again:
            self._again = True
            await self._missed()  # a failure is tried again at the next look
            self._again = False
        self._low = count
