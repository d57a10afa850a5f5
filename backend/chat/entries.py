"""What the writing of an answer needs to know of a model; the catalogue's entries are such."""

from decimal import Decimal
from typing import Protocol
from uuid import UUID

from backend.providers.base import Continuation, Provider


class Entry(Protocol):
    """What a run reads of a model's entry. Prices are for a million tokens; None where nothing is known."""

    @property
    def name(self) -> str:
        """The model, as its provider names it."""

    @property
    def input_price(self) -> Decimal | None:
        """For tokens that go in."""

    @property
    def output_price(self) -> Decimal | None:
        """For tokens that come out."""

    @property
    def cached_price(self) -> Decimal | None:
        """For those among them that the provider had cached; None: as any other."""

    @property
    def price(self) -> UUID | None:
        """The row of the price history that these stand in."""

    @property
    def capabilities(self) -> tuple[str, ...]:
        """What it is known to do, such as `tools`; empty where nothing is known."""

    @property
    def context(self) -> int | None:
        """Tokens that it takes in all, input and answer together; None: not known."""

    @property
    def continuation(self) -> Continuation:
        """How it goes on from a partial answer."""


class Resolved(Protocol):
    """A model that can be asked now."""

    @property
    def entry(self) -> Entry:
        """Its entry in the catalogue."""

    @property
    def provider(self) -> Provider:
        """Who serves it, and asks those that stand in for it before the first word."""

    @property
    def after(self) -> "Resolved | None":
        """Who stands in for it next."""

    @property
    def announces(self) -> bool:
        """Whether the provider tells itself whom it asks (`providers.base.Asking`)."""
