"""How far a research goes by itself."""

from dataclasses import asdict, dataclass
from typing import Final

from backend.core.sentences import Sentence, sentence
from backend.jobs.schemas import DepthName, ResearchSpec

ROUNDS: Final[dict[DepthName, int]] = {"quick": 1, "standard": 2, "deep": 4}
"""Plans at most: each but the first has read what was found before."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Searches, pages, rows of work and minutes of work until the report is written."""

    searches: int
    pages: int
    steps: int
    minutes: int

    def as_dict(self) -> dict[str, int]:
        """As a spec keeps it."""
        return asdict(self)


def limit_reached(what: str, most: int) -> Sentence:
    """That one of them was."""
    return sentence(f"limit_{what}", f"The limit of {{most}} {what} was reached.", most=most)


_LIMITS: Final[dict[DepthName, Limits]] = {
    "quick": Limits(searches=3, pages=6, steps=30, minutes=10),
    "standard": Limits(searches=8, pages=16, steps=80, minutes=30),
    "deep": Limits(searches=24, pages=48, steps=240, minutes=120),
}


def limits_of(spec: ResearchSpec) -> Limits:
    """Those of the depth, but for what the spec says itself."""
    own = spec.limits.model_dump(exclude_none=True) if spec.limits else {}
    return Limits(**{**_LIMITS[spec.depth].as_dict(), **own})


def searches_a_round(spec: ResearchSpec) -> int:
    """What one plan may ask for at most."""
    return -(-limits_of(spec).searches // ROUNDS[spec.depth])


def pages_a_search(spec: ResearchSpec) -> int:
    """What is read of one search at most."""
    limits = limits_of(spec)
    return max(1, -(-limits.pages // limits.searches)) + 1
