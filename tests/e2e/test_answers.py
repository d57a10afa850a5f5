"""What can be done with an answer: fold its reasoning, stop it, try again, continue, copy."""

import re

from playwright.sync_api import expect

from tests.e2e.chat import Chat, words
from tests.e2e.conftest import Visit
from tests.load.scripts import ANSWER, NUMBERED, THOUGHT
from tests.support.person import Person
from tests.support.upstream import Upstream


def numbers(text: str) -> list[int]:
    return [int(one) for one in NUMBERED.findall(text + " ")]


def test_reasoning_is_folded_to_one_line_that_opens(chat: Chat) -> None:
    chat.ask("text=reasoning rate=20")
    answer = chat.answers.last
    expect(answer.get_by_text("Thinking", exact=True)).to_be_visible()
    chat.finished()
    expect(answer.get_by_text(re.compile(r"^Thought for \d+ s$"))).to_be_visible()
    expect(answer.get_by_text("The question is about water.")).to_have_count(0)
    assert chat.said(answer).endswith(words(ANSWER))
    answer.locator("summary").click()
    expect(answer.get_by_text(THOUGHT.strip())).to_be_visible()
    assert chat.stored()["text"] == ANSWER


def test_stop_ends_the_answer_keeps_its_text_and_leaves_the_provider(chat: Chat, upstream: Upstream) -> None:
    aborted = upstream.stats()["aborted"]
    chat.ask("n=2000 rate=50")
    answer = chat.begun()
    chat.stop_button.click()
    chat.finished()
    expect(answer.get_by_text("Stopped.")).to_be_visible()
    expect(chat.composer).to_be_focused()
    stored = chat.stored()
    assert stored["status"] == "cancelled"
    assert 0 < len(numbers(stored["text"])) < 500
    assert numbers(chat.said(answer)) == numbers(stored["text"])
    assert upstream.stats()["aborted"] == aborted + 1


def test_escape_stops_too(chat: Chat) -> None:
    chat.ask("n=2000 rate=50")
    chat.begun()
    chat.page.keyboard.press("Escape")
    chat.finished()
    expect(chat.answers.last.get_by_text("Stopped.")).to_be_visible()


def test_continue_goes_on_after_the_last_word_without_a_gap(chat: Chat) -> None:
    chat.ask("n=90 rate=60")
    chat.begun()
    chat.stop_button.click()
    chat.finished()
    chat.answers.last.get_by_role("button", name="Continue").click()
    expect(chat.answers.last.get_by_role("group", name="Version 2 of 2")).to_be_visible()
    answer = chat.finished()
    assert numbers(chat.said(answer)) == list(range(90))
    assert chat.said(answer) == words(chat.stored()["text"])
    assert chat.stored()["status"] == "done"


def test_try_again_makes_a_second_version_beside_the_first(chat: Chat) -> None:
    answer = chat.asked("n=5 rate=0")
    first = chat.said(answer)
    chat.menu(answer, "Try again")
    expect(chat.answers.last.get_by_role("group", name="Version 2 of 2")).to_be_visible()
    second = chat.said(chat.finished())
    assert second != first
    expect(chat.answers).to_have_count(1)
    chat.answers.last.hover()
    chat.answers.last.get_by_role("button", name="Previous version").click()
    expect(chat.text(chat.answers.last)).to_contain_text(first)


def test_try_again_with_another_model_says_who_answered(chat: Chat) -> None:
    answer = chat.asked("n=5 rate=0")
    chat.menu(answer, "reasoning")
    expect(chat.messages.last).to_have_accessible_name("Answer by reasoning")
    chat.finished()
    assert chat.stored()["model"] == "reasoning"


def test_an_answer_is_copied_as_markdown(visit: Visit, ada: Person) -> None:
    chat = Chat(visit(ada, permissions=["clipboard-read", "clipboard-write"]), ada)
    answer = chat.asked("text=markdown rate=0")
    answer.hover()
    answer.get_by_role("button", name="Copy", exact=True).last.click()
    expect(answer.get_by_role("button", name="Copied")).to_be_visible()
    assert chat.page.evaluate("navigator.clipboard.readText()") == chat.stored()["text"]


def test_an_answer_tells_its_model_speed_and_tokens(chat: Chat) -> None:
    answer = chat.asked("n=40 rate=100")
    answer.hover()
    answer.get_by_role("button", name="About this answer").click()
    facts = chat.page.get_by_role("dialog", name="About this answer")
    expect(facts).to_contain_text("mock")
    expect(facts).to_contain_text("10 read, 40 written")
    expect(facts).to_contain_text("tokens/s")
