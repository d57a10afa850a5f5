"""Chains of scripted providers under one care, with or without Redis."""

from collections.abc import Sequence
from typing import Any

from backend.care.care import Care
from backend.care.member import Limits, Member
from backend.care.policy import BreakerPolicy, CarePolicy, LineTiming
from backend.care.provider import CarefulProvider
from backend.care.shared import Away, Script, Shared
from backend.catalog.chain import ResolvedModel
from backend.providers.base import Continuation
from backend.providers.errors import ProviderError
from backend.providers.retry import RetryPolicy
from tests.support.scripted import Entry, ScriptedProvider

QUICK = CarePolicy(
    retry=RetryPolicy(attempts=3, base=0.001, cap=0.002, patience=0.5),
    passing=RetryPolicy(attempts=2, base=0.001, cap=0.002, patience=0.01),
    look=0.05,
    breaker=BreakerPolicy(threshold=6, cool=0.2, longest=1.0),
    line=LineTiming(lease=0.6, renew=0.2, alive=0.4, tick=0.02, places=0.05, kept=5.0),
)


class Nowhere(Shared):
    """There is no Redis."""

    async def run(self, script: Script, keys: Sequence[str], values: Sequence[Any]) -> Any:
        raise Away


class Untouched(Shared):
    """A Redis that nobody may ask."""

    async def run(self, script: Script, keys: Sequence[str], values: Sequence[Any]) -> Any:
        raise AssertionError("a round trip was made")


def alone(policy: CarePolicy = QUICK) -> Care:
    """A process that knows nobody else."""
    return Care(policy, shared=Nowhere(), chance=lambda: 0.0)


def down(message: str = "It is down.", **more: Any) -> ProviderError:
    """What a provider says that has a problem of its own."""
    return ProviderError(message, **{"status": 503, **more})


def member(
    provider: ScriptedProvider, *, limits: Limits | None = None, continuation: Continuation = "prefix"
) -> Member:
    """A model of the provider's name at a provider of its own."""
    name = provider.name
    return Member(
        provider=provider, model=name, label=name, key=f"key-{name}", continuation=continuation, limits=limits
    )


def limits(most: int = 0, of_model: int = 0, patience: float = 5.0, line: str = "line") -> Limits:
    """Calls at a time."""
    return Limits(line=line, most=most, most_of_model=of_model, patience=patience)


def chained(care: Care, members: Sequence[Member]) -> ResolvedModel:
    """What the catalogue would make of them; the first stands for the name that is asked for."""
    found: ResolvedModel | None = None
    for number in range(len(members) - 1, -1, -1):
        entry: Any = Entry(members[number].model, continuation=members[number].continuation)
        found = ResolvedModel(entry, CarefulProvider(members[number:], care), found)
    assert found is not None
    return found
