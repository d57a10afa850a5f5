"""Everything by keyboard, with the focus where one expects it."""

import re

from playwright.sync_api import expect

from tests.e2e.conftest import Visit
from tests.support.person import Person

UNSEEN = """() => [...document.querySelectorAll("a, button, input, textarea")]
  .filter((one) => one.checkVisibility() && one.tabIndex >= 0 && !one.disabled)
  .filter((one) => {
    one.focus({ focusVisible: true });
    const around = [one, one.closest("form"), one.parentElement].filter(Boolean).map((each) => getComputedStyle(each));
    return !around.some(({ outlineStyle, outlineWidth, boxShadow }) =>
      (outlineStyle !== "none" && parseFloat(outlineWidth) > 0) || boxShadow !== "none");
  })
  .map((one) => one.getAttribute("aria-label") || one.textContent)"""


def test_the_palette_finds_chats_and_runs_commands(visit: Visit, ada: Person) -> None:
    tides = str(ada.api("POST", "conversations", {"title": "Tides"})["id"])
    ada.asked("How far is the moon? text=plain", tides)
    page = visit(ada)
    box = page.get_by_role("combobox", name="Go to a chat or run a command")
    page.keyboard.press("Control+k")
    expect(box).to_be_focused()
    box.press_sequentially("tid")
    expect(page.get_by_role("option", name="Tides")).to_have_attribute("aria-selected", "true")
    box.press("Enter")
    page.wait_for_url(f"**/c/{tides}")
    page.keyboard.press("Control+k")
    box.press_sequentially("use the dark")
    expect(page.get_by_role("option").first).to_have_text(re.compile("Use the dark theme"))
    box.press("Enter")
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    page.keyboard.press("Control+k")
    box.press_sequentially("moon")
    expect(page.get_by_role("option", name="Tides")).to_be_visible()
    page.keyboard.press("Escape")
    expect(box).to_have_count(0)
    expect(page.get_by_role("textbox", name="Message", exact=True)).to_be_focused()
