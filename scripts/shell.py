"""Commands of checks and generators, run apart from the caller's own settings."""

import os
import subprocess
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
_home = tempfile.TemporaryDirectory(prefix="rivulet-check-")
# No engine is asked and no home of anybody's is touched: what checks read is the source alone.
ENV = {**os.environ, "RIVULET_ENV": "test", "RIVULET_HOME": _home.name, "DATABASE_URL": "", "REDIS_URL": ""}


def run(command: list[str], *, folder: str = ".") -> subprocess.CompletedProcess[bytes]:
    """Run a command in a folder of the repository, without standard input, and keep what it says."""
    return subprocess.run(
        command, cwd=ROOT / folder, env=ENV, stdin=subprocess.DEVNULL, capture_output=True, check=False
    )


def said(ran: subprocess.CompletedProcess[bytes]) -> str:
    """What a failed command said, or its exit status."""
    return (ran.stdout + ran.stderr).decode(errors="replace").strip() or f"exit status {ran.returncode}"
