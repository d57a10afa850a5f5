"""Who measures speed is alone: no other test of the run is under way meanwhile, in whichever worker."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager

from tests.support import run


@contextmanager
def turn(*, alone: bool) -> Iterator[None]:
    """Wait for a turn beside other tests, or without any. Who wants to be alone is not overtaken by later ones."""
    with (run.folder() / "door.lock").open("w") as door, (run.folder() / "room.lock").open("w") as room:
        fcntl.flock(door, fcntl.LOCK_EX)
        fcntl.flock(room, fcntl.LOCK_EX if alone else fcntl.LOCK_SH)
        fcntl.flock(door, fcntl.LOCK_UN)
        yield
