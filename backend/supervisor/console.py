"""What the supervisor and its children say, a line each: time, who, text."""

import contextlib
import sys
import time

WIDTH = 8
COLORS = {"web": "36", "worker": "35", "beat": "34", "guide": "32", "postgres": "33", "redis": "31"}


def say(text: str) -> None:
    """A line of the supervisor's own, as it is."""
    with contextlib.suppress(OSError):  # the terminal may be gone
        print(text, flush=True)


def tell(name: str, line: str) -> None:
    """A line of a child, with the time and its name before it."""
    label = name.ljust(WIDTH)
    if sys.stdout.isatty():
        label = f"\x1b[{COLORS.get(name.partition('-')[0], '37')}m{label}\x1b[0m"
    with contextlib.suppress(OSError):
        print(f"{time.strftime('%H:%M:%S')} {label} | {line}", flush=True)
