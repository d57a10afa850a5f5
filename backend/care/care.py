"""What one event loop knows about its providers: troubles, lines, and the budget of retries."""

import asyncio
import random
from collections.abc import Callable, Mapping
from typing import Any

from backend.care.budget import RetryBudget
from backend.care.line import Line
from backend.care.policy import CarePolicy
from backend.care.shared import Shared
from backend.care.troubles import Troubles
from backend.core.tasks import supervise
from realtime.tasks import end


class Care:
    """`start` follows what other nodes know; without, this loop knows its own failures and the shared lines."""

    def __init__(
        self,
        policy: CarePolicy | None = None,
        *,
        shared: Shared | None = None,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self.policy = policy or CarePolicy()
        self.chance = chance
        self.budget = RetryBudget()
        self._shared = shared or Shared()
        self.troubles = Troubles(self._shared, self.policy.breaker)
        self._lines: dict[str, Line] = {}
        self._task: asyncio.Task[None] | None = None

    def line(self, name: str) -> Line:
        """The line of a provider."""
        found = self._lines.get(name)
        if found is None:
            found = self._lines[name] = Line(name, shared=self._shared, timing=self.policy.line)
        return found

    def waiting(self, name: str) -> int:
        """How many wait in a provider's line, as far as this process has heard."""
        found = self._lines.get(name)
        return found.total if found is not None and found.busy else 0

    def heard(self, data: Mapping[str, Any]) -> None:
        """Another process tells that a place is free (`line.FREED_SIGNAL`)."""
        found = self._lines.get(str(data.get("line")))
        if found is not None and found.busy:
            found.wake()

    def start(self) -> None:
        """Follow what other nodes know."""
        self._task = supervise("care: troubles", self._follow)

    async def stop(self) -> None:
        """Let go of all places."""
        if self._task is not None:
            await end(self._task)
            self._task = None
        for line in self._lines.values():
            await line.close()
        self._lines.clear()

    async def _follow(self) -> None:
        while True:
            await self.troubles.look()
            await asyncio.sleep(self.policy.look)
