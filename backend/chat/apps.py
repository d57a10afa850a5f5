"""Django's entry for chat."""

from django.apps import AppConfig


class ChatConfig(AppConfig):
    """See the package's docstring."""

    name = "backend.chat"
    label = "chat"

    def ready(self) -> None:
        """Let the ledger be compared with the answers."""
        from backend.chat.books import ledgered
        from backend.usage import books

        books.register(ledgered)
