"""Django's entry for catalog."""

from django.apps import AppConfig


class CatalogConfig(AppConfig):
    """See the package's docstring."""

    name = "backend.catalog"
    label = "catalog"
    verbose_name = "Catalogue"

    def ready(self) -> None:
        """Listen to changes of providers and models; tell doctor how the providers are."""
        from backend.catalog import checks, signals
        from backend.core import checkup

        signals.connect()
        checkup.register(checks.providers)
