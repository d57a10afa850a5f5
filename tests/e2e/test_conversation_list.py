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


def test_an_archived_chat_leaves_the_list_and_waits_in_the_archive(visit: Visit, ada: Person) -> None:
    chats(ada, "Tides", "Ghent")
    page = visit(ada)
    choose(page, "Tides", "Archive")
    expect(link(page, "Tides")).to_have_count(0)
    page.get_by_role("button", name="Undo").click()
    expect(link(page, "Tides")).to_be_visible()
    with page.expect_response(lambda reply: reply.request.method == "PATCH"):
        choose(page, "Tides", "Archive")
    expect(link(page, "Tides")).to_have_count(0)
    page.get_by_role("button", name=ada.name).click()
    page.get_by_role("menuitem", name="Archived chats").click()
    expect(page.get_by_role("heading", name="Archive")).to_be_visible()
    choose(page, "Tides", "Take out of the archive")
    expect(page.get_by_text("The archive is empty")).to_be_visible()
    page.get_by_role("button", name="Back to chats").click()
    expect(link(page, "Tides")).to_be_visible()


def test_an_open_menu_stays_while_the_list_behind_it_changes(visit: Visit, ada: Person) -> None:
    [tides, _, probes] = chats(ada, "Tides", "Ghent", "Probes")
    page = visit(ada)
    link(page, "Tides").hover()
    page.get_by_role("button", name="Actions for “Tides”").click()
    rename = page.get_by_role("menuitem", name="Rename")
    expect(rename).to_be_visible()
    ada.api("DELETE", f"conversations/{probes}", status=204)
    expect(page.get_by_text("Probes")).to_have_count(0)
    ada.api("PATCH", f"conversations/{tides}", {"pinned": True})
    expect(group(page, "Pinned").get_by_text("Tides")).to_be_visible()
    expect(rename).to_be_focused()
    page.get_by_role("menuitem", name="Unpin").click()
    expect(page.get_by_text("Pinned")).to_have_count(0)
    expect(page.get_by_role("button", name="Actions for “Tides”")).to_be_focused()


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


def test_search_finds_words_in_titles_and_in_texts(visit: Visit, ada: Person) -> None:
    [tides, ghent, _] = chats(ada, "Tides", "Ghent", "Probes")
    ada.asked("What does a lighthouse keeper eat? text=plain", ghent)
    page = visit(ada)
    box = page.get_by_role("searchbox", name="Search chats")
    box.fill("tide")
    expect(page.get_by_role("region", name="1 chat found")).to_be_visible()
    expect(link(page, "Tides")).to_have_attribute("href", f"/c/{tides}")
    box.fill("lighthouse")
    expect(link(page, "Ghent")).to_have_attribute("href", f"/c/{ghent}")
    expect(link(page, "Ghent")).to_contain_text("What does a lighthouse keeper eat?")
    expect(link(page, "Ghent").locator("mark")).to_have_text("lighthouse")
    expect(link(page, "Tides")).to_have_count(0)
    box.fill("nowhere to be found")
    expect(page.get_by_text("Nothing found for “nowhere to be found”")).to_be_visible()
    box.press("Escape")
    expect(link(page, "Probes")).to_be_visible()


def test_others_do_not_see_or_find_a_chat(visit: Visit, ada: Person, person) -> None:
    [chat] = chats(ada, "Tides")
    grace = person("grace")
    page = visit(grace)
    expect(page.get_by_text("No chats yet")).to_be_visible()
    page.get_by_role("searchbox", name="Search chats").fill("Tides")
    expect(page.get_by_text("Nothing found for “Tides”")).to_be_visible()
    grace.api("GET", f"conversations/{chat}", status=404)
