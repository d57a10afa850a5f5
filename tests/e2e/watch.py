"""Listens to what a page complains of: errors on the console, exceptions nobody caught, breaches of the policy."""

import re

from playwright.sync_api import BrowserContext, ConsoleMessage, WebError

BREACHES = """
document.addEventListener("securitypolicyviolation", (event) =>
  console.error(`policy: ${event.violatedDirective} blocked ${event.blockedURI}`));
"""


class Watch:
    """All complaints of the contexts that it follows; those that a test announces are allowed."""

    def __init__(self) -> None:
        self.complaints: list[str] = []
        self._expected: list[re.Pattern[str]] = []

    def follow(self, context: BrowserContext) -> None:
        """Listen to every page of a context from now on."""
        context.add_init_script(BREACHES)
        context.on("console", self._console)
        context.on("weberror", self._thrown)

    def expect(self, pattern: str) -> None:
        """The test makes this happen: complaints that match are its own doing."""
        self._expected.append(re.compile(pattern))

    @property
    def unexpected(self) -> list[str]:
        """What no test made happen."""
        return [one for one in self.complaints if not any(pattern.search(one) for pattern in self._expected)]

    def _console(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.complaints.append(f"{message.text} ({message.location.get('url', '')})")

    def _thrown(self, error: WebError) -> None:
        self.complaints.append(f"thrown: {error.error}")
