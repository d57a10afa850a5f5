"""Django's entry for ops."""

from django.apps import AppConfig


class OpsConfig(AppConfig):
    """See the package's docstring."""

    name = "backend.ops"
    label = "ops"
