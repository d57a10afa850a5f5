"""Reports say what the ledger has, from the roll-ups and the open day alike, to whom it concerns."""

import csv
import io
import random
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import pytest

from backend.core import db
from backend.usage import books, rollup
from backend.usage.reports import report
from backend.usage.schemas import UsageQuery, UsageReport
from tests.support.site import Site

NOW = datetime.now(UTC)
MODELS = ["small", "large"]


def stored(people: list[Any], *, days: int = 5, each: int = 6) -> list[Any]:
    """A ledger of the last days, today's among them, on which the calls of each person differ."""
    from backend.usage.models import Call

    dice = random.Random(7)
    made = []
    for back in range(days):
        for person in people:
            for _ in range(each):
                first = dice.choice([None, dice.randint(50, 900)])
                made.append(
                    Call(
                        created=(NOW - timedelta(days=back)).replace(hour=0, minute=dice.randint(0, 5)),
                        settled=NOW - timedelta(hours=1),
                        status=dice.choice(["settled", "settled", "estimated", "released", "reserved"]),
                        purpose=dice.choice(["chat", "v1"]),
                        user_id=person,
                        team_id=dice.choice([None, UUID(int=5)]),
                        key_id=dice.choice([None, UUID(int=6), UUID(int=7)]),
                        template=dice.choice([None, UUID(int=8)]),
                        provider="p",
                        model=dice.choice(MODELS),
                        input_tokens=dice.randint(0, 1000),
                        output_tokens=dice.randint(0, 1000),
                        cost=dice.choice([None, Decimal(dice.randint(0, 10**9)) / 10**9]),
                        error=dice.choice(["", "", "provider_error"]),
                        first_token_ms=first,
                        duration_ms=None if first is None else first + dice.randint(0, 2000),
                    )
                )
    return Call.objects.bulk_create(made)


COLUMN = {"user": "user_id", "team": "team_id", "key": "key_id", "model": "model", "template": "template"}


def expected(rows: list[Any], by: list[str]) -> dict[tuple[Any, ...], tuple[int, int, int, Decimal]]:
    found: dict[tuple[Any, ...], tuple[int, int, int, Decimal]] = {}
    for row in rows:
        if row.status != "reserved":
            key = tuple(row.created.date() if name == "day" else getattr(row, COLUMN[name]) for name in by)
            calls, errors, tokens, cost = found.get(key, (0, 0, 0, Decimal(0)))
            found[key] = (
                calls + 1,
                errors + bool(row.error),
                tokens + row.input_tokens + row.output_tokens,
                cost + (row.cost or 0),
            )
    return found


def shown(found: UsageReport, by: list[str]) -> dict[tuple[Any, ...], tuple[int, int, int, Decimal]]:
    return {
        tuple(getattr(item, name) for name in by): (
            item.calls,
            item.errors,
            item.input_tokens + item.output_tokens,
            Decimal(str(round(item.cost, 9))).quantize(Decimal("1e-9")),
        )
        for item in found.items
    }


@pytest.fixture
async def pools(transactional_db):
    yield
    await db.close_pool()


async def asked(by: str, user: UUID, **more: Any) -> UsageReport:
    return await report(query=UsageQuery(by=by, **{"view": "all", **more}), user=user)


async def test_every_grouping_says_what_the_ledger_has_before_and_after_the_roll_up(pools) -> None:
    ada, bob = uuid4(), uuid4()
    rows = await db.in_thread(stored, [ada, bob])
    for _ in range(2):
        for by in ("day", "model", "user", "team", "key", "template", "day,model", "user,day", "team,key,model"):
            names = by.split(",")
            assert shown(await asked(by, ada), names) == expected(rows, names), by
        mine = [row for row in rows if row.user_id == ada]
        assert shown(await asked("day,model", ada, view="own"), ["day", "model"]) == expected(mine, ["day", "model"])
        some = [row for row in rows if row.model == "large" and row.created.date() < NOW.date()]
        yesterday = NOW.date() - timedelta(days=1)
        assert shown(await asked("user", ada, model="large", to=yesterday), ["user"]) == expected(some, ["user"])
        await db.in_thread(rollup.days_roll)
    assert await db.in_thread(rollup.days_roll) == 0
    assert len(await db.rows("SELECT DISTINCT day FROM usage_usageday WHERE cut = 'all'", {})) == 4
    without = sum(row.cost is None and row.status not in ("released", "reserved") for row in rows)
    assert (await asked("model", ada)).total.unpriced == without
    first = (await asked("model", ada)).items[0]
    timed = [row for row in rows if row.model == first.model and row.first_token_ms and row.status != "reserved"]
    assert first.first_token_ms == round(sum(row.first_token_ms for row in timed) / len(timed), 1)
    written = [row for row in timed if row.duration_ms > row.first_token_ms]
    seconds = sum(row.duration_ms - row.first_token_ms for row in written) / 1000
    assert first.tokens_per_s == round(sum(row.output_tokens for row in written) / seconds, 1)
    assert (await db.in_thread(books.reconcile)).problems == []


async def test_whole_months_are_read_from_their_own_sums(pools) -> None:
    ada, bob = uuid4(), uuid4()
    rows = await db.in_thread(lambda: stored([ada, bob], days=100, each=1))
    await db.in_thread(rollup.days_roll)
    first = (NOW.date() - timedelta(days=99)).replace(day=1)
    begins = [first, first + timedelta(days=5), NOW.date() - timedelta(days=40), NOW.date().replace(day=1)]
    late = next(
        row for row in rows if row.status == "reserved" and row.created.date() < NOW.date() - timedelta(days=62)
    )
    for again in (False, True):
        if again:
            async with db.connect() as connection:
                await connection.execute("UPDATE usage_call SET status = 'settled' WHERE id = %s", [late.id])
            late.status = "settled"
            assert await db.in_thread(rollup.days_roll) == 1
        for begin in begins:
            for end in (NOW.date(), NOW.date() - timedelta(days=35), NOW.date().replace(day=1) - timedelta(days=1)):
                some = [row for row in rows if begin <= row.created.date() <= end]
                for by in ("model", "user", "user,model", "day"):
                    span = {"from": begin, "to": max(begin, end)}
                    some = [row for row in rows if begin <= row.created.date() <= span["to"]]
                    found = await report(query=UsageQuery.model_validate({"by": by, "view": "all", **span}), user=ada)
                    assert shown(found, by.split(",")) == expected(some, by.split(",")), (by, span)
    assert (await db.in_thread(books.reconcile)).problems == []
    async with db.connect() as connection:
        await connection.execute("UPDATE usage_usageday SET calls = calls + 1000 WHERE cut LIKE 'm:%%'", [])
    assert (await asked("model", ada, **{"from": first})).total.calls > 2000, "months are read, not their days"
    assert "says other sums than its days" in (await db.in_thread(books.reconcile)).problems[0]


async def test_a_day_whose_call_is_settled_late_is_rolled_again(pools) -> None:
    ada = uuid4()
    rows = await db.in_thread(stored, [ada])
    await db.in_thread(rollup.days_roll)
    late = next(row for row in rows if row.status == "reserved" and row.created.date() < NOW.date())
    async with db.connect() as connection:
        await connection.execute("UPDATE usage_call SET status = 'settled' WHERE id = %s", [late.id])
    assert await db.in_thread(rollup.days_roll) == 1
    late.status = "settled"
    assert shown(await asked("day", ada), ["day"]) == expected(rows, ["day"])


async def test_a_roll_up_that_is_wrong_is_told_and_made_anew(pools) -> None:
    ada = uuid4()
    await db.in_thread(stored, [ada])
    await db.in_thread(books.sweep)
    await db.in_thread(rollup.days_roll)
    async with db.connect() as connection:
        await connection.execute("UPDATE usage_usageday SET calls = calls + 1 WHERE cut = 'all' AND day = %s", [
            NOW.date() - timedelta(days=1)
        ])  # fmt: skip
    [problem] = (await db.in_thread(books.reconcile)).problems
    assert str(NOW.date() - timedelta(days=1)) in problem
    await db.in_thread(rollup.days_roll)
    assert (await db.in_thread(books.reconcile)).problems == []


async def test_people_see_their_own_and_administrators_everybodys(site: Site) -> None:
    ada = await site.person("ada@example.org")
    boss = await site.person("boss@example.org", role="admin")
    await db.in_thread(stored, [ada.pk, boss.pk])
    person, admin = await site.script(ada), await site.script(boss)
    own = (await person.get("/api/v1/usage?by=user")).json()
    assert [item["user"] for item in own["items"]] == [str(ada.pk)]
    assert own["items"][0]["user_name"] == "ada@example.org"
    assert own["total"]["calls"] == own["items"][0]["calls"]
    assert {"from", "to", "by", "view"} <= own.keys()
    everybody = (await admin.get("/api/v1/usage?by=user&view=all")).json()
    assert {item["user"] for item in everybody["items"]} == {str(ada.pk), str(boss.pk)}
    narrow = (await admin.get(f"/api/v1/usage?by=day&view=all&user={ada.pk}")).json()
    assert narrow["total"] == own["total"]
    assert (await person.get(f"/api/v1/usage?by=day&user={ada.pk}")).json()["total"] == own["total"]
    refused = (await person.get(f"/api/v1/usage?by=day&user={boss.pk}")).json()
    assert (refused["code"], refused["errors"][0]["field"]) == ("bad_request", "user")
    for path in ("usage?view=all", "usage.csv?view=all", "budgets?view=all"):
        assert (await person.get(f"/api/v1/{path}")).status_code == 404
    for wrong in ("by=colour", "by=", "by=day,day", "from=2026-02-01&to=2026-01-01", "from=2020-01-01&to=2026-01-01"):
        assert (await person.get(f"/api/v1/usage?{wrong}")).status_code == 422, wrong


async def test_a_table_has_the_same_figures_and_no_formulas(site: Site) -> None:
    ada = await site.person("ada@example.org")
    rows = await db.in_thread(stored, [ada.pk])
    async with db.connect() as connection:
        await connection.execute("UPDATE usage_call SET model = '=1+1' WHERE model = 'small'")
    answer = await (await site.script(ada)).get("/api/v1/usage.csv?by=day,model")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert "attachment" in answer.headers["content-disposition"]
    lines = list(csv.DictReader(io.StringIO(answer.text.removeprefix("\ufeff"))))
    whole = expected(rows, ["day", "model"])
    assert len(lines) == len(whole)
    assert {line["model"] for line in lines} == {"'=1+1", "large"}
    assert sum(int(line["calls"]) for line in lines) == sum(found[0] for found in whole.values())
    assert round(sum(float(line["cost"]) for line in lines), 6) == round(float(sum(f[3] for f in whole.values())), 6)


async def test_templates_have_names_as_long_as_they_are_there(site: Site) -> None:
    from backend.usage.models import Call

    ada = await site.person("ada@example.org")
    mine = await site.script(ada)
    ids = []
    for name in ("Kept", "Gone"):
        made = await mine.post("/api/v1/prompts", json={"name": name, "user": "Say hello."})
        ids.append(made.json()["id"])
    rows = await db.in_thread(stored, [ada.pk])
    for row, ident in zip(rows, ids * len(rows), strict=False):
        row.template, row.status = UUID(ident), "settled"
    await db.in_thread(lambda: Call.objects.bulk_update(rows, ["template", "status"]))
    assert (await mine.delete(f"/api/v1/prompts/{ids[1]}")).status_code in {200, 204}
    items = (await mine.get("/api/v1/usage?by=template")).json()["items"]
    named = {item["template"]: (item["template_name"], item["template_slug"]) for item in items}
    assert named == {ids[0]: ("Kept", "kept"), ids[1]: (None, None)}
    lines = list(csv.DictReader(io.StringIO((await mine.get("/api/v1/usage.csv?by=template")).text)))
    assert {line["template_name"]: line["template_slug"] for line in lines} == {"Kept": "kept", "": ""}


async def test_administrators_set_budgets_and_nobody_else(site: Site) -> None:
    ada = await site.person("ada@example.org")
    boss = await site.person("boss@example.org", role="admin")
    person, admin = await site.script(ada), await site.script(boss)
    new = {"scope": "user", "subject": str(ada.pk), "measure": "requests", "limit": 5, "period": "day"}
    assert (await person.post("/api/v1/budgets", json=new)).status_code == 404
    made = await admin.post("/api/v1/budgets", json=new)
    assert made.status_code == 201
    for wrong in ({"subject": str(uuid4())}, {"scope": "everybody"}, {"limit": -1}, {"period": "week"}, {"more": 1}):
        assert (await admin.post("/api/v1/budgets", json={**new, **wrong})).status_code == 422, wrong
    path = f"/api/v1/budgets/{made.json()['id']}"
    assert (await admin.patch(path, json={"limit": 7, "name": "Seven"})).status_code == 204
    [mine] = (await person.get("/api/v1/budgets")).json()["items"]
    assert (mine["name"], mine["limit"], mine["used"], mine["subject_name"]) == ("Seven", 7, 0, "ada@example.org")
    assert (await admin.get("/api/v1/budgets")).json()["items"] == []
    assert len((await admin.get("/api/v1/budgets?view=all")).json()["items"]) == 1
    assert (await person.delete(path)).status_code == 404
    assert (await admin.delete(path)).status_code == 204
    assert (await admin.delete(path)).status_code == 404
