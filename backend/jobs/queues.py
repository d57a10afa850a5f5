"""The queues of the broker, one for each kind of job. A worker serves all of them unless it is told which (`-Q`)."""

from typing import Final

UPKEEP: Final = "celery"
"""Beat's own errands, which are short."""

KINDS: Final = ("batch", "research", "schedule", "export", "import", "maintenance")

QUEUES: Final = (UPKEEP, *KINDS)
