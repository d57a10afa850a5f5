"""What a screen reader hears: the start, the end and errors; never every token."""

import re

from playwright.sync_api import expect

from tests.e2e.chat import Chat, until

HEARD = """() => {
  window.heard = [];
  const last = new Map();
  const listen = () => {
    for (const one of document.querySelectorAll("[aria-live], [role=status], [role=alert], [role=log]")) {
      const text = one.textContent.trim();
      if (text && last.get(one) !== text) window.heard.push(text);
      last.set(one, text);
    }
  };
  listen();
  window.heard = [];
  new MutationObserver(listen).observe(document.body, { subtree: true, childList: true, characterData: true });
}"""


def test_the_start_and_the_end_of_an_answer_are_announced_and_no_token_is(chat: Chat) -> None:
    chat.asked("n=3 rate=0")
    chat.page.evaluate(HEARD)
    chat.ask("n=60 rate=60")
    chat.finished()
    until(chat.page, "window.heard.some((one) => one.trim() === 'Answer finished')")
    heard = [one.strip() for one in chat.page.evaluate("window.heard")]
    assert heard == ["Answer started", "Answer finished"]


def test_a_stopped_and_a_failed_answer_are_announced(chat: Chat) -> None:
    chat.page.evaluate(HEARD)
    chat.ask("n=900 rate=50")
    chat.begun()
    chat.stop_button.click()
    until(chat.page, "window.heard.includes('Answer stopped')")
    chat.finished()
    chat.ask("n=20 rate=0 id=heard errorat=5 times=9")
    alert = chat.page.get_by_role("alert").filter(has_text=re.compile("scripted model has failed"))
    expect(alert.first).to_be_attached()


def test_the_transcript_is_a_list_with_names(chat: Chat) -> None:
    chat.asked("text=plain rate=0")
    chat.asked("text=plain rate=0")
    names = [chat.messages.nth(index) for index in range(4)]
    for item, name in zip(names, ["You", "Answer by mock"] * 2, strict=True):
        expect(item).to_have_accessible_name(name)
    expect(chat.page.get_by_role("main")).to_have_count(1)
    expect(chat.page.get_by_role("heading", level=1)).to_have_count(1)
