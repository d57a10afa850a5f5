"""Django's entry for accounts."""

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """See the package's docstring."""

    name = "backend.accounts"
    label = "accounts"

    def ready(self) -> None:
        """Listen to logouts and password changes."""
        from backend.accounts import signals

        signals.connect()
