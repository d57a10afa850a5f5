"""`python -m backend.supervisor`."""

import asyncio
import sys

from backend.config.environment import load, unknown_in_file
from backend.supervisor.console import say
from backend.supervisor.run import Supervisor


def main() -> None:
    """Run until told to stop; exit status 1 when the start failed."""
    settings = load()
    for told in unknown_in_file():
        say(f".env: {told}")
    sys.exit(asyncio.run(Supervisor(settings).run()))


if __name__ == "__main__":
    main()
