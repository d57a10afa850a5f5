"""Tokens and what they cost. Prices are in US dollars for a million tokens; costs in US dollars, to a billionth."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Protocol

from backend.providers.base import Usage

BILLIONTH = Decimal("0.000000001")
BYTES_PER_TOKEN = 4
MESSAGE_TOKENS = 4
"""What a message takes beside its text."""
PICTURE_TOKENS = 800
EXPECTED_OUTPUT = 1000
LARGEST_EXPECTED = 32_000


class Priced(Protocol):
    """What is read of a model's entry."""

    @property
    def input_price(self) -> Decimal | None:
        """For tokens that go in."""

    @property
    def output_price(self) -> Decimal | None:
        """For tokens that come out."""

    @property
    def cached_price(self) -> Decimal | None:
        """For those that go in and were cached; None: as any other."""


@dataclass(frozen=True, slots=True)
class Prices:
    """Prices that are known apart from an entry."""

    input_price: Decimal | None = None
    output_price: Decimal | None = None
    cached_price: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Spent:
    """What calls took so far. `cost` None: no price is known. `estimated`: a part was not counted by a provider."""

    input_tokens: int = 0
    output_tokens: int = 0
    cached_tokens: int = 0
    reasoning_tokens: int = 0
    cost: Decimal | None = None
    estimated: bool = False

    def __add__(self, other: "Spent") -> "Spent":
        cost = self.cost if other.cost is None else other.cost + (self.cost or 0)
        return Spent(
            self.input_tokens + other.input_tokens,
            self.output_tokens + other.output_tokens,
            self.cached_tokens + other.cached_tokens,
            self.reasoning_tokens + other.reasoning_tokens,
            cost,
            self.estimated or other.estimated,
        )

    def body(self) -> dict[str, Any]:
        """As a message's `usage`."""
        found: dict[str, Any] = {
            "input_tokens": self.input_tokens,
            "output_tokens": self.output_tokens,
            "cached_tokens": self.cached_tokens,
            "reasoning_tokens": self.reasoning_tokens,
        }
        if self.estimated:
            found["estimated"] = True
        return found


def spent(usage: Usage, entry: Priced, *, estimated: bool = False) -> Spent:
    """Tokens with their cost."""
    return Spent(
        usage.input_tokens,
        usage.output_tokens,
        usage.cached_tokens,
        usage.reasoning_tokens,
        cost(usage, entry),
        estimated,
    )


def reported(usage: dict[str, Any] | None, cost: Decimal | float | None) -> dict[str, Any] | None:
    """The data of a generation's `usage` event, of a message's `usage` and `cost`."""
    if usage is None:
        return None
    return {
        "input_tokens": usage["input_tokens"],
        "output_tokens": usage["output_tokens"],
        "cost": float(cost or 0),
    }


def cost(usage: Usage, entry: Priced) -> Decimal | None:
    """What these tokens cost; None where the model has no price."""
    into, out = entry.input_price, entry.output_price
    if into is None and out is None:
        return None
    into = into or Decimal(0)
    cached = into if entry.cached_price is None else entry.cached_price
    total = (
        (usage.input_tokens - usage.cached_tokens) * into
        + usage.cached_tokens * cached
        + usage.output_tokens * (out or Decimal(0))
    )
    return (total / 1_000_000).quantize(BILLIONTH, ROUND_HALF_UP)


def dollars(amount: Decimal) -> str:
    """For people: with cents at least, and what is below them as far as there is something."""
    text = f"{amount.quantize(BILLIONTH, ROUND_HALF_UP):f}".rstrip("0")
    whole, _, rest = text.partition(".")
    return f"${int(whole):,}.{rest.ljust(2, '0')}"


def tokens_in(size: int) -> int:
    """About how many tokens so many bytes of text are."""
    return -(-size // BYTES_PER_TOKEN)


def tokens_of(messages: Iterable[dict[str, Any]]) -> int:
    """About how many tokens messages of OpenAI's shape take."""
    found = 0
    for message in messages:
        content = message.get("content")
        found += MESSAGE_TOKENS
        if isinstance(content, str):
            found += tokens_in(len(content.encode("utf-8", "replace")))
            continue
        for part in content or ():
            text = part.get("text") if isinstance(part, dict) else None
            found += tokens_in(len(text.encode("utf-8", "replace"))) if isinstance(text, str) else PICTURE_TOKENS
    return found


def expected_output(params: dict[str, Any]) -> int:
    """What is reserved for an answer: its limit where it has one."""
    limit = params.get("max_completion_tokens") or params.get("max_tokens")
    return min(int(limit), LARGEST_EXPECTED) if limit else EXPECTED_OUTPUT
