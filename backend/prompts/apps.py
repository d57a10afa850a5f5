"""Django's entry for prompts."""

from django.apps import AppConfig


class PromptsConfig(AppConfig):
    """See the package's docstring."""

    name = "backend.prompts"
    label = "prompts"
