"""The list of chats: named, pinned, put away, deleted and found."""

from playwright.sync_api import Locator, Page, expect

from tests.e2e.conftest import Visit
from tests.support.person import Person


def link(page: Page, title: str) -> Locator:
    return page.get_by_role("navigation", name="Your chats").get_by_role("link", name=title)


def choose(page: Page, title: str, item: str) -> None:
    link(page, title).hover()
    page.get_by_role("button", name=f"Actions for “{title}”").click()
    page.get_by_role("menuitem", name=item, exact=True).click()


def group(page: Page, name: str) -> Locator:
    return page.get_by_role("region", name=name)


def chats(ada: Person, *titles: str) -> list[str]:
    return [str(ada.api("POST", "conversations", {"title": title})["id"]) for title in titles]


def test_a_chat_is_renamed_in_place_and_in_other_tabs(visit: Visit, ada: Person) -> None:
    [chat] = chats(ada, "Tides")
    page, other = visit(ada), visit(ada)
    expect(link(other, "Tides")).to_be_visible()
    choose(page, "Tides", "Rename")
    page.get_by_role("textbox", name="Title").fill("The moon's pull")
    page.keyboard.press("Enter")
    expect(link(page, "The moon's pull")).to_be_focused()
    expect(link(other, "The moon's pull")).to_be_visible()
    page.reload()
    expect(link(page, "The moon's pull")).to_be_visible()
    assert ada.api("GET", f"conversations/{chat}")["title"] == "The moon's pull"


def test_a_pinned_chat_stands_above_the_others_until_it_is_let_go(visit: Visit, ada: Person) -> None:
    chats(ada, "Tides", "Ghent", "Probes")
    page = visit(ada)
    choose(page, "Tides", "Pin")
    expect(group(page, "Pinned").get_by_role("link")).to_have_text(["Tides"])
    page.reload()
    expect(page.get_by_role("navigation", name="Your chats").get_by_role("link").first).to_have_text("Tides")
    choose(page, "Tides", "Unpin")
    expect(group(page, "Pinned")).to_have_count(0)
    expect(group(page, "Today").get_by_role("link")).to_have_count(3)


def test_a_deleted_chat_comes_back_whole_by_undo(visit: Visit, ada: Person) -> None:
    [chat, _] = chats(ada, "Tides", "Ghent")
    answer = ada.asked("text=plain", chat)
    page = visit(ada, f"/c/{chat}")
    expect(page.get_by_text(answer["text"].strip())).to_be_visible()
    choose(page, "Tides", "Delete")
    expect(link(page, "Tides")).to_have_count(0)
    expect(page.get_by_role("heading", name="What would you like to know?")).to_be_visible()
    page.get_by_role("button", name="Undo").click()
    expect(link(page, "Tides")).to_be_visible()
    expect(page.get_by_text(answer["text"].strip())).to_be_visible()
    page.reload()
    expect(page.get_by_text(answer["text"].strip())).to_be_visible()


def test_a_deleted_chat_is_gone_everywhere(visit: Visit, ada: Person) -> None:
    [chat, _] = chats(ada, "Tides", "Ghent")
    page, other = visit(ada), visit(ada)
    expect(link(other, "Tides")).to_be_visible()
    choose(page, "Tides", "Delete")
    expect(link(other, "Tides")).to_have_count(0)
    page.reload()
    expect(link(page, "Ghent")).to_be_visible()
    expect(link(page, "Tides")).to_have_count(0)
    ada.api("GET", f"conversations/{chat}", status=404)


def test_others_do_not_see_or_find_a_chat(visit: Visit, ada: Person, person) -> None:
    [chat] = chats(ada, "Tides")
    grace = person("grace")
    page = visit(grace)
    expect(page.get_by_text("No chats yet")).to_be_visible()
    page.get_by_role("searchbox", name="Search chats").fill("Tides")
    expect(page.get_by_text("Nothing found for “Tides”")).to_be_visible()
    grace.api("GET", f"conversations/{chat}", status=404)
