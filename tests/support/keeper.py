"""Keeps a run's PostgreSQL until the controlling process is gone, then removes the run's folder.

`python -m tests.support.keeper HOME PID`. A killed test run leaves neither server nor files behind.
"""

import shutil
import signal
import sys
import time
from pathlib import Path

from backend.engines import EngineError, HomeLock, is_alive, prepare, start, stop

LOOK_EVERY = 0.3  # seconds


def main() -> None:
    """Start, tell by the file `ready` or `failed`, wait, stop, remove."""
    home, controller = Path(sys.argv[1]), int(sys.argv[2])
    for which in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(which, signal.SIG_IGN)
    try:
        with HomeLock(home):
            pair = prepare(home, want_redis=False, durable=False)
            assert pair.postgres is not None
            process = start(pair.postgres)
            (home / "ready").touch()
            while is_alive(controller):
                time.sleep(LOOK_EVERY)
            stop(process, signal.SIGQUIT)
    except (EngineError, OSError) as error:
        (home / "failed").write_text(str(error))
    else:
        shutil.rmtree(home.parent, ignore_errors=True)


if __name__ == "__main__":
    main()
