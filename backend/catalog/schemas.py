"""Answers of the catalogue's API."""

from decimal import Decimal

from backend.catalog.entries import Entry
from backend.core.pagination import Page
from backend.core.schemas import Out


class ProviderProblem(Out):
    """A provider whose models could not be listed, with a sentence about why."""

    provider: str
    message: str


class ModelOut(Out):
    """A model that the caller may pick. Prices are in US dollars for a million tokens, null where not known."""

    name: str
    label: str
    provider: str
    default: bool
    context: int | None
    input_price: Decimal | None
    output_price: Decimal | None
    continuation: str
    capabilities: list[str]

    @classmethod
    def of(cls, entry: Entry, *, default: bool) -> "ModelOut":
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
        )


class ModelPage(Page[ModelOut]):
    """The models, and what keeps some from being there."""

    problems: list[ProviderProblem]
