"""What a row may cost, and what it cost."""

from decimal import Decimal
from typing import Protocol

from backend.providers.base import Usage


class Priced(Protocol):
    """Prices for a million tokens; None where nothing is known."""

    @property
    def input_price(self) -> Decimal | None:
        """For tokens that go in."""

    @property
    def output_price(self) -> Decimal | None:
        """For tokens that come out."""


CHARS_PER_TOKEN = 3
"""On the safe side: English has about four."""

ANSWER_TOKENS = 1000
"""What an answer is taken to be when nobody has limited it."""

_MILLION = Decimal(1_000_000)


def cost_of(entry: Priced, usage: Usage | None) -> Decimal | None:
    """None: no price is known, or no usage."""
    if usage is None or (entry.input_price is None and entry.output_price is None):
        return None
    return (
        usage.input_tokens * (entry.input_price or Decimal(0))
        + usage.output_tokens * (entry.output_price or Decimal(0))
    ) / _MILLION


def estimate(entry: Priced, *, chars: int, max_tokens: int | None) -> Decimal | None:
    """What a call with so much text may cost."""
    tokens = Usage(input_tokens=chars // CHARS_PER_TOKEN + 10, output_tokens=max_tokens or ANSWER_TOKENS)
    return cost_of(entry, tokens)
