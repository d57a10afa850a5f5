"""Editing a question branches the conversation; nothing is lost."""

from playwright.sync_api import Locator, expect

from tests.e2e.chat import Chat


def edit(chat: Chat, question: Locator, text: str) -> None:
    question.hover()
    question.get_by_role("button", name="Edit").click()
    box = chat.page.get_by_role("textbox", name="Edit your message")
    expect(box).to_be_focused()
    box.fill(text)
    box.press("Enter")


def test_an_edit_branches_and_every_version_keeps_its_own_continuation(chat: Chat) -> None:
    chat.asked("first text=plain rate=0")
    chat.asked("follow-up text=plain rate=0")
    for number, text in enumerate(("second text=plain rate=0", "third text=plain rate=0"), 2):
        edit(chat, chat.questions.first, text)
        expect(chat.questions).to_have_count(1)
        expect(chat.questions.first).to_contain_text(text)
        expect(chat.questions.first.get_by_role("group", name=f"Version {number} of {number}")).to_be_visible()
        chat.finished()
    question = chat.questions.first
    question.hover()
    question.get_by_role("button", name="Previous version").click()
    expect(question).to_contain_text("second")
    expect(question.get_by_role("group", name="Version 2 of 3")).to_contain_text("2/3")
    question.get_by_role("button", name="Previous version").click()
    expect(question).to_contain_text("first")
    expect(chat.questions).to_have_count(2)
    expect(chat.questions.last).to_contain_text("follow-up")
    expect(question.get_by_role("button", name="Previous version")).to_be_disabled()
    chat.page.reload()
    expect(chat.questions.first.get_by_role("group", name="Version")).to_be_visible()
    assert len(chat.person.messages(chat.id)) == 8


def test_arrow_up_edits_the_last_message_and_escape_leaves_it_as_it_was(chat: Chat) -> None:
    chat.asked("text=plain rate=0")
    chat.composer.press("ArrowUp")
    box = chat.page.get_by_role("textbox", name="Edit your message")
    expect(box).to_be_focused()
    expect(box).to_have_value("text=plain rate=0")
    box.fill("something else")
    box.press("Escape")
    expect(box).to_have_count(0)
    expect(chat.composer).to_be_focused()
    expect(chat.questions.last).to_contain_text("text=plain rate=0")
    assert len(chat.person.messages(chat.id)) == 2
