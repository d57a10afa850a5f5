"""Django's entry for chat."""

from django.apps import AppConfig


class ChatConfig(AppConfig):
    """See the package's docstring."""

    name = "backend.chat"
    label = "chat"
