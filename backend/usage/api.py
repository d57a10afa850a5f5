"""`/api/v1/usage` and `/api/v1/budgets`: what was used, by whom, and how much may be."""

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from ninja import Query, Router, Status

from backend.accounts.permissions import Account, Site, Verb, require
from backend.accounts.principal import Principal
from backend.core.db import in_thread
from backend.core.errors import BadRequest
from backend.usage import budgets, reports, table
from backend.usage.schemas import BudgetChange, BudgetList, BudgetNew, UsageQuery, UsageReport, View

router = Router(tags=["usage"])
CSV = {"description": "CSV", "content": {"text/csv": {"schema": {"type": "string"}}}}


@router.get("/usage", response=UsageReport, summary="Tokens, cost and speed", by_alias=True)
async def usage_get(request: HttpRequest, query: Query[UsageQuery]) -> HttpResponse:
    """Sums of the ledger, grouped `by` day, model, user, team, key or template; the last 30 days without `from`."""
    report = await _report(request, query)
    return HttpResponse(report.model_dump_json(by_alias=True), content_type="application/json")


@router.get(
    "/usage.csv",
    summary="The same as a table",
    openapi_extra={"responses": {200: CSV}},
)
async def usage_csv(request: HttpRequest, query: Query[UsageQuery]) -> HttpResponse:
    """The groups as CSV, for spreadsheets."""
    report = await _report(request, query, most=table.MOST_LINES)
    name = f"usage-{report.view}-{report.from_}-{report.to}.csv"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return HttpResponse(table.csv_of(report), content_type="text/csv; charset=utf-8", headers=headers)


@router.get("/budgets", response=BudgetList, summary="Budgets, and what is used of them")
async def budgets_list(request: HttpRequest, view: View = "own") -> BudgetList:
    """Those that limit the caller; with `view=all`, for who may see it, all of them."""
    principal = _allowed(request, view)
    items = await (budgets.every() if view == "all" else budgets.own(principal))
    return BudgetList(items=items)


@router.post("/budgets", response={201: dict[str, UUID]}, summary="Set a budget")
async def budgets_create(request: HttpRequest, body: BudgetNew) -> Status[Any]:
    """For a person, a team, a key, each of them, or everybody. Administrators only."""
    _manager(request)
    return Status(201, {"id": await in_thread(budgets.budget_create, data=body)})


@router.patch("/budgets/{budget_id}", response={204: None}, summary="Change a budget")
async def budgets_update(request: HttpRequest, budget_id: UUID, body: BudgetChange) -> Status[Any]:
    """Its name or limit, or whether it holds. Administrators only."""
    _manager(request)
    await in_thread(budgets.budget_update, budget=budget_id, data=body)
    return Status(204, None)


@router.delete("/budgets/{budget_id}", response={204: None}, summary="Remove a budget")
async def budgets_delete(request: HttpRequest, budget_id: UUID) -> Status[Any]:
    """What was spent stays in the ledger. Administrators only."""
    _manager(request)
    await in_thread(budgets.budget_delete, budget=budget_id)
    return Status(204, None)


async def _report(request: HttpRequest, query: UsageQuery, *, most: int | None = None) -> UsageReport:
    principal = _allowed(request, query.view)
    if query.view == "own" and query.user not in (None, principal.user_id):
        raise BadRequest("The own view has nobody else's usage; ask with view=all.", field="user")
    more = {} if most is None else {"most": most}
    return await reports.report(query=query, user=principal.user_id, **more)


def _allowed(request: HttpRequest, view: View) -> Principal:
    principal = _caller(request)
    if view == "all":
        require(principal, "read", Site("usage"))
    else:
        require(principal, "read", Account(principal.user_id))
    return principal


def _manager(request: HttpRequest, verb: Verb = "write") -> None:
    require(_caller(request), verb, Site("usage"))


def _caller(request: HttpRequest) -> Principal:
    principal: Principal = request.principal  # type: ignore[attr-defined]
    return principal
