"""Jobs in the admin: what runs where, and what was given up."""

from django.contrib import admin
from django.http import HttpRequest
from unfold.admin import ModelAdmin

from backend.jobs.models import Job


@admin.register(Job)
class JobAdmin(ModelAdmin):
    """To look at. People's inputs and results are not shown."""

    list_display = ("id", "kind", "owner", "status", "reason", "done", "failed", "total", "cost", "created")
    list_filter = ("kind", "status", "reason")
    fields = (
        *("kind", "owner", "status", "reason", "error", "step", "total", "done", "failed", "cost", "cost_cap"),
        *("fence", "lease_owner", "lease_until", "idle_claims", "pushed_at", "created", "started_at", "finished_at"),
    )
    readonly_fields = fields

    def has_add_permission(self, request: HttpRequest) -> bool:  # noqa: ARG002
        """Jobs are made by people."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Job | None = None) -> bool:  # noqa: ARG002
        """They go with retention."""
        return False
