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


def test_an_archived_chat_leaves_the_list_and_waits_in_the_archive(visit: Visit, ada: Person) -> None:
    chats(ada, "Tides", "Ghent")
    page = visit(ada)
    choose(page, "Tides", "Archive")
    expect(link(page, "Tides")).to_have_count(0)
    page.get_by_role("button", name="Undo").click()
    expect(link(page, "Tides")).to_be_visible()
    choose(page, "Tides", "Archive")
    expect(link(page, "Tides")).to_have_count(0)
    page.get_by_role("button", name=ada.name).click()
    page.get_by_role("menuitem", name="Archived chats").click()
    expect(page.get_by_role("heading", name="Archive")).to_be_visible()
    choose(page, "Tides", "Take out of the archive")
    expect(page.get_by_text("The archive is empty")).to_be_visible()
    page.get_by_role("button", name="Back to chats").click()
    expect(link(page, "Tides")).to_be_visible()


def test_search_finds_words_in_titles_and_in_texts(visit: Visit, ada: Person) -> None:
    [tides, ghent, _] = chats(ada, "Tides", "Ghent", "Probes")
    ada.asked("What does a lighthouse keeper eat? text=plain", ghent)
    page = visit(ada)
    box = page.get_by_role("searchbox", name="Search chats")
    box.fill("tide")
    expect(page.get_by_role("heading", name="1 chat found")).to_be_visible()
    expect(link(page, "Tides")).to_have_attribute("href", f"/c/{tides}")
    box.fill("lighthouse")
    expect(link(page, "Ghent")).to_have_attribute("href", f"/c/{ghent}")
    expect(link(page, "Tides")).to_have_count(0)
    box.fill("nowhere to be found")
    expect(page.get_by_text("Nothing found for “nowhere to be found”")).to_be_visible()
    box.press("Escape")
    expect(link(page, "Probes")).to_be_visible()
