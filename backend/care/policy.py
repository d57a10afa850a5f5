"""The numbers by which providers are cared for."""

from dataclasses import dataclass, replace

from backend.providers.retry import RetryPolicy


@dataclass(frozen=True, slots=True, kw_only=True)
class BreakerPolicy:
    """Seconds. `threshold` failures in a row, with less than `window` between two of them, have a model left alone:
    for `cool`, twice as long after each failed probe, at most `longest`. A probe has `probe` to bring its first word.
    """

    threshold: int = 8
    window: float = 60.0
    cool: float = 5.0
    longest: float = 60.0
    probe: float = 90.0

    def pause(self, opened: int) -> float:
        """How long a model is left alone the `opened`-th time in a row."""
        return min(self.longest, self.cool * 2.0 ** min(opened - 1, 20))


@dataclass(frozen=True, slots=True, kw_only=True)
class LineTiming:
    """Seconds. `lease`: what a dead process held is free after that; `alive`: who does not look at its place for so
    long loses its turn; `tick`: between two looks when nobody tells; `places`: between two looks at everybody's place;
    `kept`: the place in line of a call that another node takes over.
    """

    lease: float = 15.0
    renew: float = 5.0
    alive: float = 3.0
    tick: float = 0.25
    places: float = 1.0
    kept: float = 60.0


PATIENT = RetryPolicy()
QUICK = RetryPolicy(attempts=2, cap=1.0, patience=2.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class CarePolicy:
    """`retry`: how often a model is tried that nobody stands in for; `passing`: one that has a fall-back. No attempt
    begins later than `total` seconds after the first, time in line not counted; `look`: between two looks at what other
    nodes know.
    """

    retry: RetryPolicy = PATIENT
    passing: RetryPolicy = QUICK
    total: float = 180.0
    look: float = 1.0
    breaker: BreakerPolicy = BreakerPolicy()
    line: LineTiming = LineTiming()

    def scaled(self, factor: float) -> "CarePolicy":
        """The same with the intervals of breaker, lines and looks multiplied; patience with providers stays."""
        breaker = {name: getattr(self.breaker, name) * factor for name in ("cool", "longest")}
        line = {name: getattr(self.line, name) * factor for name in LineTiming.__slots__}
        return replace(
            self,
            look=self.look * factor,
            breaker=replace(self.breaker, **breaker),
            line=replace(self.line, **line),
        )


MOST_WAITING = 1000
"""Calls that one process keeps in one line; more are refused at once."""
