"""The engine's intervals in seconds."""

from dataclasses import dataclass, fields

from django.conf import settings


@dataclass(frozen=True, slots=True)
class JobSettings:
    """`lease`: how long a job stays with a worker that says nothing. `renew`: how often it says something. `tick`: how
    soon it sees what a person wants. `again`: until a waiting job is told to the broker once more. `leave`: what calls
    under way get when a worker is told to stop. `share`: how long a job keeps its place
    while people wait who have none.
    """

    lease: float = 15.0
    renew: float = 5.0
    tick: float = 0.5
    again: float = 10.0
    leave: float = 4.0
    share: float = 10.0

    def scaled(self, scale: float) -> "JobSettings":
        """All intervals multiplied."""
        return JobSettings(**{one.name: getattr(self, one.name) * scale for one in fields(self)})


def job_settings() -> JobSettings:
    """As the site is set."""
    return JobSettings().scaled(settings.RIVULET.time_scale)


GROUP_SECONDS = 0.02
"""What ends within this time is stored together."""

PROGRESS_SECONDS = 0.1
"""Between two `progress` events of a job."""

MOST_IDLE_CLAIMS = 5
"""Workers that may die on a job, one after the other, without finishing a row."""

LOG_LINES = 100
