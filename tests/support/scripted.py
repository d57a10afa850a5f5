"""A provider that does what a test says: reads of deltas, waits, errors; it counts its calls."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any
from uuid import UUID

from backend.core.errors import NoSuchModel
from backend.providers.base import (
    CompletionRequest,
    Continuation,
    Delta,
    Finish,
    Provider,
    TextDelta,
    UpstreamModel,
    sending,
)

Step = list[Delta] | asyncio.Event | Exception | float


@dataclass
class Entry:
    """A model's entry."""

    name: str = "scripted"
    input_price: Decimal | None = Decimal("2.0")
    output_price: Decimal | None = Decimal("10.0")
    continuation: Continuation = "prefix"
    cached_price: Decimal | None = None
    price: UUID | None = None
    capabilities: tuple[str, ...] = ("tools",)
    context: int | None = None


def words(count: int, start: int = 0) -> list[Delta]:
    """Numbered tokens."""
    return [TextDelta(f"tok{number} ") for number in range(start, start + count)]


@dataclass
class ScriptedProvider:
    """`script` is asked for the steps of each request."""

    script: Callable[[CompletionRequest], list[Step]] = lambda request: [words(3), [Finish("stop")]]
    name: str = "scripted"
    calls: list[CompletionRequest] = field(default_factory=list)
    closed: int = 0
    cancelled: list[str] = field(default_factory=list)

    async def stream(self, request: CompletionRequest) -> AsyncGenerator[list[Delta], None]:
        """Follow the script."""
        sending()
        self.calls.append(request)
        try:
            for step in self.script(request):
                await asyncio.sleep(0)
                match step:
                    case list():
                        yield step
                    case asyncio.Event():
                        await step.wait()
                    case Exception():
                        raise step
                    case _:
                        await asyncio.sleep(step)
        finally:
            self.closed += 1

    async def models(self) -> list[UpstreamModel]:
        """One."""
        return [UpstreamModel(name="scripted")]

    async def cancel(self, remote: str) -> None:
        """Note it."""
        self.cancelled.append(remote)

    async def close(self) -> None:
        """Nothing to let go of."""


@dataclass
class Resolved:
    """A model that can be asked."""

    provider: Provider
    entry: Entry = field(default_factory=Entry)
    after: "Resolved | None" = None
    announces: bool = False


class Registry:
    """Two models by name, and a default."""

    def __init__(self, provider: ScriptedProvider) -> None:
        self.provider: Provider = provider
        self.entries = {name: Entry(name) for name in ("scripted", "other")}
        self.chains: dict[str, Any] = {}
        """Models that others stand in for, by their names."""

    async def resolve(self, name: str | None = None, *, principal: Any = None) -> Any:
        """As the catalogue's registry."""
        if name in self.chains:
            return self.chains[name]
        entry = self.entries.get(name or "scripted")
        if entry is None:
            raise NoSuchModel(f"There is no model {name}.")
        return Resolved(self.provider, entry)


def steps(*given: Any) -> Callable[[CompletionRequest], list[Step]]:
    """The same steps for every request."""
    return lambda _: list(given)
