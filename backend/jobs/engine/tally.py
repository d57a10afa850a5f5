"""What a run counts: totals, the rate of the last seconds, and when progress may be told again."""

import time
from collections import deque
from decimal import Decimal
from typing import Any

from backend.core.sentences import Said, named, text_of
from backend.jobs.events import Progress
from backend.jobs.kinds.base import Outcome
from backend.jobs.models import Job
from backend.jobs.rows import eta_of
from backend.jobs.settings import PROGRESS_SECONDS

WINDOW = 10.0


class Tally:
    """Begins with what the job has already."""

    def __init__(self, job: Job) -> None:
        self.total, self.done, self.failed = job.total, job.done, job.failed
        self.cost = job.cost
        self.input_tokens, self.output_tokens = job.input_tokens, job.output_tokens
        self.cursor = job.cursor
        self._moments: deque[tuple[float, int]] = deque([(time.monotonic(), 0)])
        self._ended = 0
        self._told_at = 0.0
        self._told: tuple[int, int, int, float, str] | None = None

    def add(self, outcome: Outcome) -> None:
        """One row more."""
        if outcome.error is None:
            self.done += 1
        else:
            self.failed += 1
        self.cost += outcome.cost or Decimal(0)
        if outcome.usage is not None:
            self.input_tokens += outcome.usage["input_tokens"]
            self.output_tokens += outcome.usage["output_tokens"]
        self._ended += 1

    @property
    def rate(self) -> float:
        """Rows a second, of the last ten seconds."""
        now = time.monotonic()
        self._moments.append((now, self._ended))
        while now - self._moments[0][0] > WINDOW:
            self._moments.popleft()
        began, before = self._moments[0]
        return round((self._ended - before) / max(now - began, 0.1), 2)

    def totals(self, rate: float) -> dict[str, Any]:
        """The columns of the job."""
        return {
            "total": self.total,
            "done": self.done,
            "failed": self.failed,
            "cost": self.cost,
            "input_tokens": self.input_tokens,
            "output_tokens": self.output_tokens,
            "rate": rate,
            "cursor": self.cursor,
        }

    def progress(self, *, rate: float, step: Said, at_once: bool) -> Progress | None:
        """The event, where something has changed and the last one was long enough ago, or `at_once`."""
        now = time.monotonic()
        key = (self.total, self.done, self.failed, float(self.cost), text_of(step))
        if key == self._told or (not at_once and now - self._told_at < PROGRESS_SECONDS):
            return None
        self._told, self._told_at = key, now
        return Progress.model_construct(
            done=self.done,
            failed=self.failed,
            total=self.total,
            rate=rate,
            eta_s=eta_of(total=self.total, ended=self.done + self.failed, rate=rate),
            cost=float(self.cost),
            input_tokens=self.input_tokens,
            output_tokens=self.output_tokens,
            step=text_of(step)[:200],
            step_said=named(step) or None,
        )
