"""Django's entry for the core."""

from django.apps import AppConfig
from django.conf import settings

from realtime import hints


class CoreConfig(AppConfig):
    """Outbox, idempotency and the like."""

    name = "backend.core"
    label = "core"

    def ready(self) -> None:
        """Web, worker and commands alike announce what they publish."""
        hints.configure(redis_url=settings.RIVULET.redis_url or None)
