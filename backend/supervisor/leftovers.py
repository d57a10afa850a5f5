"""Processes of a supervisor that was killed: found by its pid files, and ended before a new start."""

import contextlib
import signal
from pathlib import Path

from backend.engines.process import command_of, end_leftover, is_alive

OURS = ("backend.config.serve", "backend.config.celery", "backend.guide")


def end_leftovers(run: Path) -> list[str]:
    """End what still runs under a pid file of ours, and remove the files. Returns the names of what was ended.

    A pid that now belongs to somebody else's process is left alone; engines know their own leftovers.
    """
    ended = []
    for path in sorted(run.glob("*.pid")):
        with contextlib.suppress(ValueError, OSError, TimeoutError):
            pid = int(path.read_text())
            if is_alive(pid) and any(mark in command_of(pid) for mark in OURS):
                end_leftover(pid, signal.SIGTERM)
                ended.append(path.stem)
        path.unlink(missing_ok=True)
    return ended
