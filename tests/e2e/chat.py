"""The chat page as a person sees it: by roles and names."""

import re
import time
from collections.abc import Callable
from typing import Any

from playwright.sync_api import Locator, Page, expect

from tests.support.person import Person


def until(page: Page, condition: str, arg: Any = None, *, within: float = 20.0) -> None:
    """Wait for a condition in the page, without the eval that its policy forbids to Playwright's own waiting."""
    end = time.monotonic() + within
    while not page.evaluate(condition, arg):
        assert time.monotonic() < end, f"not within {within:.0f} s: {condition}"
        page.wait_for_timeout(20)


def wait(page: Page, check: Callable[[], bool], what: str, *, within: float = 20.0) -> None:
    """Wait for a condition here, while what the page does is listened to."""
    end = time.monotonic() + within
    while not check():
        assert time.monotonic() < end, f"{what}: not within {within:.0f} s"
        page.wait_for_timeout(20)


def words(text: str) -> str:
    """Text with its white space made one: how it is set is the page's, what it says is the model's."""
    return " ".join(text.split())


UNSENT = """() => new Promise((resolve, reject) => {
  const opening = indexedDB.open("rivulet");
  opening.onerror = () => reject(opening.error);
  opening.onsuccess = () => {
    const all = opening.result.transaction("outbox").objectStore("outbox").getAll();
    all.onsuccess = () => {
      opening.result.close();
      resolve(all.result.filter(({ item }) => !item.sent));
    };
  };
})"""


def unsent(page: Page) -> list[dict[str, Any]]:
    """What lies in the browser's outbox, whoever's it is."""
    rows: list[dict[str, Any]] = page.evaluate(UNSENT)
    return rows


class Chat:
    """One page that shows one conversation."""

    def __init__(self, page: Page, person: Person) -> None:
        self.page = page
        self.person = person
        self.composer = page.get_by_role("textbox", name="Message", exact=True)
        self.send_button = page.get_by_role("button", name="Send", exact=True)
        self.stop_button = page.get_by_role("button", name="Stop", exact=True)
        self.messages = (
            page.get_by_role("list", name="Conversation").get_by_role("listitem").and_(page.locator("[data-message]"))
        )
        self.questions = self.messages.and_(page.locator("[data-role=user]"))
        self.answers = self.messages.and_(page.locator("[data-role=assistant]"))
        self.scroller = page.locator("div:has(> div > [role=list][aria-label=Conversation])").first

    @property
    def id(self) -> str:
        """The conversation, from the address."""
        self.page.wait_for_url(re.compile(r"/c/[0-9a-f-]{36}"))
        return self.page.url.rsplit("/", 1)[1]

    def ask(self, text: str) -> None:
        """Type and send; the question stands there at once."""
        before = self.questions.count()
        self.composer.fill(text)
        if self.page.evaluate("matchMedia('(pointer: coarse)').matches"):
            self.send_button.tap()
        else:
            self.composer.press("Enter")
        expect(self.questions).to_have_count(before + 1)

    def asked(self, text: str) -> Locator:
        """Ask and wait for the end of the answer."""
        self.ask(text)
        return self.finished()

    def finished(self, answer: Locator | None = None) -> Locator:
        """An answer (the last one unless named) once it is written."""
        found = answer or self.answers.last
        expect(self.text(found)).to_have_attribute("aria-busy", "false", timeout=30_000)
        return found

    def begun(self) -> Locator:
        """The last answer once its first words stand there and the rest is still to come."""
        expect(self.stop_button).to_be_visible()
        expect(self.text(self.answers.last)).to_have_text(re.compile(r"\d{13}\.\d{5}"))
        return self.answers.last

    def text(self, answer: Locator) -> Locator:
        """What was written, without the buttons under it."""
        return answer.locator("[aria-busy]")

    def said(self, answer: Locator) -> str:
        """The words of an answer."""
        return words(self.text(answer).inner_text())

    def stored(self, index: int = -1) -> dict[str, Any]:
        """An answer as the server has it, once it ended."""
        answers = [one for one in self.person.messages(self.id) if one["role"] == "assistant"]
        return self.person.ended(answers[index]["id"])

    def menu(self, answer: Locator, item: str) -> None:
        """Choose from the menu of an answer."""
        answer.hover()
        answer.get_by_role("button", name="Try again …").click()
        self.page.get_by_role("menuitem", name=item, exact=True).click()
