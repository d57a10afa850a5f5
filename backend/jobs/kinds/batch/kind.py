"""The kind `batch`: what is checked before it is made, its rows, and its calls."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal
from typing import Any
from uuid import UUID

from pydantic import ValidationError

from backend.accounts.absent import principal_of
from backend.accounts.permissions import Owned, may
from backend.accounts.principal import Principal
from backend.catalog import registry
from backend.chat.entries import Entry
from backend.core.db import in_thread
from backend.core.errors import AppError, BadRequest
from backend.jobs.kinds.base import Checked, Handle, Kind, NewRow, Reserve, Rows, SpecError
from backend.jobs.kinds.batch.calls import Calls
from backend.jobs.kinds.batch.prices import estimate
from backend.jobs.kinds.batch.source import column_of, new_rows, table_of
from backend.jobs.kinds.batch.template import variables_of
from backend.jobs.models import File, Job
from backend.jobs.schemas import BatchSpec

SMALL_FILE = 1024 * 1024
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
        names: list[str | None] = [*given.models] if given.models else [given.model]
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
        variables = variables_of(spec.template.system, spec.template.user)
        for name in spec.mapping:
            if name not in variables:
                raise SpecError(f"The template has no variable {name[:60]!r}.", field=f"spec.mapping.{name}")
        for name in variables:
            if columns and column_of(name, spec.mapping) not in columns:
                raise SpecError(
                    f"The variable {name[:60]!r} has no column: the table has {', '.join(columns[:20])}.",
                    field=f"spec.mapping.{name}",
                )
        reserve = Reserve()
        rows = new_rows(spec, found, variables=variables, models=models)
        return Rows(_estimated(rows, spec, variables, prices, reserve), reserve)

    @asynccontextmanager
    async def open(self, handle: Handle) -> AsyncIterator[Calls]:
        """See `Kind`."""
        spec, models, _ = kept_spec(handle.job.spec)
        owner = await principal_of(handle.job.owner_id)
        yield Calls(
            spec=spec,
            resolved={name: await registry.resolve(name, principal=owner) for name in models},
            user=str(handle.job.owner_id),
        )


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
    given = {name: value for name, value in spec.items() if name != "prices"}
    read = BatchSpec.model_validate(given)
    return read, read.models or [], spec.get("prices", {})


class _Priced:
    """The prices that a job was made under."""

    def __init__(self, prices: dict[str, str | None]) -> None:
        self.input_price, self.output_price = (
            None if prices.get(side) is None else Decimal(str(prices[side])) for side in ("input", "output")
        )


def _price(entry: Entry) -> dict[str, str | None]:
    pair = {"input": entry.input_price, "output": entry.output_price}
    return {side: None if price is None else str(price) for side, price in pair.items()}


def _estimated(rows: Any, spec: BatchSpec, variables: list[str], prices: dict[str, Any], reserve: Reserve) -> Any:
    fixed = len(spec.template.system) + len(spec.template.user)
    params = spec.params
    limit = None if params is None else params.max_completion_tokens or params.max_tokens
    priced = {name: _Priced(pair) for name, pair in prices.items()}
    row: NewRow
    for row in rows:
        if row.error is None and row.model in priced:
            values = row.input or {}
            chars = fixed + sum(len(values[column_of(name, spec.mapping)]) for name in variables)
            reserve.add(estimate(priced[row.model], chars=chars, max_tokens=limit))
        yield row


def _file(principal: Principal, ident: UUID) -> File:
    file = File.objects.filter(id=ident).first()
    if file is None or not may(principal, "read", Owned("file", file.owner_id)):
        raise BadRequest("There is no such file. Upload it first.", field="spec.file")
    return file
