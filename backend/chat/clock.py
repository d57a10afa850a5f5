"""When an answer was asked for, began, thought and stopped, by this process's clock."""

import time
from typing import Any


class Clock:
    """`age`: seconds since the answer was asked for. `first`: its first token, None before it."""

    __slots__ = ("began", "first", "stopped", "thinking_since", "thought")

    def __init__(self, *, age: float = 0.0) -> None:
        self.began = time.monotonic() - age
        self.first: float | None = None
        self.thinking_since: float | None = None
        self.thought = 0.0
        self.stopped = 0.0

    def turn(self) -> None:
        """From reasoning to something else, or back."""
        now = time.monotonic()
        if self.thinking_since is None:
            self.thinking_since = now
        else:
            self.thought += now - self.thinking_since
            self.thinking_since = None

    def timings(self) -> dict[str, Any]:
        """A message's `timings`, in milliseconds, once it has stopped."""
        first = None if self.first is None else round((self.first - self.began) * 1000)
        found = {"first_token_ms": first, "total_ms": round((self.stopped - self.began) * 1000)}
        if self.thinking_since is not None:
            self.turn()
        if self.thought:
            found["reasoning_ms"] = round(self.thought * 1000)
        return found
