"""The page on a phone: one column, a drawer, room for a thumb."""

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.e2e.chat import Chat
from tests.e2e.conftest import PHONE, Visit
from tests.e2e.jobs import batch, refused_batch
from tests.e2e.watch import Watch
from tests.support.person import Person

SMALL = """() => [...document.querySelectorAll("button, a, input, textarea, select, summary, [role=option]")]
  .filter((one) => one.checkVisibility({ visibilityProperty: true, opacityProperty: true }) && !one.closest("[inert]"))
  .filter((one) => !(one.tagName === "A" && one.closest("p, li p, label, .katex")))
  .filter((one) => !(one.tagName === "A" && [...one.parentNode.childNodes].some(({ nodeType }) => nodeType === 3)))
  .map((one) => {
    const target = one.closest("label") ?? one;
    const box = target.getBoundingClientRect();
    const more = getComputedStyle(one, "::after");
    const spread = more.content !== "none" && more.position === "absolute" ? more : { width: 0, height: 0 };
    return {
      name: one.getAttribute("aria-label") || one.textContent.trim().slice(0, 40) || one.outerHTML.slice(0, 60),
      width: Math.max(box.width, parseFloat(spread.width) || 0),
      height: Math.max(box.height, parseFloat(spread.height) || 0),
      bottom: box.bottom,
    };
  })
  .filter(({ width, height, bottom }) => bottom > 0 && width > 1 && height > 1 && (width < 43.5 || height < 43.5))"""


@pytest.fixture
def phone(visit: Visit, ada: Person) -> Chat:
    return Chat(visit(ada, **PHONE), ada)


def swipe(page: Page, start: int, end: int) -> None:
    """A finger across the page, at the height of 400."""
    session = page.context.new_cdp_session(page)
    points = [start + (end - start) * step // 6 for step in range(7)]
    for kind, at in (("touchStart", points[0]), *(("touchMove", one) for one in points[1:])):
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": at, "y": 400}]})
    session.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})


def drawer(page: Page) -> Locator:
    return page.locator("aside")


def test_one_column_without_sideways_scrolling(phone: Chat) -> None:
    phone.ask("text=markdown rate=0")
    phone.finished()
    assert phone.page.evaluate("document.documentElement.scrollWidth") == 390
    box = phone.composer.bounding_box()
    assert box is not None
    assert box["y"] + box["height"] <= 844
    expect(phone.composer).to_have_css("font-size", "16px")


def test_the_drawer_opens_by_button_and_closes_when_a_chat_is_chosen(phone: Chat) -> None:
    chat = str(phone.person.api("POST", "conversations", {"title": "Tides"})["id"])
    expect(drawer(phone.page)).not_to_be_in_viewport()
    phone.page.get_by_role("button", name="Show chats").click()
    expect(drawer(phone.page)).to_be_in_viewport()
    drawer(phone.page).get_by_role("link", name="Tides").click()
    phone.page.wait_for_url(f"**/c/{chat}")
    expect(drawer(phone.page)).not_to_be_in_viewport()


def test_the_drawer_follows_a_swipe(phone: Chat) -> None:
    expect(phone.composer).to_be_visible()
    swipe(phone.page, 8, 320)
    expect(drawer(phone.page)).to_be_in_viewport(ratio=0.9)
    swipe(phone.page, 330, 20)
    expect(drawer(phone.page)).not_to_be_in_viewport()


def test_enter_makes_a_line_and_the_button_sends(phone: Chat) -> None:
    phone.composer.press_sequentially("text=plain")
    phone.composer.press("Enter")
    phone.composer.press_sequentially("rate=0")
    expect(phone.composer).to_have_value("text=plain\nrate=0")
    phone.send_button.tap()
    expect(phone.questions).to_have_count(1)
    phone.finished()


def test_every_target_has_room_for_a_thumb(phone: Chat, visit: Visit) -> None:
    phone.ask("text=markdown rate=0")
    phone.finished()
    assert phone.page.evaluate(SMALL) == []
    phone.page.get_by_role("button", name="Show chats").click()
    expect(drawer(phone.page)).to_be_in_viewport(ratio=0.9)
    assert phone.page.evaluate(SMALL) == []
    for path in ("/settings/keys", "/settings/appearance"):
        phone.page.goto(path)
        expect(phone.page.get_by_role("heading", name="Settings")).to_be_visible()
        assert phone.page.evaluate(SMALL) == []
    refused_batch(phone.page)
    assert phone.page.evaluate(SMALL) == []
    assert phone.page.evaluate("document.documentElement.scrollWidth") == 390
    phone.page.goto(f"/jobs/{batch(phone.person)}")
    expect(phone.page.get_by_text("Done 3", exact=True)).to_be_visible()
    assert phone.page.evaluate(SMALL) == []
    assert phone.page.evaluate("document.documentElement.scrollWidth") == 390
    stranger = visit(None, "/signup", **PHONE)
    expect(stranger.get_by_role("heading", name="Create your account")).to_be_visible()
    assert stranger.evaluate(SMALL) == []


def test_the_note_about_the_line_covers_no_words(phone: Chat, watch: Watch) -> None:
    watch.expect(r"ERR_|WebSocket connection")
    phone.ask("text=plain rate=0 " + "words that fill a line or two " * 5)
    phone.finished()
    phone.page.context.set_offline(True)
    note = phone.page.get_by_text("You are offline.")
    expect(note).to_be_visible()
    told, text = note.bounding_box(), phone.scroller.bounding_box()
    assert told is not None
    assert text is not None
    assert told["y"] + told["height"] <= text["y"]
    assert told["x"] >= 0
    assert told["x"] + told["width"] <= 390
    assert phone.page.evaluate("document.documentElement.scrollWidth") == 390
    box = phone.composer.bounding_box()
    assert box is not None
    assert box["y"] + box["height"] <= 844
    phone.page.context.set_offline(False)
    expect(phone.page.get_by_text("Caught up")).to_be_visible()
    expect(phone.page.get_by_text("Caught up")).to_have_count(0)
