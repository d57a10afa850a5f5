"""One run of pytest: a short private folder, one PostgreSQL for all workers, a Redis and a home for each worker.

`settle` only decides where things will be and tells the settings so, before Django reads them; nothing is started
until a fixture asks. PostgreSQL is started by whichever worker asks first, in a keeper that ends with the controller.
"""

import contextlib
import fcntl
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from backend.config.environment import ROOT, Environment
from backend.engines import HomeLock, prepare, start, stop
from backend.engines.record import Record, Urls, urls

FOLDER = "RIVULET_TEST_RUN"  # handed on to xdist's workers
POSTGRES_WITHIN = 60.0


def worker() -> str:
    """xdist's name of this process; `main` without xdist."""
    return os.environ.get("PYTEST_XDIST_WORKER", "main")


def folder() -> Path:
    """The run's folder, made by the first caller of a run. Other users may pass: engines may run under one."""
    if FOLDER not in os.environ:
        made = Path(tempfile.mkdtemp(prefix="rivulet-test-", dir="/tmp")).resolve()
        made.chmod(0o711)
        os.environ[FOLDER] = str(made)
    return Path(os.environ[FOLDER])


def settle() -> None:
    """Point the environment at this run: nothing of the caller's own settings gets in."""
    for name in Environment.model_fields:
        os.environ.pop(name.upper(), None)
    os.environ |= {
        "DJANGO_SETTINGS_MODULE": "backend.config.settings",
        "RIVULET_ENV": "test",
        "RIVULET_HOME": str(folder() / worker()),
        "DATABASE_URL": _urls("shared").database,
        "REDIS_URL": _urls(worker()).redis,
    }


def settled() -> None:
    """Let xdist's workers, which inherit this environment, settle for themselves before they load Django."""
    os.environ.pop("DJANGO_SETTINGS_MODULE", None)


def new_home() -> Path:
    """An empty home for one product, which goes with the run."""
    home = Path(tempfile.mkdtemp(prefix="home-", dir=folder()))
    home.chmod(0o711)
    return home


def postgres() -> None:
    """Have the run's PostgreSQL running."""
    home = folder() / "shared"
    with (folder() / "postgres.lock").open("w") as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)
        ready, failed = home / "ready", home / "failed"
        if ready.exists():
            return
        home.mkdir(mode=0o711, exist_ok=True)
        controller = os.getppid() if worker() != "main" else os.getpid()
        keeper = subprocess.Popen(
            [sys.executable, "-m", "tests.support.keeper", str(home), str(controller)],
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )
        keeper.returncode = 0  # it outlives us by design, which Popen would warn of
        until = time.monotonic() + POSTGRES_WITHIN
        while not ready.exists():
            if failed.exists():
                raise RuntimeError(failed.read_text())
            if time.monotonic() > until:
                raise TimeoutError(f"The tests' PostgreSQL did not start within {POSTGRES_WITHIN} s.")
            time.sleep(0.02)


@contextlib.contextmanager
def redis() -> Iterator[str]:
    """This worker's own Redis: its pub/sub has no numbered databases, so sharing one would mix up the workers."""
    home = folder() / worker()
    with HomeLock(home):
        pair = prepare(home, want_postgres=False, durable=False)
        assert pair.redis is not None
        process = start(pair.redis)
        try:
            yield pair.urls.redis
        finally:
            stop(process, pair.redis.stop_signal)


def _urls(name: str) -> Urls:
    return urls(Record(sockets=str(folder() / name / "sockets")))


def leave() -> None:
    """Remove the run's folder, unless a keeper runs, which does so after its server's end."""
    if not (folder() / "shared").exists():
        shutil.rmtree(folder(), ignore_errors=True)
