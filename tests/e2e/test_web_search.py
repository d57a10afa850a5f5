"""An answer that searched the web: each step is seen, its sources are cited by number, and all of it is there again."""

import re

from playwright.sync_api import Page, expect

from tests.e2e.chat import Chat
from tests.e2e.conftest import PHONE, Visit
from tests.support.person import Person
from tests.support.web import ScriptedWeb

SWITCH = "Search the web"


def switch_on(page: Page) -> None:
    button = page.get_by_role("button", name=SWITCH)
    expect(button).to_have_attribute("aria-pressed", "false")
    button.click()
    expect(button).to_have_attribute("aria-pressed", "true")


def test_a_question_is_searched_and_the_answer_cites_what_was_found(
    chat: Chat, web: ScriptedWeb, visit: Visit, ada: Person
) -> None:
    page = chat.page
    read = dict(web.reads)
    switch_on(page)
    answer = chat.asked("text=search rate=200")
    expect(answer.get_by_text("Searched “high and low tides”")).to_be_visible()
    expect(answer.get_by_text("Searched “Bay of Fundy”")).to_be_visible()
    sources = answer.get_by_role("region", name="Sources").get_by_role("link")
    cites = answer.get_by_role("link", name=re.compile(r"^Source \d: "))
    expect(cites).to_have_count(4)
    assert sources.count() == 2, "what is not cited is not listed under the answer"
    for link in (*cites.all(), *sources.all()):
        assert str(link.get_attribute("href")).startswith(web.site)
        assert {"noopener", "noreferrer"} <= set(str(link.get_attribute("rel")).split())
    assert web.reads == read, "the page asks the sources for nothing"
    cites.first.focus()
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Tab")
    card = page.get_by_role("group", name="Source 1")
    expect(card).to_contain_text("127.0.0.1")
    page.keyboard.press("Escape")
    expect(card).to_be_hidden()
    said = chat.said(answer)
    page.reload()
    expect(page.get_by_role("button", name=SWITCH)).to_have_attribute("aria-pressed", "true")
    again = chat.finished()
    assert chat.said(again) == said
    stored = chat.stored()
    assert [part["kind"] for part in stored["parts"]] == ["text", "search", "search", "text"]
    assert [one["number"] for one in stored["sources"]][:2] == [1, 2]
    asked = [query for _, query in web.searches]
    chat.menu(again, "Try again")
    chat.finished()
    expect(chat.answers.last.get_by_text("Searched “Bay of Fundy”")).to_be_visible()
    assert len(web.searches) >= len(asked)
    phone = visit(ada, f"/c/{chat.id}", **PHONE)
    cite = phone.get_by_role("link", name=re.compile(r"^Source 1: ")).first
    cite.tap()
    expect(phone.get_by_role("group", name="Source 1").get_by_role("link")).to_be_visible()
    assert phone.url.endswith(chat.id), "a finger opens the card, not the page"


def test_a_new_chat_does_not_search_by_itself(chat: Chat) -> None:
    chat.asked("text=search rate=0")
    expect(chat.answers.last.get_by_text("Searched")).to_have_count(0)
    assert "sources" not in chat.stored() or chat.stored()["sources"] is None
