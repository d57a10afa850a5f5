"""One answer, read in several places and over reloads: always the same text, and all of it."""

from playwright.sync_api import Page, expect

from tests.e2e.chat import Chat, words
from tests.e2e.conftest import Visit
from tests.support.person import Person

TOKENS = "n=150 rate=40"


def all_same(*chats: Chat) -> None:
    stored = chats[0].stored()
    for chat in chats:
        chat.finished()
        assert chat.said(chat.answers.last) == words(stored["text"])
        expect(chat.questions).to_have_count(chats[0].questions.count())


def watches(page: Page, chat: Chat) -> Chat:
    page.goto(f"/c/{chat.id}")
    return Chat(page, chat.person)


def test_two_tabs_on_one_conversation_see_the_same_text_live(chat: Chat) -> None:
    chat.asked("n=3 rate=0")
    other = watches(chat.page.context.new_page(), chat)
    expect(other.answers).to_have_count(1)
    chat.ask(TOKENS)
    expect(other.questions).to_have_count(2)
    other.begun()
    chat.begun()
    all_same(chat, other)


def test_two_browsers_write_in_turn_and_see_each_other(chat: Chat, visit: Visit, ada: Person) -> None:
    chat.asked("n=3 rate=0")
    other = watches(visit(ada), chat)
    expect(other.answers).to_have_count(1)
    other.ask(TOKENS)
    expect(chat.questions).to_have_count(2)
    chat.begun()
    all_same(other, chat)


def test_a_reader_who_comes_in_mid_answer_sees_it_from_its_first_word(chat: Chat, visit: Visit, ada: Person) -> None:
    chat.ask(TOKENS)
    chat.begun()
    other = watches(visit(ada), chat)
    other.begun()
    all_same(chat, other)


def test_a_reload_in_mid_answer_shows_everything_and_goes_on(chat: Chat) -> None:
    chat.ask("n=240 rate=40")
    chat.begun()
    assert chat.id
    for _ in range(2):
        before = chat.said(chat.answers.last)
        chat.page.reload()
        after = chat.said(chat.begun())
        assert after.startswith(before[: before.rindex(" ")] if " " in before else before)
    all_same(chat)


def test_an_answer_goes_on_when_everybody_leaves(chat: Chat, visit: Visit, ada: Person) -> None:
    chat.ask(TOKENS)
    chat.begun()
    address = f"/c/{chat.id}"
    chat.page.close()
    other = Chat(visit(ada, address), ada)
    other.finished()
    assert len(other.said(other.answers.last).split()) == 150
    all_same(other)


def test_the_list_of_another_browser_marks_what_is_written_and_what_is_unread(
    chat: Chat, visit: Visit, ada: Person
) -> None:
    other = visit(ada)
    chat.ask("n=80 rate=40")
    expect(other.get_by_role("link", name="being written")).to_be_visible()
    chat.finished()
    expect(other.get_by_role("link", name="unread")).to_be_visible()
    expect(chat.page.get_by_role("link", name="unread")).to_have_count(0)
