#!/usr/bin/env python3
"""Django's command line, run in the project's virtual environment by itself."""

import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent
PYTHON = ROOT / ".venv" / "bin" / "python"


def main() -> None:
    """Run a command."""
    if PYTHON.exists() and Path(sys.prefix).resolve() != PYTHON.parent.parent.resolve():
        os.execv(PYTHON, [str(PYTHON), *sys.argv])  # noqa: S606
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "backend.config.settings")  # noqa: TID251
    os.environ.setdefault("DATABASE_POOL", "0")  # noqa: TID251  # one command needs one session, or a quick refusal
    from django.core.management import execute_from_command_line
    from django.db.utils import OperationalError

    try:
        execute_from_command_line(sys.argv)
    except OperationalError as error:
        sys.exit(f"The database does not answer: start Rivulet with `make run`, or set DATABASE_URL. ({error})")


if __name__ == "__main__":
    main()
