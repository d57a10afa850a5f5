"""Django's entry for catalog."""

from django.apps import AppConfig


class CatalogConfig(AppConfig):
    """See the package's docstring."""

    name = "backend.catalog"
    label = "catalog"
