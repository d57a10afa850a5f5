"""The ledger's writes. A call is reserved before it goes out and settled when it is over, once.

Hot statements write the ledger in a part of their own (`RESERVE`, `SETTLE_GENERATION`, `RESERVE_ROWS`,
`SETTLE_CALLS`), so that work and reservation, end and settlement are one transaction. Everybody else calls `reserve`
and `settle`, or their twins for the ORM, which take any number of calls in one statement. Only what is open, or was
given up as lost, can be settled.
"""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any, Literal
from uuid import UUID

import msgspec
from django.db import connection

from backend.core import db
from backend.core.ids import new_id
from backend.providers.base import Usage
from backend.usage.money import Priced, Spent, cost
from backend.usage.refusal import refusals

Purpose = Literal["chat", "title", "job", "v1", "search"]
Settled = Literal["settled", "estimated", "lost", "released"]

_encode = msgspec.json.encode


class Reservation(msgspec.Struct, kw_only=True, frozen=True):
    """A call that is about to go out, with what it is expected to take. Raises the budgets' counts as it is stored."""

    purpose: Purpose
    user_id: UUID
    provider: str
    model: str
    id: UUID = msgspec.field(default_factory=new_id)
    team_id: UUID | None = None
    key_id: UUID | None = None
    price_id: UUID | None = None
    generation: UUID | None = None
    step: int = 1
    job: UUID | None = None
    row: UUID | None = None
    template: UUID | None = None
    template_version: UUID | None = None
    input_tokens: int = 0
    output_tokens: int = 0
    credits: int = 0
    cost: Decimal | None = None


class RowOrder(Reservation, kw_only=True, frozen=True):
    """What is reserved for each row of a job that asks the model `asked`, as the rows call it.

    `cost` is the answer's; `token_cost` is added for each token that the row says to go in.
    """

    asked: str
    token_cost: Decimal | None = None


class Settlement(msgspec.Struct, kw_only=True, frozen=True):
    """What a call took in the end. Where another model answered than the one that was reserved for, it is named."""

    status: Settled
    id: UUID | None = None
    input_tokens: int = 0
    output_tokens: int = 0
    cached_tokens: int = 0
    reasoning_tokens: int = 0
    credits: int = 0
    cost: Decimal | None = None
    error: str = ""
    first_token_ms: int | None = None
    duration_ms: int | None = None
    provider: str | None = None
    model: str | None = None
    price_id: UUID | None = None

    @property
    def spent(self) -> Spent:
        """The tokens and the cost alone."""
        return Spent(
            self.input_tokens,
            self.output_tokens,
            self.cached_tokens,
            self.reasoning_tokens,
            self.cost,
            self.status in ("estimated", "lost"),
        )


def expected(entry: Priced, *, input_tokens: int, output_tokens: int) -> Decimal | None:
    """What a call is going to cost if it takes so much."""
    return cost(Usage(input_tokens, output_tokens), entry)


def row_order(*, asked: str, entry: Priced, output_tokens: int, **fields: Any) -> RowOrder:
    """See `RowOrder`; `fields` are a reservation's."""
    answer = expected(entry, input_tokens=0, output_tokens=output_tokens)
    token = None if answer is None else (entry.input_price or Decimal(0)) / 1_000_000
    return RowOrder(asked=asked, output_tokens=output_tokens, cost=answer, token_cost=token, **fields)


def encoded(call: Reservation | Settlement) -> str:
    """The value of a hot statement's part."""
    return _encode(call).decode()


_COLUMNS = """id, purpose, user_id, team_id, key_id, provider, model, price_id, generation, step, job, "row", template,
  template_version, input_tokens, output_tokens, credits, cost"""

_TYPES = """id uuid, purpose text, user_id uuid, team_id uuid, key_id uuid, provider text, model text, price_id uuid,
  generation uuid, step smallint, job uuid, "row" uuid, template uuid, template_version uuid, input_tokens bigint,
  output_tokens bigint, credits bigint, cost numeric"""

_READ = ", ".join(f"r.{name.strip()}" for name in _COLUMNS.split(","))

RESERVE = f"""INSERT INTO usage_call ({_COLUMNS}, status, reserved_cost)
  SELECT {_READ}, 'reserved', r.cost FROM {{source}}, json_to_record(%(reservation)s::json) AS r({_TYPES})"""  # noqa: S608
"""A part of a statement: reserve `%(reservation)s` for each row of `source`."""

_SETTLED_TYPES = """id uuid, status text, input_tokens bigint, output_tokens bigint, cached_tokens bigint,
  reasoning_tokens bigint, credits bigint, cost numeric, error text, first_token_ms int, duration_ms int,
  provider text, model text, price_id uuid"""

_SET = """SET status = s.status, settled = now(), input_tokens = s.input_tokens, output_tokens = s.output_tokens,
    cached_tokens = s.cached_tokens, reasoning_tokens = s.reasoning_tokens, credits = s.credits, cost = s.cost,
    error = s.error, first_token_ms = s.first_token_ms, duration_ms = s.duration_ms,
    provider = coalesce(s.provider, c.provider),
    model = coalesce(s.model, c.model), price_id = CASE WHEN s.model IS NULL THEN c.price_id ELSE s.price_id END"""

SETTLE_GENERATION = f"""UPDATE usage_call c {_SET}
  FROM {{source}} AS g, json_to_record(%(settlement)s::json) AS s({_SETTLED_TYPES})
  WHERE c.generation = g.id AND c.step > 0 AND c.status = 'reserved'"""
"""A part of a statement: settle the open call of the generation that `source` has, by `%(settlement)s`."""

SETTLE_CALLS = f"""UPDATE usage_call c {_SET}
  FROM {{source}}, json_to_recordset(%(settlements)s::json) AS s({_SETTLED_TYPES})
  WHERE c.id = s.id AND c.status IN ('reserved', 'lost')"""
"""A part of a statement: settle `%(settlements)s` by their ids, if `source` has a row."""

_OF_ROW = {
    "id": "t.call",
    '"row"': "t.id",
    "input_tokens": "t.tokens",
    "cost": "round(r.cost + t.tokens * r.token_cost, 9)",
}
_READ_ROW = ", ".join(_OF_ROW.get(name.strip(), f"r.{name.strip()}") for name in _COLUMNS.split(","))

RESERVE_ROWS = f"""INSERT INTO usage_call ({_COLUMNS}, status, reserved_cost)
  SELECT {_READ_ROW}, 'reserved', {_OF_ROW["cost"]}
  FROM {{source}} AS t JOIN json_to_recordset(%(orders)s::json) AS r({_TYPES}, asked text, token_cost numeric)
    ON r.asked = t.model"""  # noqa: S608
"""A part of a statement: reserve for each row of `source` (its `id`, `call`, `model` and `tokens`) by `%(orders)s`."""

_RESERVE_MANY = f"""INSERT INTO usage_call ({_COLUMNS}, status, reserved_cost)
SELECT {_READ}, 'reserved', r.cost FROM json_to_recordset(%(calls)s::json) AS r({_TYPES})"""  # noqa: S608

_SETTLE_MANY = f"""UPDATE usage_call c {_SET}
FROM json_to_recordset(%(calls)s::json) AS s({_SETTLED_TYPES})
WHERE c.id = s.id AND c.status IN ('reserved', 'lost') RETURNING c.id"""


async def reserve(*calls: Reservation) -> None:
    """Store calls that are about to go out. Raises `QuotaExceeded` where a budget forbids them: none is stored."""
    with refusals():
        async with db.connect() as found:
            await found.execute(_RESERVE_MANY, {"calls": _encode(calls).decode()})


async def settle(*calls: Settlement) -> set[UUID]:
    """Settle calls by their `id`; those that were settled by this, and not before."""
    async with db.connect() as found:
        cursor = await found.execute(_SETTLE_MANY, {"calls": _encode(calls).decode()})
        return {row[0] for row in await cursor.fetchall()}


def calls_reserve(calls: Sequence[Reservation]) -> None:
    """`reserve` in a transaction of the ORM. Raises `QuotaExceeded`; that transaction can only be rolled back then."""
    with refusals(), connection.cursor() as cursor:
        cursor.execute(_RESERVE_MANY, {"calls": _encode(calls).decode()})


def calls_settle(calls: Sequence[Settlement]) -> set[UUID]:
    """`settle` in a transaction of the ORM."""
    with connection.cursor() as cursor:
        cursor.execute(_SETTLE_MANY, {"calls": _encode(calls).decode()})
        return {row[0] for row in cursor.fetchall()}


class Booked(msgspec.Struct, kw_only=True, frozen=True):
    """A call of a generation as it stands in the ledger. `searches`: what all of the generation's searches cost."""

    step: int
    status: str
    spent: Spent
    reserved_input: int
    searches: Decimal | None
    call: dict[str, Any]


async def booked(generation: UUID) -> list[Booked]:
    """The calls of a generation in their order, without side calls."""
    rows = await db.rows(_BOOKED, {"generation": generation})
    return [_booked(row) for row in rows]


def _booked(row: dict[str, Any]) -> Booked:
    status = row.pop("status")
    spent = Spent(
        row["input_tokens"],
        row["output_tokens"],
        row.pop("cached_tokens"),
        row.pop("reasoning_tokens"),
        row["cost"],
        status in ("estimated", "lost"),
    )
    searches = row.pop("searches")
    return Booked(
        step=row["step"],
        status=status,
        spent=spent,
        reserved_input=row["input_tokens"],
        searches=searches,
        call=row,
    )


def total(calls: Sequence[Booked]) -> Spent:
    """What is settled of these calls of one generation, and what its searches cost."""
    searches = Spent(cost=calls[0].searches if calls else None)
    return sum((call.spent for call in calls if call.status != "reserved"), searches)


_BOOKED = f"""
SELECT {_COLUMNS}, status, cached_tokens, reasoning_tokens, (
    SELECT nullif(sum(s.cost), 0) FROM usage_call s WHERE s.generation = %(generation)s AND s.purpose = 'search'
  ) AS searches
FROM usage_call
WHERE generation = %(generation)s AND step > 0 ORDER BY step
"""  # noqa: S608
