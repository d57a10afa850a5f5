"""`make screenshots`: pictures of the page in its judging list, at three widths and in both themes, in `screenshots/`.

`--docs` also writes the two pictures of the README, `docs/images/chat-{light,dark}.png`. Names of arguments choose
scenes. The product runs as in the browser tests, with the scripted provider.
"""

import argparse
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, Playwright, expect, sync_playwright

from backend.config.environment import ROOT
from tests.e2e.chat import Chat
from tests.support import browser as browsers
from tests.support.line import Line
from tests.support.person import Person
from tests.support.product import Product
from tests.support.upstream import Upstream

FOLDER = ROOT / "screenshots"
IMAGES = ROOT / "docs" / "images"
IMAGE_LIMIT = 200_000
VIEWS: dict[int, dict[str, Any]] = {
    1440: {"viewport": {"width": 1440, "height": 900}},
    1024: {"viewport": {"width": 1024, "height": 768}},
    390: {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True, "device_scale_factor": 2},
}
TITLES = ("Tides and the moon", "A week in Ghent", "Why probes drift", "Bread without yeast", "Letters to a landlord")


@dataclass
class Studio:
    """What a scene needs: a browser, the product, somebody with chats, and the options of the view."""

    browser: Browser
    playwright: Playwright
    product: Product
    person: Person
    rivers: str
    options: dict[str, Any]

    def open(self, path: str, *, signed_in: bool = True, base: str | None = None) -> Page:
        """A page in a fresh context."""
        options = {**self.options, "base_url": base or self.product.url, "reduced_motion": "reduce", "locale": "en-GB"}
        if signed_in:
            options["storage_state"] = self.person.state(base)
        page = self.browser.new_context(**options).new_page()
        page.goto(path)
        return page

    def chat(self, path: str = "/", **options: Any) -> Chat:
        """A page with the composer ready."""
        found = Chat(self.open(path, **options), self.person)
        expect(found.composer).to_be_visible()
        return found

    def ask(self, chat: Chat, text: str) -> None:
        """Send by the button, which a phone has too."""
        chat.composer.fill(text)
        chat.send_button.click()


Scene = Callable[[Studio], Page]


def first_visit(studio: Studio) -> Page:
    """What a stranger sees."""
    page = studio.open("/", signed_in=False)
    expect(page.get_by_role("heading", name="Create your account")).to_be_visible()
    return page


def sign_in(studio: Studio) -> Page:
    """A form with an error at its field."""
    page = studio.open("/login", signed_in=False)
    page.get_by_label("E-mail").fill("grace@example.org")
    page.get_by_label("Password", exact=True).fill("not this one")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_text("do not belong together")).to_be_visible()
    return page


def empty_chat(studio: Studio) -> Page:
    """Before the first question."""
    return studio.chat().page


def streaming(studio: Studio) -> Page:
    """A long answer in mid-stream."""
    chat = studio.chat()
    chat.page.get_by_role("button", name="Model: ").click()
    chat.page.get_by_role("option", name="markdown").click()
    studio.ask(chat, "Tell me about rivers, at length.")
    expect(chat.answers.last.get_by_role("table").first).to_be_visible()
    expect(chat.answers.last.locator("pre code span span").first).to_be_visible()
    return chat.page


def code_and_table(studio: Studio) -> Page:
    """A finished answer with all that can be set."""
    chat = studio.chat(f"/c/{studio.rivers}")
    expect(chat.page.get_by_role("img", name="Diagram")).to_be_visible(timeout=30_000)
    chat.scroller.evaluate("box => { box.scrollTop = 0; }")
    return chat.page


def formula_and_diagram(studio: Studio) -> Page:
    """The second half of it."""
    chat = studio.chat(f"/c/{studio.rivers}")
    expect(chat.page.get_by_role("img", name="Diagram")).to_be_visible(timeout=30_000)
    chat.scroller.evaluate("box => { box.scrollTop = box.scrollHeight; }")
    return chat.page


def reasoning(studio: Studio) -> Page:
    """What a model thought, unfolded."""
    answer = studio.person.asked("What is a rivulet?", model="reasoning")
    chat = studio.chat(f"/c/{answer['conversation']}")
    chat.answers.last.locator("summary").click()
    return chat.page


def error(studio: Studio) -> Page:
    """An answer that broke off."""
    answer = studio.person.asked("Name ten rivers.", model="error")
    chat = studio.chat(f"/c/{answer['conversation']}")
    expect(chat.page.get_by_role("button", name="Continue")).to_be_visible()
    return chat.page


def offline(studio: Studio) -> Page:
    """The line is down, and a question waits for it."""
    with Line(studio.product.port) as line:
        chat = studio.chat(f"/c/{studio.rivers}", base=line.url)
        expect(chat.answers).to_have_count(1)
        line.cut()
        studio.ask(chat, "And what does the sea do with all this water?")
        expect(chat.page.get_by_text("Reconnecting.")).to_be_visible()
        expect(chat.answers.last).to_contain_text("Waits for the connection")
    return chat.page


def settings_keys(studio: Studio) -> Page:
    """Keys for scripts."""
    page = studio.open("/settings/keys")
    expect(page.get_by_text("nightly report")).to_be_visible()
    return page


def settings_appearance(studio: Studio) -> Page:
    """Theme and language."""
    page = studio.open("/settings/appearance")
    expect(page.get_by_role("heading", name="Theme")).to_be_visible()
    return page


def chats(studio: Studio) -> Page:
    """The list: on a phone the drawer, else the menu of a chat."""
    page = studio.chat(f"/c/{studio.rivers}").page
    if studio.options.get("is_mobile"):
        page.get_by_role("button", name="Show chats").click()
    else:
        page.get_by_role("link", name=TITLES[1]).click(button="right")
        expect(page.get_by_role("menu")).to_be_visible()
    return page


def palette(studio: Studio) -> Page:
    """Search and commands."""
    page = studio.chat().page
    page.keyboard.press("Control+k")
    expect(page.get_by_role("option").first).to_be_visible()
    return page


SCENES: list[Scene] = [
    first_visit, sign_in, empty_chat, streaming, code_and_table, formula_and_diagram, reasoning, error, offline,
    settings_keys, settings_appearance, chats, palette,
]  # fmt: skip


def person(playwright: Playwright, product: Product) -> tuple[Person, str]:
    """Somebody with some chats, one of them about rivers."""
    ada = Person(playwright, product.url)
    for title in reversed(TITLES):
        ada.api("POST", "conversations", {"title": title})
    rivers = str(ada.api("POST", "conversations", {"title": "Rivers, from rain to sea"})["id"])
    ada.asked("How do rivers work? Show me numbers, code and a drawing.", rivers, model="markdown")
    ada.api("POST", "keys", {"name": "nightly report", "scopes": ["completions", "models:read"]})
    ada.api("POST", "keys", {"name": "shell"})
    return ada, rivers


def shoot(page: Page, path: Path) -> None:
    """A picture once fonts and pictures are there."""
    page.evaluate("() => document.fonts.ready.then(() => null)")
    page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(null))))")
    path.parent.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=path, caret="hide")
    print(path.relative_to(ROOT), flush=True)


def main() -> None:
    """Take the pictures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("scenes", nargs="*", metavar="SCENE", help=", ".join(scene.__name__ for scene in SCENES))
    parser.add_argument("--docs", action="store_true", help="write the README's pictures too")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="rivulet-shots-", dir="/tmp") as home, Upstream() as upstream:
        Path(home).chmod(0o711)
        settings = {"OPENAI_BASE_URL": upstream.url, "OPENAI_API_KEY": "any", "TITLES": "off", "LIMITS": "off"}
        with Product(Path(home), **settings) as product, sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=browsers.ensure(), args=browsers.FLAGS)
            for theme in ("light", "dark"):
                for width, view in VIEWS.items():
                    ada, rivers = person(playwright, product)
                    studio = Studio(browser, playwright, product, ada, rivers, {**view, "color_scheme": theme})
                    for scene in SCENES:
                        if not options.scenes or scene.__name__ in options.scenes:
                            page = scene(studio)
                            shoot(page, FOLDER / f"{scene.__name__}-{width}-{theme}.png")
                            page.context.close()
                if options.docs:
                    ada, rivers = person(playwright, product)
                    view = {"viewport": {"width": 1200, "height": 960}, "color_scheme": theme}
                    studio = Studio(browser, playwright, product, ada, rivers, view)
                    page = streaming(studio)
                    shoot(page, IMAGES / f"chat-{theme}.png")
                    page.context.close()
                    size = (IMAGES / f"chat-{theme}.png").stat().st_size
                    assert size < IMAGE_LIMIT, f"chat-{theme}.png is {size} bytes"
            browser.close()


if __name__ == "__main__":
    main()
