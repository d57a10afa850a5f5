"""What is known against one model of one provider: a circuit breaker, and until when it asked to be left in peace.

Pure, with the time given in milliseconds: the twin of `trouble.lua`, which nodes share, and what a process goes by
while Redis is away. A mirrored test holds the two equal.
"""

from dataclasses import dataclass, field
from typing import Literal

from backend.care.policy import BreakerPolicy

Verdict = Literal["free", "probe", "open", "rest"]


@dataclass(frozen=True, slots=True)
class View:
    """What a model's state is at one moment. Times are in milliseconds from then; `open_ms` 0 with `opened` above 0:
    half open, a probe may be made or (`probing`) is being made. `wait_ms`: how long the verdict `open` or `rest` holds.
    """

    verdict: Verdict = "free"
    wait_ms: int = 0
    failures: int = 0
    opened: int = 0
    open_ms: int = 0
    rest_ms: int = 0
    probing: bool = False
    code: str = ""
    message: str = ""

    @property
    def clean(self) -> bool:
        """Nothing is known against it."""
        return not (self.failures or self.opened or self.rest_ms)


@dataclass(slots=True)
class Trouble:
    """`until`: left alone up to then; `opened`: how many times in a row; 0: closed. `rest`: asked for patience."""

    policy: BreakerPolicy = field(default_factory=BreakerPolicy)
    failures: int = 0
    opened: int = 0
    until: int = 0
    rest: int = 0
    probe: str = ""
    probe_until: int = 0
    touched: int = 0
    code: str = ""
    message: str = ""

    def admit(self, now: int, token: str) -> View:
        """May a call be made now? `probe`: yes, by this token alone, to see whether it is well again."""
        if self.rest > now:
            return self.view(now, "rest", self.rest - now)
        if not self.opened:
            return self.view(now)
        if self.until > now:
            return self.view(now, "open", self.until - now)
        if self.probe and self.probe_until > now:
            return self.view(now, "open", min(self.probe_until - now, _ms(self.policy.cool)))
        self.probe, self.probe_until = token, now + _ms(self.policy.probe)
        return self.view(now, "probe")

    def failed(self, now: int, token: str, *, code: str, message: str, retry_ms: int) -> View:
        """A call failed. Those that were begun before it was left alone change nothing any more."""
        if not self.opened and now - self.touched > _ms(self.policy.window):
            self.failures = 0
        self.failures += 1
        self.touched, self.code, self.message = now, code, message
        if self._probed_by(token) or (not self.opened and self.failures >= self.policy.threshold):
            self._open(now, retry_ms)
        return self.view(now)

    def answered(self, now: int, token: str) -> View:
        """A call brought its first word. Where it is left alone only the probe's counts."""
        if not self.opened or self._probed_by(token):
            self.failures = self.opened = self.until = self.probe_until = 0
            self.probe = ""
        return self.view(now)

    def rested(self, now: int, *, retry_ms: int, code: str, message: str) -> View:
        """It asked not to be called for a while."""
        self.rest, self.code, self.message = max(self.rest, now + retry_ms), code, message
        return self.view(now)

    def dropped(self, now: int, token: str) -> View:
        """A probe came to nothing: another may be made at once."""
        if self._probed_by(token):
            self.probe, self.probe_until = "", 0
        return self.view(now)

    def view(self, now: int, verdict: Verdict = "free", wait_ms: int = 0) -> View:
        """The state as others see it."""
        if not self.failures and not self.opened and self.rest <= now:
            self.code = self.message = ""
        return View(
            verdict=verdict,
            wait_ms=wait_ms,
            failures=self.failures,
            opened=self.opened,
            open_ms=max(0, self.until - now) if self.opened else 0,
            rest_ms=max(0, self.rest - now),
            probing=bool(self.probe) and self.probe_until > now,
            code=self.code,
            message=self.message,
        )

    def _probed_by(self, token: str) -> bool:
        return bool(token) and self.opened > 0 and self.probe == token

    def _open(self, now: int, retry_ms: int) -> None:
        self.opened += 1
        self.until = now + max(_ms(self.policy.pause(self.opened)), retry_ms)
        self.probe, self.probe_until = "", 0


def _ms(seconds: float) -> int:
    return int(seconds * 1000)
