"""Django's entry for jobs."""

from django.apps import AppConfig


class JobsConfig(AppConfig):
    """See the package's docstring."""

    name = "backend.jobs"
    label = "jobs"

    def ready(self) -> None:
        """Let the ledger be compared with the rows, and name the parts of an export."""
        from backend.jobs.books import ledgered
        from backend.jobs.exports import parts
        from backend.usage import books

        books.register(ledgered)
        parts.register()
