"""The kind `batch`: what is checked before it is made, its rows, and its calls."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from decimal import Decimal
from typing import Any
from uuid import UUID

from pydantic import ValidationError

from backend.accounts.absent import principal_of
from backend.accounts.permissions import Owned, may
from backend.accounts.principal import Principal
from backend.catalog import registry
from backend.catalog.params import merged
from backend.chat.entries import Entry
from backend.core.db import in_thread
from backend.core.errors import AppError, BadRequest
from backend.core.sentences import sentence
from backend.jobs.kinds.base import Checked, Handle, Kind, NewRow, Reserve, Rows, SpecError
from backend.jobs.kinds.batch.calls import Calls
from backend.jobs.kinds.batch.source import new_rows, table_of
from backend.jobs.kinds.batch.template import Prompt, prompt_of
from backend.jobs.models import File, Job
from backend.jobs.rows import HIDDEN
from backend.jobs.schemas import BatchSpec, Template
from backend.prompts.schemas import PromptUse
from backend.prompts.use import Prepared, prepare
from backend.usage.ledger import expected
from backend.usage.money import Prices, expected_output

SMALL_FILE = 2 * 1024 * 1024
"""Bytes of a file that is read while its job is being made; a larger one is read by a worker."""


class BatchKind(Kind):
    """See the package's docstring."""

    name = "batch"
    long = True

    async def check(self, principal: Principal, spec: dict[str, Any]) -> Checked:
        """See `Kind`."""
        given = read_spec(spec)
        if (given.file is None) == (given.rows is None):
            raise BadRequest("Give either a file or rows.", field="spec.file")
        if given.model is not None and given.models is not None:
            raise BadRequest("Give either one model or several models.", field="spec.models")
        file = await in_thread(_file, principal, given.file) if given.file else None
        pinned = await _pinned(principal, given.template)
        own = given.model or (pinned.model if pinned else None) or None
        names: list[str | None] = [*given.models] if given.models else [own]
        if len(set(names)) < len(names):
            raise BadRequest("A model stands there twice.", field="spec.models")
        entries = {}
        for name in names:
            try:
                entry = (await registry.resolve(name, principal=principal)).entry
            except AppError as error:
                error.field = error.field or "spec.models"
                raise
            entries[name or entry.name] = _price(entry)
        kept = given.model_dump(mode="json", exclude_unset=True, exclude={"model", "models"})
        kept |= {"models": list(entries), "prices": entries}
        if given.rows is not None:
            kept["columns"] = list(dict.fromkeys(name for row in given.rows for name in row))
        if pinned is not None:
            found = {"id": str(pinned.template_id), "slug": pinned.slug, "version": pinned.number}
            kept |= {"template": found, "pinned": pinned.kept()}
        return Checked(
            spec=kept,
            source=given.file,
            cost_cap=None if given.cost_cap is None else Decimal(str(given.cost_cap)),
            at_once=file is None or (file.size <= SMALL_FILE and not file.name.lower().endswith(".xlsx")),
        )

    def rows(self, job: Job) -> Rows:
        """See `Kind`."""
        spec, models, prices = kept_spec(job.spec)
        columns, found = table_of(spec, job.source)
        prompt = prompt_of(spec, job.spec.get("pinned"))
        for name in spec.mapping:
            if name not in prompt.names:
                raise SpecError(
                    sentence("no_variable", "The template has no variable '{name}'.", name=name[:60]),
                    field=f"spec.mapping.{name}",
                )
        for name in prompt.needed:
            if columns and spec.mapping.get(name, name) not in columns:
                raise SpecError(
                    sentence(
                        "no_column",
                        "The variable '{name}' has no column: the table has {columns}.",
                        name=name[:60],
                        columns=", ".join(columns[:20]),
                    ),
                    field=f"spec.mapping.{name}",
                )
        reserve = Reserve()
        rows = new_rows(spec, found, prompt=prompt, models=models)
        return Rows(_estimated(rows, prices, _answer(spec, prompt), reserve), reserve, columns if spec.file else [])

    @asynccontextmanager
    async def open(self, handle: Handle) -> AsyncIterator[Calls]:
        """See `Kind`."""
        spec, models, _ = kept_spec(handle.job.spec)
        owner = await principal_of(handle.job.owner_id)
        prompt = prompt_of(spec, handle.job.spec.get("pinned"))
        yield Calls(spec=spec, prompt=prompt, models=models, owner=owner, handle=handle)


def read_spec(spec: dict[str, Any]) -> BatchSpec:
    """Raises `BadRequest` naming the field."""
    try:
        return BatchSpec.model_validate(spec)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        path = ".".join(["spec", *(str(part) for part in first["loc"])])
        raise BadRequest(f"{path}: {first['msg'].removeprefix('Value error, ')}", field=path) from None


def kept_spec(spec: dict[str, Any]) -> tuple[BatchSpec, list[str], dict[str, Any]]:
    """A stored spec, its models, and their prices when it was made."""
    given = {name: value for name, value in spec.items() if name not in HIDDEN}
    read = BatchSpec.model_validate(given)
    return read, read.models or [], spec.get("prices", {})


async def _pinned(principal: Principal, template: Template) -> Prepared | None:
    """The version of a stored template that the job is made with. Raises `NotFound`, naming the field."""
    if not template.stored:
        return None
    which = {"id": template.id} if template.id is not None else {"slug": template.slug}
    use = PromptUse.model_validate({**which, "label": template.label, "version": template.version})
    return await prepare(principal, use, field="spec.template.")


def _price(entry: Entry) -> dict[str, str | None]:
    pair = {"input": entry.input_price, "output": entry.output_price}
    return {side: None if price is None else str(price) for side, price in pair.items()}


def _answer(spec: BatchSpec, prompt: Prompt) -> int:
    given = spec.params.model_dump(exclude_unset=True, exclude_none=True) if spec.params else {}
    return expected_output(merged(prompt.params, given))


def _estimated(
    rows: Iterator[NewRow], prices: dict[str, dict[str, str | None]], answer: int, reserve: Reserve
) -> Iterator[NewRow]:
    """The rows, with what the dearest of them may cost."""
    priced = {
        name: Prices(*(None if pair[side] is None else Decimal(str(pair[side])) for side in ("input", "output")))
        for name, pair in prices.items()
    }
    most: dict[str, int] = {}
    for row in rows:
        if row.error is None and row.tokens > most.get(row.model, -1):
            most[row.model] = row.tokens
            reserve.add(expected(priced[row.model], input_tokens=row.tokens, output_tokens=answer))
        yield row


def _file(principal: Principal, ident: UUID) -> File:
    file = File.objects.filter(id=ident).first()
    if file is None or not may(principal, "read", Owned("file", file.owner_id)):
        raise BadRequest("There is no such file. Upload it first.", field="spec.file")
    return file
