"""Django's entry for jobs."""

from django.apps import AppConfig


class JobsConfig(AppConfig):
    """See the package's docstring."""

    name = "backend.jobs"
    label = "jobs"
