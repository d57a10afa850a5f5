"""`python -m backend.supervisor`."""

import asyncio
import sys

from backend.config.environment import load
from backend.supervisor.run import Supervisor


def main() -> None:
    """Run until told to stop; exit status 1 when the start failed."""
    sys.exit(asyncio.run(Supervisor(load()).run()))


if __name__ == "__main__":
    main()
