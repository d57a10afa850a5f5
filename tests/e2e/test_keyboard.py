"""Everything by keyboard, with the focus where one expects it."""

import re

from playwright.sync_api import expect

from tests.e2e.chat import Chat
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
    box = page.get_by_role("combobox", name="Go to a chat, use a template or run a command")
    expect(page.get_by_role("link", name="Tides")).to_be_visible()
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


def test_a_new_chat_the_list_and_the_sheet_of_keys_have_their_shortcuts(chat: Chat) -> None:
    chat.asked("text=plain rate=0")
    assert chat.id
    page = chat.page
    page.keyboard.press("Control+b")
    expect(page.get_by_role("complementary", name="Chats")).not_to_be_in_viewport()
    page.keyboard.press("Control+b")
    expect(page.get_by_role("complementary", name="Chats")).to_be_in_viewport()
    page.keyboard.press("Control+Shift+O")
    expect(page.get_by_role("heading", name="What would you like to know?")).to_be_visible()
    expect(chat.composer).to_be_focused()
    page.get_by_role("link", name="New chat").first.focus()
    page.keyboard.press("?")
    sheet = page.get_by_role("dialog", name="Keyboard shortcuts")
    expect(sheet).to_contain_text("Stop the answer")
    page.keyboard.press("Escape")
    expect(sheet).to_have_count(0)
    expect(page.get_by_role("link", name="New chat").first).to_be_focused()


def test_letters_belong_to_who_types(chat: Chat) -> None:
    chat.composer.press_sequentially("what? @")
    expect(chat.page.get_by_role("dialog", name="Keyboard shortcuts")).to_have_count(0)
    assert chat.composer.input_value().startswith("what? ")


def test_the_first_tab_skips_to_the_conversation_and_the_focus_is_always_seen(chat: Chat) -> None:
    page = chat.page
    expect(chat.composer).to_be_focused()
    page.goto("/settings/appearance")
    expect(page.get_by_role("heading", name="Settings")).to_be_visible()
    page.keyboard.press("Tab")
    skip = page.get_by_role("link", name="Skip to the conversation")
    expect(skip).to_be_focused()
    expect(skip).to_be_in_viewport()
    page.goto("/")
    expect(chat.composer).to_be_focused()
    unseen = page.evaluate(UNSEEN)
    assert unseen == []


def test_the_whole_way_from_question_to_retry_goes_without_a_mouse(chat: Chat) -> None:
    page = chat.page
    expect(chat.composer).to_be_focused()
    page.keyboard.type("text=plain rate=0")
    page.keyboard.press("Enter")
    chat.finished()
    again = chat.answers.last.get_by_role("button", name="Try again …")
    for _ in range(12):
        page.keyboard.press("Shift+Tab")
        if again.evaluate("one => one === document.activeElement"):
            break
    expect(again).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("menuitem", name="Try again", exact=True)).to_be_focused()
    page.keyboard.press("Enter")
    expect(chat.answers.last.get_by_role("group", name="Version 2 of 2")).to_be_visible()
    chat.finished()
