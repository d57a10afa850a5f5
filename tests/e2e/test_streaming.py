"""An answer is written before the reader's eyes, and says exactly what the server has."""

from playwright.sync_api import expect

from tests.e2e.chat import Chat, words


def test_the_answer_grows_token_by_token_and_equals_the_stored_text(chat: Chat) -> None:
    chat.ask("n=60 rate=60")
    answer = chat.begun()
    early = chat.said(answer)
    chat.finished()
    text = chat.said(answer)
    assert text == words(chat.stored()["text"])
    assert text.startswith(early)
    assert len(early) < len(text)
    expect(chat.send_button).to_be_visible()
