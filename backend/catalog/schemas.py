"""Answers of the catalogue's API."""

from decimal import Decimal
from typing import Literal

from backend.catalog.entries import Entry
from backend.core.pagination import Page
from backend.core.schemas import Out


class ProviderProblem(Out):
    """A provider whose models could not be listed, with a sentence about why."""

    provider: str
    message: str


class Availability(Out):
    """How a model stands with its provider. `ok`: nothing is known against it. `failing`: it failed too often in a
    row and is left alone; `resting`: it asked for patience; `busy`: calls wait in line for it. `retry_after_ms`: until
    it is asked again, where that is known; `waiting`: how many wait in its provider's line, as far as this node heard.
    """

    state: Literal["ok", "failing", "resting", "busy"] = "ok"
    retry_after_ms: int | None = None
    waiting: int = 0


class ModelOut(Out):
    """A model that the caller may pick. Prices are in US dollars for a million tokens, null where not known.

    `fallbacks` names those that stand in for it where it can't answer, in order.
    """

    name: str
    label: str
    provider: str
    default: bool
    context: int | None
    input_price: Decimal | None
    output_price: Decimal | None
    continuation: str
    capabilities: list[str]
    availability: Availability
    fallbacks: list[str]

    @classmethod
    def of(cls, entry: Entry, *, default: bool, availability: Availability, fallbacks: list[str]) -> "ModelOut":
        """The entry as the API shows it."""
        return cls(
            name=entry.name,
            label=entry.label,
            provider=entry.provider,
            default=default,
            context=entry.context,
            input_price=entry.input_price,
            output_price=entry.output_price,
            continuation=entry.continuation,
            capabilities=list(entry.capabilities),
            availability=availability,
            fallbacks=fallbacks,
        )


class ModelPage(Page[ModelOut]):
    """The models, and what keeps some from being there."""

    problems: list[ProviderProblem]
