"""Whose turn it is in a line, decided in one process: what `line.lua` does for all of them.

Used while Redis is away; a mirrored test holds the two equal.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Turn:
    """`served`: it may go now; else `place` counts from 1."""

    served: bool
    place: int = 0


def turns(
    waiting: Sequence[tuple[str, str]], *, running: Mapping[str, int], limit: int, limits: Mapping[str, int]
) -> dict[str, Turn]:
    """`waiting` holds (ticket, model) in the order of coming, `running` the calls being served of each model; a limit
    of 0 is none. Whoever's model is full is passed by those of other models, and loses no place by it.
    """
    free = limit - sum(running.values()) if limit else math.inf
    room = {model: most - running.get(model, 0) if most else math.inf for model, most in limits.items()}
    found: dict[str, Turn] = {}
    places: dict[str, int] = {}
    left = 0
    for ticket, model in waiting:
        there = room.get(model, math.inf)
        if free > 0 and there > 0:
            free -= 1
            room[model] = there - 1
            found[ticket] = Turn(served=True)
            continue
        left += 1
        places[model] = places.get(model, 0) + 1
        found[ticket] = Turn(served=False, place=left if limit else places[model])
    return found
