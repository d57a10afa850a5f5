"""The budget of retries: however many calls fail, trying again adds at most a part of the load.

It is one for the process, over all providers: what holds in each process holds for the site.
"""

import time
from collections.abc import Callable


class RetryBudget:
    """Each call pays `ratio` in, each retry takes 1 out. `burst` is there from the start and comes back at `per_s`, so
    that a quiet site may try again, too.
    """

    def __init__(
        self,
        *,
        ratio: float = 0.5,
        burst: float = 20.0,
        per_s: float = 0.5,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._ratio = ratio
        self._burst = burst
        self._per_s = per_s
        self._clock = clock
        self._free = burst
        self._paid = 0.0
        self._most = 10 * burst
        self._at = clock()

    def called(self) -> None:
        """A call is made for the first time."""
        self._paid = min(self._most, self._paid + self._ratio)

    def take(self) -> bool:
        """Whether a retry may be made; it is counted."""
        now = self._clock()
        self._free = min(self._burst, self._free + (now - self._at) * self._per_s)
        self._at = now
        if self._paid >= 1:
            self._paid -= 1
        elif self._free >= 1:
            self._free -= 1
        else:
            return False
        return True
