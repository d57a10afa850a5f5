"""Tries again before the first word, and never after it: what was shown stays, and the error is told."""

import asyncio
import random
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing

from msgspec import Struct

from backend.providers.base import CompletionRequest, Delta, Remote, UpstreamModel
from backend.providers.errors import ProviderError
from backend.providers.flight import returned
from backend.providers.reading import StreamingProvider


class RetryPolicy(Struct, frozen=True, kw_only=True):
    """`attempts` in all. Waits are random between half and the whole of `base × 2ⁿ` seconds, at most `cap`.

    A wait that the provider asks for is kept when it is at most `patience` seconds; a longer one is passed on.
    """

    attempts: int = 4
    base: float = 0.5
    cap: float = 8.0
    patience: float = 20.0

    def wait(self, failures: int, error: ProviderError, *, chance: float) -> float | None:
        """Seconds before the next attempt after `failures` of them; None: give up. `chance` is in [0, 1)."""
        if not error.temporary or error.started or failures >= self.attempts:
            return None
        backoff = min(self.cap, self.base * 2.0 ** (failures - 1)) * (0.5 + chance / 2)
        if error.retry_after is None:
            return backoff
        return None if error.retry_after > self.patience else max(backoff, error.retry_after)


class RetryingProvider:
    """A provider with patience."""

    def __init__(
        self, inner: StreamingProvider, policy: RetryPolicy, *, chance: Callable[[], float] = random.random
    ) -> None:
        self._inner = inner
        self._policy = policy
        self._chance = chance

    @property
    def name(self) -> str:
        """See `Provider.name`."""
        return self._inner.name

    async def stream(self, request: CompletionRequest) -> AsyncGenerator[list[Delta], None]:
        """See `Provider.stream`."""
        failures = 0
        while True:
            started = False
            try:
                async with aclosing(self._inner.stream(request)) as deltas:
                    async for some in deltas:
                        started = started or not all(type(delta) is Remote for delta in some)
                        yield some
                    return
            except ProviderError as error:
                failures += 1
                error.started = error.started or started
                wait = self._policy.wait(failures, error, chance=self._chance())
                if not error.started:
                    returned()
                if wait is None:
                    raise
            await asyncio.sleep(wait)

    async def models(self) -> list[UpstreamModel]:
        """See `Provider.models`."""
        return await self._inner.models()

    async def cancel(self, remote: str) -> None:
        """See `Provider.cancel`."""
        await self._inner.cancel(remote)

    async def close(self) -> None:
        """See `Provider.close`."""
        await self._inner.close()
