"""Django's entry for usage."""

from django.apps import AppConfig
from django.db.models.signals import post_save


class UsageConfig(AppConfig):
    """See the package's docstring."""

    name = "backend.usage"
    label = "usage"
    verbose_name = "Usage"

    def ready(self) -> None:
        """Count a budget anew when it is changed."""
        from backend.usage.budgets import recount
        from backend.usage.models import Budget

        post_save.connect(recount, sender=Budget, dispatch_uid="usage-budget")
