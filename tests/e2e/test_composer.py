"""The box in which one writes."""

import time

import pytest
from playwright.sync_api import expect

from tests.e2e.chat import Chat
from tests.e2e.conftest import Visit
from tests.support.person import Person


def height(chat: Chat) -> float:
    box = chat.composer.bounding_box()
    assert box is not None
    return box["height"]


def test_it_grows_with_its_text_to_a_limit_and_shrinks_again(chat: Chat) -> None:
    one = height(chat)
    chat.composer.fill("\n".join("line" for _ in range(5)))
    five = height(chat)
    assert five >= one + 3 * 20
    chat.composer.fill("\n".join("line" for _ in range(200)))
    assert height(chat) < 900 * 0.6
    expect(chat.send_button).to_be_in_viewport()
    chat.composer.fill("")
    assert height(chat) == one


def test_enter_sends_and_shift_enter_makes_a_line(chat: Chat) -> None:
    chat.composer.press_sequentially("text=plain")
    chat.composer.press("Shift+Enter")
    chat.composer.press_sequentially("second line")
    expect(chat.composer).to_have_value("text=plain\nsecond line")
    expect(chat.questions).to_have_count(0)
    chat.composer.press("Enter")
    expect(chat.questions).to_have_count(1)
    expect(chat.composer).to_have_value("")
    expect(chat.composer).to_be_focused()
    chat.finished()
    questions = [one for one in chat.person.messages(chat.id) if one["role"] == "user"]
    assert [one["text"] for one in questions] == ["text=plain\nsecond line"]


def test_the_message_stands_there_before_the_server_answers(chat: Chat) -> None:
    chat.page.route("**/api/**", lambda route: None)
    chat.ask("ttft=5 text=plain")
    expect(chat.questions).to_contain_text("ttft=5 text=plain")


def test_drafts_are_kept_over_reloads_for_each_chat(visit: Visit, ada: Person) -> None:
    [one, two] = [str(ada.api("POST", "conversations", {"title": title})["id"]) for title in ("One", "Two")]
    chat = Chat(visit(ada, f"/c/{one}"), ada)
    chat.composer.fill("a thought for one")
    chat.page.get_by_role("link", name="Two").click()
    expect(chat.composer).to_have_value("")
    chat.composer.fill("another for two")
    chat.page.reload()
    expect(chat.composer).to_have_value("another for two")
    chat.page.get_by_role("link", name="One").click()
    expect(chat.composer).to_have_value("a thought for one")
    other = Chat(chat.page.context.new_page(), ada)
    other.page.goto(f"/c/{two}")
    expect(other.composer).to_have_value("another for two")


def test_the_next_question_waits_in_sight_and_goes_when_the_answer_has_ended(chat: Chat) -> None:
    chat.ask("n=80 rate=40")
    chat.begun()
    chat.composer.press_sequentially("text=plain and next")
    expect(chat.composer).to_have_value("text=plain and next")
    chat.composer.press("Enter")
    waiting = chat.page.get_by_role("status").filter(has_text="Goes next")
    expect(waiting).to_contain_text("text=plain and next")
    expect(chat.composer).to_have_value("")
    expect(chat.questions).to_have_count(1)
    chat.page.reload()
    expect(waiting).to_contain_text("text=plain and next")
    expect(chat.questions).to_have_count(2)
    expect(waiting).to_have_count(0)
    chat.finished()
    asked = [one["text"] for one in chat.person.messages(chat.id) if one["role"] == "user"]
    assert asked == ["n=80 rate=40", "text=plain and next"]


def test_what_waits_for_the_answer_can_be_taken_back(chat: Chat) -> None:
    chat.ask("n=300 rate=40")
    chat.begun()
    for words in ("first", "second"):
        chat.composer.fill(words)
        chat.composer.press("Enter")
    chat.composer.fill("third")
    chat.page.get_by_role("button", name="Take back").click()
    expect(chat.composer).to_have_value("first\n\nsecond\n\nthird")
    expect(chat.composer).to_be_focused()
    chat.composer.press("Escape")
    chat.finished()
    expect(chat.questions).to_have_count(1)


@pytest.mark.alone
@pytest.mark.parametrize("word", ["абвгд" * 40_000, "e\u0301" * 50_000], ids=["letters", "marks"])
def test_a_word_without_end_is_pasted_changed_and_sent_at_once(chat: Chat, word: str) -> None:
    page = chat.page
    chat.composer.focus()
    began = time.monotonic()
    page.keyboard.insert_text(word)
    page.keyboard.press("!")
    assert page.evaluate("document.activeElement.value.length") == len(word) + 1
    chat.send_button.click()
    expect(chat.questions).to_have_count(1)
    assert time.monotonic() - began < 6
