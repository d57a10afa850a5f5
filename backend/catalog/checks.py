"""What `doctor` says about providers."""

from backend.catalog.selectors import failures
from backend.core.checkup import Finding


async def providers() -> list[Finding]:
    """A line for each provider whose list of models could not be read."""
    advice = "Look at its key and address; it is tried again by itself."
    return [Finding(name, "warning", message, advice) for name, message in await failures()] or [
        Finding("providers", "ok", "all lists of models could be read")
    ]
