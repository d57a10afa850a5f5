"""What `doctor` reports: findings, and the list of checks that features add theirs to."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Literal

Outcome = Literal["ok", "warning", "failed"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the report; `advice` says what to do about it."""

    name: str
    outcome: Outcome
    detail: str
    advice: str = ""


Look = Callable[[], Awaitable[list[Finding]]]
looks: list[Look] = []


def register(look: Look) -> Look:
    """Add a check. Features call this from their `AppConfig.ready`."""
    if look not in looks:
        looks.append(look)
    return look
