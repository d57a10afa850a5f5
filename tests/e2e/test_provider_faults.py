"""A provider that is down, has a bad key or breaks off says so at the message, with a way on."""

import re

import pytest
from playwright.sync_api import expect

from tests.e2e.chat import Chat, words
from tests.e2e.test_answers import numbers
from tests.support.upstream import Upstream


def test_a_bad_key_is_told_at_the_message_with_who_can_mend_it(chat: Chat) -> None:
    answer = chat.asked("n=5 rate=0 id=key status=401 times=1")
    expect(answer).to_contain_text("refused the API key. An administrator can correct it.")
    expect(answer.get_by_role("button", name="Continue")).to_have_count(0)
    answer.get_by_role("button", name="Try again", exact=True).click()
    expect(chat.answers.last.get_by_role("group", name="Version 2 of 2")).to_be_visible()
    assert numbers(chat.said(chat.finished())) == list(range(5))


def test_a_provider_that_is_down_is_told_at_the_message_and_answers_when_it_is_back(
    chat: Chat, upstream: Upstream
) -> None:
    upstream.stop()
    try:
        chat.ask("n=5 rate=0")
        answer = chat.finished()
        expect(answer).to_contain_text("could not answer")
        expect(chat.composer).to_be_enabled()
    finally:
        upstream.start()
    answer.get_by_role("button", name="Try again", exact=True).click()
    expect(chat.answers.last.get_by_role("group", name="Version 2 of 2")).to_be_visible()
    assert numbers(chat.said(chat.finished())) == list(range(5))


def test_another_model_can_take_over_where_one_is_down(chat: Chat) -> None:
    answer = chat.asked("text=plain rate=0 id=other status=401 times=9")
    chat.menu(answer, "Rivulet guide")
    expect(chat.answers.last.get_by_role("group", name="Version 2 of 2")).to_be_visible()
    chat.finished()
    assert chat.stored()["status"] == "done"


@pytest.mark.parametrize("fault", ["cut=20", "errorat=20", "junk=20"])
def test_what_came_before_a_break_is_kept_and_can_be_continued(chat: Chat, fault: str) -> None:
    answer = chat.asked(f"n=60 rate=200 id={fault.replace('=', '-')} {fault} times=1")
    assert numbers(chat.said(answer))[:20] == list(range(20))
    answer.get_by_role("button", name="Continue").click()
    expect(chat.answers.last.get_by_role("group", name="Version 2 of 2")).to_be_visible()
    again = chat.finished()
    assert numbers(chat.said(again)) == list(range(60))
    assert chat.said(again) == words(chat.stored()["text"])


def test_a_busy_provider_is_asked_again_before_anything_is_said(chat: Chat, upstream: Upstream) -> None:
    answer = chat.asked("n=5 rate=0 id=busy status=503 times=1")
    assert numbers(chat.said(answer)) == list(range(5))
    assert upstream.calls("busy") == 2
    expect(answer.get_by_text(re.compile("HTTP 503"))).to_have_count(0)


def test_a_model_that_fails_in_mid_answer_leaves_its_words_and_a_reason(chat: Chat) -> None:
    chat.page.get_by_role("button", name="Model: ").click()
    chat.page.get_by_role("option", name="error").click()
    answer = chat.asked("rate=100")
    expect(chat.text(answer)).to_contain_text("A rivulet is a small")
    expect(answer).to_contain_text("The scripted model has failed.")
    expect(answer.get_by_role("button", name="Try again", exact=True)).to_be_visible()
