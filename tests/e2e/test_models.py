"""Choosing who answers."""

import re

from playwright.sync_api import expect

from tests.e2e.chat import Chat
from tests.e2e.conftest import Visit


def test_the_picker_lists_the_models_as_the_upstream_names_them_and_finds_one(chat: Chat) -> None:
    picker = chat.page.get_by_role("button", name="Model: ")
    picker.click()
    options = chat.page.get_by_role("listbox", name="Choose a model").get_by_role("option")
    expect(options).to_contain_text(["mock", "markdown", "reasoning", "error", "guide"], use_inner_text=False)
    find = chat.page.get_by_role("combobox", name="Find a model")
    expect(find).to_be_focused()
    find.fill("reas")
    expect(options).to_have_count(1)
    find.press("Enter")
    expect(chat.page.get_by_role("button", name="Model: reasoning")).to_be_visible()
    expect(chat.composer).to_be_focused()
    chat.asked("rate=0")
    assert chat.stored()["model"] == "reasoning"


def test_at_sign_opens_the_picker_and_is_not_part_of_the_question(chat: Chat) -> None:
    chat.composer.press_sequentially("rate=0 @")
    find = chat.page.get_by_role("combobox", name="Find a model")
    expect(find).to_be_focused()
    find.press_sequentially("markd")
    expect(chat.page.get_by_role("option")).to_have_count(1)
    find.press("Enter")
    expect(chat.composer).to_have_value("rate=0 ")
    expect(chat.page.get_by_role("button", name="Model: markdown")).to_be_visible()


def test_a_choice_holds_for_the_chat_and_for_the_next_one(chat: Chat, visit: Visit) -> None:
    chat.page.get_by_role("button", name="Model: ").click()
    chat.page.get_by_role("option", name="markdown").click()
    chat.asked("n=5 rate=0")
    chat.asked("n=5 rate=0")
    assert [chat.stored(index)["model"] for index in (0, 1)] == ["markdown", "markdown"]
    chat.page.get_by_role("link", name="New chat").first.click()
    expect(chat.page.get_by_role("button", name="Model: markdown")).to_be_visible()
    chat.page.reload()
    expect(chat.page.get_by_role("button", name="Model: markdown")).to_be_visible()


def test_without_a_connected_model_the_guide_offers_its_questions_and_answers_them(chat: Chat) -> None:
    chat.page.get_by_role("button", name="Model: ").click()
    chat.page.get_by_role("combobox", name="Find a model").fill("guide")
    chat.page.get_by_role("option").first.click()
    chat.page.get_by_role("button", name="How do I connect a real model?").click()
    answer = chat.finished()
    expect(chat.text(answer)).to_contain_text("Connect a model")
    link = chat.text(answer).get_by_role("link", name=re.compile("^Connect a model")).first
    address = link.get_attribute("href")
    assert address is not None
    assert chat.page.request.get(address).ok
