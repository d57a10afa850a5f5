"""The calls of a batch: a row's messages, its answer, and what it took."""

import asyncio
from collections.abc import Sequence
from contextlib import aclosing
from typing import Any

import structlog

from backend.accounts.principal import Principal
from backend.catalog import registry
from backend.catalog.params import merged
from backend.chat.entries import Resolved
from backend.core.opaque import user_key
from backend.core.sentences import problem, sentence, went_wrong
from backend.jobs.calls import account
from backend.jobs.engine.begun import sent_as
from backend.jobs.kinds.base import Handle, Outcome, Taken
from backend.jobs.kinds.batch.template import Prompt
from backend.jobs.schemas import BatchSpec
from backend.providers.base import CompletionRequest, ProviderError, TextDelta
from backend.usage.ledger import RowOrder, row_order
from backend.usage.meter import Meter
from backend.usage.money import expected_output

log = structlog.get_logger(__name__)

MAX_SAID = 1000
MAX_OUTPUT = 1_000_000
"""Characters of an answer that are kept."""


class Calls:
    """See `Calling`."""

    def __init__(
        self, *, spec: BatchSpec, prompt: Prompt, models: Sequence[str], owner: Principal, handle: Handle
    ) -> None:
        self.concurrency = spec.concurrency
        self._prompt = prompt
        given = spec.params.model_dump(exclude_unset=True, exclude_none=True) if spec.params else {}
        self._params = merged(prompt.params, given)
        self._models = models
        self._owner = owner
        self._handle = handle
        self._user_key = user_key(str(owner.user_id))
        self._resolved: dict[str, Resolved] = {}
        self._orders: list[RowOrder] = []

    async def orders(self) -> Sequence[RowOrder]:
        """See `Calling`. Prices are those of now; the rows that are taken by them are asked by them."""
        found: dict[str, Resolved] = {
            name: await registry.resolve(name, principal=self._owner) for name in self._models
        }
        if any(self._resolved.get(name) is not one for name, one in found.items()):
            self._resolved = found
            self._orders = [self._order(name, one) for name, one in found.items()]
        return self._orders

    def _order(self, name: str, resolved: Resolved) -> RowOrder:
        return row_order(
            **account(self._handle.job),
            asked=name,
            entry=resolved.entry,
            provider=resolved.provider.name,
            model=resolved.entry.name,
            price_id=resolved.entry.price,
            template=self._prompt.template,
            template_version=self._prompt.version,
            output_tokens=expected_output(self._params),
        )

    async def run(self, row: Taken) -> Outcome:
        """See `Work`."""
        resolved = self._resolved[row.model]
        meter = Meter(resolved)
        pieces: list[str] = []
        size = 0
        error: dict[str, Any] | None = None
        try:
            with sent_as(row.call):
                async with aclosing(meter.stream(self._request(row, resolved))) as reads:
                    async for deltas in reads:
                        for delta in deltas:
                            if type(delta) is TextDelta:
                                pieces.append(delta.text)
                                size += len(delta.text)
                        if size > MAX_OUTPUT:
                            said = sentence("answer_too_long", "The answer is longer than a million characters.")
                            error = problem("too_large", said)
                            break
        except ProviderError as failure:
            error = {"code": failure.code, "message": failure.message[:MAX_SAID]}
        except asyncio.CancelledError:
            self._handle.broken_off(row, meter.settlement(row.call))
            raise
        except Exception as failure:
            log.exception("jobs.row_failed", row=row.index)
            error = problem("internal", went_wrong(failure))
        settlement = meter.settlement(row.call)
        released = settlement.status == "released"
        return Outcome(
            output="".join(pieces)[:MAX_OUTPUT].replace("\0", "\ufffd"),
            error=error,
            usage=None if released else settlement.spent.body(),
            cost=settlement.cost,
            settlement=settlement,
        )

    def _request(self, row: Taken, resolved: Resolved) -> CompletionRequest:
        return CompletionRequest(
            model=resolved.entry.name,
            messages=self._prompt.messages(row.input),
            params=self._params,
            user_key=self._user_key,
        )
