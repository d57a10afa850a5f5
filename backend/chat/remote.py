"""An answer that its provider writes in the background: under which id, and from where on in the answer.

Kept in the generation's row as soon as it is known. Positions in the provider's stream are not: who takes over reads
the provider's answer from its beginning and leaves out what the whole log holds, whatever had been applied when.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Self
from uuid import UUID

import structlog
from msgspec import json

from backend.chat.fold import CALLS, is_whole, visible_text
from backend.chat.source import has_substance
from backend.core import db
from backend.core.errors import Unavailable
from backend.providers.base import Held, Provider
from backend.providers.errors import ProviderError

log = structlog.get_logger(__name__)

PAUSE = 0.5  # seconds
CANCEL_WITHIN = 10.0  # seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Begun:
    """The provider's `id`, and how much there was when it began: code points of text and reasoning, whole tools."""

    id: str = ""
    text: int = 0
    reasoning: int = 0
    tools: int = 0

    @classmethod
    def after(cls, parts: Sequence[dict[str, Any]]) -> Self:
        """Behind these parts, as an attempt keeps them."""
        text, reasoning, tools = _kept(parts)
        return cls(text=len(text), reasoning=len(reasoning), tools=tools)

    def held(self, parts: Sequence[dict[str, Any]]) -> Held | None:
        """What of the provider's answer is in these parts; None: they lack what it was to follow on."""
        text, reasoning, tools = _kept(parts)
        if len(text) < self.text or len(reasoning) < self.reasoning or tools < self.tools:
            return None
        return Held(id=self.id, text=text[self.text :], reasoning=reasoning[self.reasoning :], tools=tools - self.tools)


def kept_of(parts: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The parts that another attempt keeps: none where there is only reasoning, and no half of a tool call."""
    return [part for part in parts if is_whole(part)] if has_substance(parts) else []


def _kept(parts: Sequence[dict[str, Any]]) -> tuple[str, str, int]:
    reasoning = "".join(part.get("text", "") for part in parts if part["kind"] == "reasoning")
    return visible_text(parts), reasoning, sum(part["kind"] in CALLS for part in parts)


async def keep(*, generation: UUID, attempt: int, begun: Begun) -> None:
    """Write it into the generation's row; waits for as long as PostgreSQL is away."""
    values = {"id": generation, "attempt": attempt, "remote": json.encode(asdict(begun)).decode()}
    while True:
        try:
            async with db.connect() as connection:
                await connection.execute(_KEEP, values)
        except Unavailable:
            await asyncio.sleep(PAUSE)
        else:
            return


async def cancel(provider: Provider, remote: str) -> None:
    """Have the provider stop; that it can't be told is only logged."""
    try:
        async with asyncio.timeout(CANCEL_WITHIN):
            await provider.cancel(remote)
    except (ProviderError, TimeoutError) as error:
        log.warning("an answer goes on at its provider", provider=provider.name, error=str(error))


_KEEP = """
UPDATE chat_generation SET remote = %(remote)s::jsonb
WHERE id = %(id)s AND attempt = %(attempt)s AND status IN ('queued', 'running')
"""
