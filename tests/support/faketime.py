"""libfaketime for the test of a clock that is wrong: from where Debian puts it, else installed."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

PLACES = ("/usr/lib/*/faketime", "/usr/lib/faketime", "/usr/lib64/faketime", "/usr/local/lib/faketime")
NAME = "libfaketimeMT.so.1"  # for programs with threads


def hour_ahead() -> dict[str, str]:
    """The environment of a process whose clock of the day is an hour ahead, while time goes by as it should."""
    return {
        "LD_PRELOAD": ensure(),
        "FAKETIME": "+3600s",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        "FAKETIME_DONT_RESET": "1",
    }


def ensure() -> str:
    """Find it or install it. Raises `SystemExit` with what to install when neither works."""
    found = find()
    if found is None and os.geteuid() == 0 and shutil.which("apt-get"):
        env = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        for command in (
            ["apt-get", "update"],
            ["apt-get", "install", "--yes", "--no-install-recommends", "libfaketime"],
        ):
            subprocess.run(command, stdin=subprocess.DEVNULL, stdout=sys.stderr, env=env, check=False)
        found = find()
    if found is None:
        raise SystemExit(
            "The test of a node whose clock is wrong needs libfaketime; none is there, and none could be installed: "
            "install it (Debian: apt-get install libfaketime)."
        )
    return found


def find() -> str | None:
    """Where it is."""
    root = Path("/")
    for place in PLACES:
        for path in sorted(root.glob(f"{place.lstrip('/')}/{NAME}")):
            return str(path)
    return None
