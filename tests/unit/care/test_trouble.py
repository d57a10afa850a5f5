"""A model is left alone after so many failures in a row, tried again by one call at a time, well after one answer."""

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from backend.care.policy import BreakerPolicy
from backend.care.trouble import Trouble

POLICY = BreakerPolicy(threshold=3, window=10.0, cool=1.0, longest=4.0, probe=2.0)


class Breaker(RuleBasedStateMachine):
    """Any calls at any times, some of which end long after they began."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 1_000_000
        self.state = Trouble(POLICY)
        self.probes: dict[str, int] = {}
        self.in_a_row = 0
        self.last = 0
        self.calls = 0

    @rule(ms=st.integers(1, 15_000))
    def time_passes(self, ms: int) -> None:
        self.now += ms

    @rule()
    def a_call_comes(self) -> None:
        self.calls += 1
        token = f"t{self.calls}"
        before = self.state.view(self.now)
        view = self.state.admit(self.now, token)
        alive = {name for name, until in self.probes.items() if until > self.now}
        if before.rest_ms:
            assert view.verdict == "rest"
        elif before.open_ms:
            assert view.verdict == "open"
            assert view.wait_ms == before.open_ms
        elif before.opened:
            assert view.verdict == ("open" if alive else "probe"), "one probe at a time, and one there is"
        else:
            assert view.verdict == "free"
        if view.verdict == "probe":
            self.probes[token] = self.now + 2000
        assert (view.wait_ms > 0) == (view.verdict in ("open", "rest"))

    @rule(late=st.booleans(), retry=st.sampled_from([0, 500, 9000]))
    def a_call_fails(self, late: bool, retry: int) -> None:
        token = "" if late or not self.probes else self.probes.popitem()[0]
        opened, probe = self.state.opened, self.state.probe
        if self.now - self.last > 10_000 and not opened:
            self.in_a_row = 0
        self.in_a_row += 1
        self.last = self.now
        view = self.state.failed(self.now, token, code="provider_error", message="no", retry_ms=retry)
        if opened:
            assert view.opened == opened + (token == probe != ""), "only a probe says that it is still not well"
        else:
            assert bool(view.opened) == (self.in_a_row >= POLICY.threshold)
        if view.opened > opened:
            assert view.open_ms >= max(1000, retry)
            assert view.open_ms <= max(4000, retry)
            self.probes.clear()

    @rule(late=st.booleans())
    def a_call_is_answered(self, late: bool) -> None:
        token = "" if late or not self.probes else self.probes.popitem()[0]
        opened, probe = self.state.opened, self.state.probe
        view = self.state.answered(self.now, token)
        if not opened or (token and token == probe):
            assert (view.failures, view.opened) == (0, 0)
            self.in_a_row = 0
            self.probes.clear()
        else:
            assert view.opened == opened

    @rule(retry=st.integers(1, 5000))
    def it_asks_for_patience(self, retry: int) -> None:
        assert self.state.rested(self.now, retry_ms=retry, code="rate_limited", message="slow").rest_ms >= retry

    @rule()
    def a_probe_is_called_off(self) -> None:
        if self.probes:
            self.state.dropped(self.now, self.probes.popitem()[0])

    @invariant()
    def what_is_known_tells_why(self) -> None:
        view = self.state.view(self.now)
        assert view.clean or view.code
        assert view.failures >= POLICY.threshold or not view.opened


TestBreaker = Breaker.TestCase
