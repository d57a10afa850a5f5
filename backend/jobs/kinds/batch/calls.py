"""The calls of a batch: a row's messages, its answer, and what it cost."""

from collections.abc import Mapping
from contextlib import aclosing

import structlog

from backend.chat.entries import Resolved
from backend.core.opaque import user_key
from backend.jobs.kinds.base import Outcome, Taken
from backend.jobs.kinds.batch.prices import cost_of
from backend.jobs.kinds.batch.source import column_of
from backend.jobs.kinds.batch.template import render, variables_of
from backend.jobs.schemas import BatchSpec
from backend.providers.base import CompletionRequest, ProviderError, TextDelta, Usage

log = structlog.get_logger(__name__)

MAX_SAID = 1000
MAX_OUTPUT = 1_000_000
"""Characters of an answer that are kept."""


class Calls:
    """See `Work`."""

    def __init__(self, *, spec: BatchSpec, resolved: Mapping[str, Resolved], user: str) -> None:
        self.concurrency = spec.concurrency
        self._template = spec.template
        self._mapping = spec.mapping
        self._variables = variables_of(spec.template.system, spec.template.user)
        self._params = spec.params.model_dump(exclude_unset=True, exclude_none=True) if spec.params else {}
        self._resolved = resolved
        self._user_key = user_key(user)

    async def run(self, row: Taken) -> Outcome:
        """See `Work`."""
        resolved = self._resolved[row.model]
        pieces: list[str] = []
        size = 0
        usage: Usage | None = None
        error: dict[str, str] | None = None
        try:
            async with aclosing(resolved.provider.stream(self._request(row, resolved))) as reads:
                async for deltas in reads:
                    for delta in deltas:
                        if type(delta) is TextDelta:
                            pieces.append(delta.text)
                            size += len(delta.text)
                        elif type(delta) is Usage:
                            usage = delta
                    if size > MAX_OUTPUT:
                        error = {"code": "too_large", "message": "The answer is longer than a million characters."}
                        break
        except ProviderError as failure:
            error = {"code": failure.code, "message": failure.message[:MAX_SAID]}
        except Exception as failure:
            log.exception("jobs.row_failed", row=row.index)
            error = {"code": "internal", "message": f"Something went wrong on our side ({type(failure).__name__})."}
        return Outcome(
            output="".join(pieces)[:MAX_OUTPUT].replace("\0", "\ufffd"),
            error=error,
            usage=None if usage is None else {"input_tokens": usage.input_tokens, "output_tokens": usage.output_tokens},
            cost=cost_of(resolved.entry, usage),
        )

    def _request(self, row: Taken, resolved: Resolved) -> CompletionRequest:
        values = {name: row.input[column_of(name, self._mapping)] for name in self._variables}
        messages = []
        if self._template.system:
            messages.append({"role": "system", "content": render(self._template.system, values)})
        messages.append({"role": "user", "content": render(self._template.user, values)})
        return CompletionRequest(
            model=resolved.entry.name, messages=messages, params=self._params, user_key=self._user_key
        )
