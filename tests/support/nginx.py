"""nginx for the tests of several nodes: from the PATH, else installed. `python -m tests.support.nginx` finds it."""

import os
import shutil
import subprocess
import sys

from backend.supervisor.child import StartFailed
from backend.supervisor.edge import find_nginx


def ensure() -> str:
    """Find nginx or install it. Raises `SystemExit` with what to install when neither works."""
    try:
        return find_nginx()
    except StartFailed:
        pass
    if os.geteuid() == 0 and shutil.which("apt-get"):
        env = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        for command in (
            ["apt-get", "update"],
            ["apt-get", "install", "--yes", "--no-install-recommends", "nginx-light"],
        ):
            subprocess.run(command, stdin=subprocess.DEVNULL, stdout=sys.stderr, env=env, check=False)
    try:
        return find_nginx()
    except StartFailed as error:
        raise SystemExit(
            "The tests of several nodes need nginx; none is there, and none could be installed: install it "
            "(Debian: apt-get install nginx-light)."
        ) from error


if __name__ == "__main__":
    print(ensure())
