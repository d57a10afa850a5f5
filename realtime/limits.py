"""A token bucket."""

import time


class Bucket:
    """`burst` at once, `rate` a second in the long run."""

    __slots__ = ("_burst", "_left", "_rate", "_seen")

    def __init__(self, *, rate: float, burst: int) -> None:
        self._rate = rate
        self._burst = burst
        self._left = float(burst)
        self._seen = time.monotonic()

    def take(self) -> bool:
        """Take one; False: there is none."""
        now = time.monotonic()
        self._left = min(self._burst, self._left + (now - self._seen) * self._rate)
        self._seen = now
        if self._left < 1:
            return False
        self._left -= 1
        return True
