"""Reports of usage: whole months and days from the roll-ups, the days after them from the ledger."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any, cast
from uuid import UUID

from backend.core import db
from backend.usage.rollup import CUTS, MEASURES, MONTH
from backend.usage.schemas import MOST_GROUPS, By, UsageGroup, UsageQuery, UsageReport, UsageSums

Row = dict[str, Any]
Names = dict[UUID, Row]

DEFAULT_DAYS = 30
_COLUMNS: dict[str, tuple[str, ...]] = {
    "day": (),
    "model": ("provider", "model"),
    "user": ("user_id",),
    "team": ("team_id",),
    "key": ("key_id",),
    "template": ("template",),
}
_OUT = {"user_id": "user", "team_id": "team", "key_id": "key", "template": "template"}


async def report(*, query: UsageQuery, user: UUID, most: int = MOST_GROUPS) -> UsageReport:
    """The groups of a query, for everybody or for `user` alone; whoever asks may see them."""
    by = query.by.split(",")
    to = query.to or datetime.now(UTC).date()
    begin = query.from_ or to - timedelta(days=DEFAULT_DAYS - 1)
    filters = _filters(query, user)
    values = {"from": begin, "to": to, "most": most + 1, **await _edges(begin, to), **filters}
    rows = await db.rows(_statement(by, list(filters)), values)
    names = await _names(by, rows)
    items = [_group(row, names) for row in rows[:most]]
    whole = await db.row(_statement([], list(filters)), values) or {}
    return UsageReport.model_construct(
        view=query.view,
        by=cast("list[By]", by),
        from_=begin,
        to=to,
        items=items,
        total=UsageSums.model_construct(**_sums(whole)),
        truncated=len(rows) > most,
    )


def _filters(query: UsageQuery, user: UUID) -> dict[str, object]:
    given = {
        "user_id": user if query.view == "own" else query.user,
        "team_id": query.team,
        "key_id": query.key,
        "template": query.template,
        "model": query.model,
    }
    return {name: value for name, value in given.items() if value is not None}


async def _edges(begin: date, to: date) -> Row:
    """`edge`: the first day that has to be read from the ledger itself. From `months` to before `after` whole months
    are there; an empty range where there is none.
    """
    row = await db.row(_EDGES, {"from": begin, "to": to})
    assert row is not None
    whole = row["months"] is not None and row["after"] is not None and row["months"] < row["after"]
    return row if whole else {**row, "months": begin, "after": begin}


def _statement(by: Sequence[str], filters: Sequence[str]) -> str:
    columns = [column for name in by for column in _COLUMNS[name]]
    needed = {*columns, *filters}
    cut = next(name for name, has in CUTS.items() if needed <= set(has))
    where = "".join(f" AND {name} = %({name})s" for name in filters)
    shown = [*(["day"] if "day" in by else []), *columns]
    inner = ", ".join(["day", *columns])
    types = {"cost": "float8"}
    sums = ", ".join(f"coalesce(sum({name}), 0)::{types.get(name, 'bigint')} AS {name}" for name in MEASURES)
    added = ", ".join(f"{what} AS {name}" for name, what in MEASURES.items())
    rolled = "\n  UNION ALL\n  ".join(
        f"SELECT {inner}, {', '.join(MEASURES)} FROM usage_usageday WHERE cut = '{of}' AND {days}{where}"  # noqa: S608
        for of, days in (_in_days if "day" in by else _in_months)(cut)
    )
    group = f"GROUP BY {', '.join(shown)}" if shown else ""
    order = "day, cost DESC" if "day" in by else "cost DESC, calls DESC"
    return f"""
SELECT {"".join(f"{name}, " for name in shown)}{sums} FROM (
  {rolled}
  UNION ALL
  SELECT {inner}, {added} FROM (
    SELECT (created AT TIME ZONE 'UTC')::date AS day, * FROM usage_call
    WHERE created >= greatest(%(from)s::date, %(edge)s::date)::timestamp AT TIME ZONE 'UTC'
      AND created < (%(to)s::date + 1)::timestamp AT TIME ZONE 'UTC' AND status <> 'reserved'{where}
  ) c GROUP BY {inner}
) u {group} {f"ORDER BY {order} LIMIT %(most)s" if shown else ""}
"""  # noqa: S608


def _in_days(cut: str) -> list[tuple[str, str]]:
    return [(cut, "day >= %(from)s AND day <= %(to)s AND day < %(edge)s")]


def _in_months(cut: str) -> list[tuple[str, str]]:
    return [
        (cut, "day >= %(from)s AND day < %(months)s AND day <= %(to)s AND day < %(edge)s"),
        (f"{MONTH}{cut}", "day >= %(months)s AND day < %(after)s"),
        (cut, "day >= %(after)s AND day <= %(to)s AND day < %(edge)s"),
    ]


_PLAIN = (
    "calls", "errors", "estimated", "input_tokens", "output_tokens", "cached_tokens", "reasoning_tokens", "searches",
    "credits", "cost", "unpriced",
)  # fmt: skip


def _sums(row: Row) -> Row:
    found = {name: row[name] for name in _PLAIN}
    timed, written = row["timed_calls"], row["written_ms"]
    found["first_token_ms"] = round(row["first_ms"] / timed, 1) if timed else None
    found["tokens_per_s"] = round(row["written_tokens"] * 1000 / written, 1) if written else None
    return found


def _group(row: Row, names: Names) -> UsageGroup:
    found = _sums(row)
    for column in ("day", "model", "provider", *_OUT):
        if column in row:
            found[_OUT.get(column, column)] = row[column]
    for column, name in _OUT.items():
        if row.get(column) is not None:
            called = names.get(row[column])
            found[f"{name}_name"] = called and called["name"]
            if called and "slug" in called:
                found[f"{name}_slug"] = called["slug"]
    return UsageGroup.model_construct(**found)


async def _names(by: Sequence[str], rows: Sequence[Row]) -> Names:
    found: Names = {}
    for name in by:
        if name in NAMES:
            column = _COLUMNS[name][0]
            ids = list({row[column] for row in rows if row[column] is not None})
            found |= await _named(name, ids)
    return found


async def names_of(kind: str, ids: Sequence[UUID]) -> dict[UUID, str]:
    """What people call these (`user`, `team`, `key`, `template`); those that are gone have no name."""
    return {ident: row["name"] for ident, row in (await _named(kind, ids)).items()}


async def _named(kind: str, ids: Sequence[UUID]) -> Names:
    """Whoever may see a report may know these names: it is of what they used themselves, or of all by their role."""
    return {row["id"]: row for row in await db.rows(NAMES[kind], {"ids": list(ids)})} if ids else {}


NAMES = {
    "user": "SELECT id, email AS name FROM accounts_user WHERE id = ANY(%(ids)s)",
    "team": "SELECT id, name FROM accounts_team WHERE id = ANY(%(ids)s)",
    "key": "SELECT id, trim(prefix || '… ' || name) AS name FROM accounts_apikey WHERE id = ANY(%(ids)s)",
    "template": "SELECT id, name, slug FROM prompts_template WHERE id = ANY(%(ids)s) AND deleted_at IS NULL",
}

_EDGES = f"""
SELECT coalesce((SELECT max(day) + 1 FROM usage_rolledday), date '1970-01-01') AS edge,
  (SELECT min(day) FROM usage_usageday WHERE cut = '{MONTH}day' AND day >= %(from)s) AS months,
  (SELECT (max(day) + interval '1 month')::date FROM usage_usageday
    WHERE cut = '{MONTH}day' AND day <= (%(to)s::date + 1 - interval '1 month')::date) AS after
"""  # noqa: S608
