"""Django's entry for the core."""

from django.apps import AppConfig


class CoreConfig(AppConfig):
    """Outbox, idempotency and the like."""

    name = "backend.core"
    label = "core"
