"""The line to the server breaks: it is said quietly, nothing is lost, nothing comes twice."""

import os
import signal
import time
from collections.abc import Iterator

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.e2e.chat import Chat, words
from tests.e2e.conftest import Visit
from tests.e2e.watch import Watch
from tests.support.line import Line
from tests.support.person import Person
from tests.support.product import Product, wait_until
from tests.support.upstream import Upstream

BROKEN = r"ERR_|WebSocket connection|status of 50\d"


@pytest.fixture
def line(product: Product) -> Iterator[Line]:
    with Line(product.port) as laid:
        yield laid


@pytest.fixture
def far(line: Line, visit: Visit, ada: Person, watch: Watch) -> Chat:
    """Ada's page on the other end of the line."""
    watch.expect(BROKEN)
    return Chat(visit(ada, base_url=line.url), ada)


def note(page: Page, text: str) -> Locator:
    return page.get_by_text(text)


def test_a_cut_line_is_told_after_two_seconds_and_the_answer_catches_up_exactly(far: Chat, line: Line) -> None:
    far.ask("n=400 rate=50")
    far.begun()
    line.cut()
    cut = time.monotonic()
    before = far.said(far.answers.last)
    expect(note(far.page, "Reconnecting. You can go on; what you send waits here.")).to_be_visible()
    assert time.monotonic() - cut > 1.5
    assert far.said(far.answers.last).startswith(before)
    expect(far.page.get_by_role("dialog")).to_have_count(0)
    line.mend()
    expect(note(far.page, "Caught up")).to_be_visible()
    expect(note(far.page, "Caught up")).to_have_count(0)
    far.finished()
    assert far.said(far.answers.last) == words(far.stored()["text"])
    assert len(far.said(far.answers.last).split()) == 400


@pytest.mark.parametrize("how", ["Esc", "Stop"])
def test_stopping_what_has_not_left_yet_takes_it_back(
    far: Chat, line: Line, ada: Person, upstream: Upstream, how: str
) -> None:
    line.cut()
    expect(note(far.page, "Reconnecting. You can go on; what you send waits here.")).to_be_visible()
    far.ask(f"n=5 rate=0 id=taken{how}")
    expect(note(far.page, "Waits for the connection, then goes by itself.")).to_be_visible()
    if how == "Esc":
        far.page.keyboard.press("Escape")
    else:
        far.page.get_by_role("button", name="Stop", exact=True).click()
    expect(far.composer).to_have_value(f"n=5 rate=0 id=taken{how}")
    expect(note(far.page, "Waits for the connection, then goes by itself.")).to_have_count(0)
    line.mend()
    expect(note(far.page, "Reconnecting. You can go on; what you send waits here.")).to_have_count(0)
    far.page.wait_for_timeout(500)
    assert upstream.calls(f"taken{how}") == 0


def test_a_short_break_is_not_worth_a_word(far: Chat, line: Line) -> None:
    far.page.evaluate(
        """() => { window.told = []; new MutationObserver(() => {
             for (const one of document.querySelectorAll('[role=status]'))
               if (/Reconnecting|Caught up/.test(one.textContent)) window.told.push(one.textContent);
           }).observe(document.body, { subtree: true, childList: true, characterData: true }); }"""
    )
    far.ask("n=150 rate=50")
    far.begun()
    line.cut()
    line.mend()
    far.finished()
    assert far.said(far.answers.last) == words(far.stored()["text"])
    assert far.page.evaluate("window.told") == []


def test_what_is_sent_meanwhile_waits_and_goes_once(far: Chat, line: Line, upstream: Upstream) -> None:
    far.asked("n=3 rate=0")
    line.cut()
    far.ask("text=plain rate=0 id=once")
    expect(far.answers.last).to_contain_text("Waits for the connection, then goes by itself.")
    line.mend()
    far.finished()
    expect(far.questions).to_have_count(2)
    assert upstream.calls("once") == 1
    assert [one["role"] for one in far.person.messages(far.id)] == ["user", "assistant"] * 2


def test_what_waits_survives_a_reload_and_is_still_sent_once(far: Chat, line: Line, upstream: Upstream) -> None:
    far.asked("n=3 rate=0")
    line.cut()
    far.ask("text=plain rate=0 id=kept")
    expect(far.answers.last).to_contain_text("Waits for the connection")
    line.mend()
    far.page.reload()
    far.finished()
    expect(far.questions).to_have_count(2)
    assert upstream.calls("kept") == 1


def test_a_restarted_server_is_found_again_by_itself(chat: Chat, product: Product, watch: Watch) -> None:
    watch.expect(BROKEN)
    chat.asked("n=3 rate=0")
    before = product.pid("web-1")
    os.kill(before, signal.SIGKILL)
    chat.ask("n=30 rate=0")
    chat.finished()
    wait_until(lambda: product.again("web-1", before), "the node is started again")
    assert chat.said(chat.answers.last) == words(chat.stored()["text"])
    assert len(chat.person.messages(chat.id)) == 4


def test_offline_is_told_in_its_own_words(far: Chat, line: Line) -> None:
    far.asked("n=3 rate=0")
    far.page.context.set_offline(True)
    line.cut()
    expect(note(far.page, "You are offline.")).to_be_visible()
    line.mend()
    far.page.context.set_offline(False)
    expect(note(far.page, "Caught up")).to_be_visible()


@pytest.mark.alone
def test_a_network_that_is_gone_is_told_after_two_seconds_and_found_again_at_once(chat: Chat, watch: Watch) -> None:
    watch.expect(BROKEN)
    chat.asked("text=plain rate=0")
    context = chat.page.context
    context.set_offline(True)
    gone = time.monotonic()
    chat.ask("text=plain rate=0 meanwhile")
    expect(chat.answers.last).to_contain_text("Waits for the connection, then goes by itself.")
    expect(note(chat.page, "You are offline. You can go on; what you send waits here.")).to_be_visible()
    assert 1.8 < time.monotonic() - gone < 4
    chat.page.wait_for_timeout(6_000)
    context.set_offline(False)
    back = time.monotonic()
    expect(chat.page.get_by_text("Caught up")).to_be_visible()
    assert time.monotonic() - back < 2
    chat.finished()
    assert [one["role"] for one in chat.person.messages(chat.id)] == ["user", "assistant"] * 2


def test_a_short_loss_of_the_network_is_not_worth_a_word(chat: Chat, watch: Watch) -> None:
    watch.expect(BROKEN)
    chat.page.evaluate(
        """() => { window.told = []; new MutationObserver(() => {
             for (const one of document.querySelectorAll('[role=status]'))
               if (/offline|Reconnecting|Caught up/.test(one.textContent)) window.told.push(one.textContent);
           }).observe(document.body, { subtree: true, childList: true, characterData: true }); }"""
    )
    chat.ask("n=150 rate=50")
    chat.begun()
    for _ in range(3):
        chat.page.context.set_offline(True)
        chat.page.wait_for_timeout(400)
        chat.page.context.set_offline(False)
    chat.finished()
    assert chat.page.evaluate("window.told") == []
    assert len(chat.said(chat.answers.last).split()) == 150
