"""What beat has done now and then."""

import structlog
from celery import shared_task

from backend.usage import books, rollup

log = structlog.get_logger(__name__)


@shared_task(name="usage.sweep")
def sweep() -> int:
    """Give up calls that nobody will settle, then roll the days that are over."""
    lost = books.sweep()
    if lost:
        log.warning("calls were given up as lost", calls=lost)
    rollup.days_roll()
    return lost


@shared_task(name="usage.reconcile")
def reconcile() -> list[str]:
    """Look over the books."""
    found = books.reconcile()
    problems: list[str] = found.problems
    if problems:
        log.error("the books did not add up", problems=problems)
    return problems
