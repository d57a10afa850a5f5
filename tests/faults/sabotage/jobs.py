"""Jobs without what makes their rows happen once."""

from collections.abc import Callable

from backend.jobs import pusher
from backend.jobs.engine import commit, lease

_Put = Callable[..., object]


def no_requeue(put: _Put) -> None:
    """Whoever is told nothing does nothing."""
    put(pusher, "requeue", lambda *, at_once=False: 0)


def rows_again(put: _Put) -> None:
    """What is done counts as under way."""
    put(lease, "_LOST", lease._LOST.replace("status = 'running' RETURNING", "status <> 'pending' RETURNING"))


def no_job_fence(put: _Put) -> None:
    """Any fence is the right one, and a row can end twice."""
    text = commit._COMMIT.replace(" AND fence = %(fence)s AND status = 'running'", "")
    put(commit, "_COMMIT", text.replace(" AND r.fence = %(fence)s AND r.status = 'running'", ""))
