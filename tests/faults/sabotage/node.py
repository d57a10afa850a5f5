"""A web node that can be sabotaged while it runs: `python -m tests.faults.sabotage.node`, as `backend.config.serve`.

The file `sabotage` of its home names what is to be broken (nothing: all is well). A thread looks at it and tells in
`run/sabotaged.<pid>` what holds now, so that nobody has to guess; a node that starts has it before it serves.
"""

import os
import sys
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path
from unittest.mock import patch

from backend.config.environment import environment

LOOK = 0.02  # seconds


class Saboteur:
    """Holds this process's patches."""

    def __init__(self, home: Path, known: Mapping[str, Callable[[Callable[..., object]], None]]) -> None:
        self._known = known
        self._wanted = home / "sabotage"
        self._told = home / "run" / f"sabotaged.{os.getpid()}"
        self._now: str | None = None
        self._patches = ExitStack()

    def look(self) -> None:
        """Do what the file says."""
        wanted = self._wanted.read_text() if self._wanted.exists() else ""
        if wanted == self._now:
            return
        self._patches.close()
        if wanted:
            self._known[wanted](lambda *what: self._patches.enter_context(patch.object(*what)))
        self._now = wanted
        new = self._told.with_name(f"new.{os.getpid()}")
        new.write_text(wanted)
        new.replace(self._told)

    def keep_looking(self) -> None:
        """For a thread of its own."""
        while True:
            time.sleep(LOOK)
            self.look()


def main() -> int:
    """Serve."""
    settings = environment()
    if settings.rivulet_env == "production":
        sys.exit("This is for tests.")
    import backend.config.asgi  # noqa: F401 - Django is set up now
    from backend.config import serve
    from tests.faults.sabotage import patches

    saboteur = Saboteur(settings.rivulet_home, patches.ALL)
    saboteur.look()
    threading.Thread(target=saboteur.keep_looking, daemon=True).start()
    return serve.main()


if __name__ == "__main__":
    sys.exit(main())
