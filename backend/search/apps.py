"""Django's entry for search."""

from django.apps import AppConfig


class SearchConfig(AppConfig):
    """See the package's docstring."""

    name = "backend.search"
    label = "search"
    verbose_name = "Web search"

    def ready(self) -> None:
        """Tell doctor how the search services are."""
        from backend.core import checkup
        from backend.search import checks

        checkup.register(checks.services)
