"""Jobs to look at, and the form of a batch that is refused."""

from typing import Any

from playwright.sync_api import Page, expect

from tests.support.person import Person


def batch(person: Person, rows: int = 3, **spec: Any) -> str:
    """Start a batch; its id."""
    given = {"rows": [{"word": f"w{row}"} for row in range(rows)], "template": {"user": "n=2 rate=0 {{word}}"}, **spec}
    return str(person.api("POST", "jobs", {"kind": "batch", "name": "Words", "spec": given})["id"])


def refused_batch(page: Page) -> None:
    """The form of a new batch, with a table in which a line is broken, and an error at a field."""
    page.goto("/jobs/new/batch")
    table = b"Name,Task\nBo,n=2 rate=0\none,two,three\n"
    page.locator("input[type=file]").set_input_files({"name": "t.csv", "mimeType": "text/csv", "buffer": table})
    expect(page.get_by_text("Line 3:")).to_be_visible()
    page.get_by_role("button", name="Start").click()
    expect(page.get_by_text("This is needed.")).to_be_visible()
    expect(page.get_by_label("What each row asks")).to_be_focused()
