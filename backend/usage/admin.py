"""The ledger, to be read, and budgets, to be set, in the admin."""

from typing import Any, ClassVar

from django.contrib import admin
from django.http import HttpRequest
from unfold.admin import ModelAdmin

from backend.usage.models import Budget, Call, Reconciliation, SearchPrice


class Read(ModelAdmin):
    """Rows that nobody writes by hand."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002
        """The ledger is written by calls."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002
        """What was spent stays as it was."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002
        """Nothing leaves the ledger."""
        return False


@admin.register(Call)
class CallAdmin(Read):
    """Calls to providers."""

    list_display = (
        "created", "status", "purpose", "provider", "model", "user_id", "input_tokens", "output_tokens", "cost", "error"
    )  # fmt: skip
    list_filter = ("status", "purpose", "provider")
    show_full_result_count = False
    ordering: ClassVar = ["-created"]


@admin.register(Reconciliation)
class ReconciliationAdmin(Read):
    """What the hourly look over the books found."""

    list_display = ("created", "calls", "open_calls", "lost", "problems")
    ordering: ClassVar = ["-created"]


@admin.register(SearchPrice)
class SearchPriceAdmin(Read):
    """What a credit of a search service cost, and since when; `TAVILY_CREDIT_PRICE` sets it."""

    list_display = ("service", "price", "created")
    ordering: ClassVar = ["-created"]


@admin.register(Budget)
class BudgetAdmin(ModelAdmin):
    """Budgets."""

    list_display = ("name", "scope", "subject", "period", "measure", "most", "enabled")
    list_filter = ("scope", "period", "measure", "enabled")
