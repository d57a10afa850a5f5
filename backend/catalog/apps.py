"""Django's entry for catalog."""

from django.apps import AppConfig


class CatalogConfig(AppConfig):
    """See the package's docstring."""

    name = "backend.catalog"
    label = "catalog"
    verbose_name = "Catalogue"

    def ready(self) -> None:
        """Listen to changes of providers and models."""
        from backend.catalog import signals

        signals.connect()
