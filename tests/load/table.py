"""The bench's table: rows of (what, asked, measured) in Markdown, with the machine at its foot."""

import os
import platform
from pathlib import Path

from tests.load.judge import Verdict, shown

Row = tuple[str, str, str]


def whole(verdict: Verdict, errors: dict[str, int]) -> str:
    """Whether nothing was lost, in words."""
    if verdict.whole and not errors:
        return "whole"
    return (
        f"LOST {verdict.lost}, repeated {verdict.repeated}, disordered {verdict.disordered}, "
        f"holes {verdict.holes}, errors {errors}"
    )


def pair(verdict: Verdict) -> str:
    """What the server added, p50 / p99."""
    return f"{shown(verdict.added_ms(0.5))} / {shown(verdict.added_ms(0.99))} ms"


def beside(cost: dict[str, float]) -> str:
    """CPU seconds for a million tokens of the web processes, and of what works beside them."""
    others = ", ".join(f"{name} {cost[name]:.0f}" for name in cost if name != "web")
    return f"{cost['web']:.0f}  (beside it: {others or 'not counted'})"


def machine() -> str:
    """What it ran on, for the table's foot."""
    model = next(
        (line.split(":")[1].strip() for line in Path("/proc/cpuinfo").read_text().splitlines() if "model name" in line),
        platform.machine(),
    )
    return f"{os.cpu_count()} cores of {model}, Python {platform.python_version()}, Linux {platform.release()}"


def print_table(rows: list[Row]) -> None:
    """A Markdown table."""
    head = ("what", "asked", "measured")
    widths = [max(len(row[column]) for row in [*rows, head]) for column in range(3)]
    for row in [head, tuple("-" * width for width in widths), *rows]:
        print("| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |")
    print(f"\n{machine()}; {os.getloadavg()[0]:.1f} load at the end.")
