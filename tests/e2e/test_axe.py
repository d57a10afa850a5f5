"""axe finds nothing on any page, in both themes, on a desk and on a phone."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from backend.config.environment import ROOT
from tests.e2e.chat import Chat
from tests.e2e.conftest import DESK, PHONE, Visit
from tests.e2e.jobs import batch, refused_batch
from tests.support.person import Person

Options = dict[str, Any]

AXE = ROOT / "frontend" / "node_modules" / "axe-core" / "axe.min.js"
# What moves for ever, such as the caret of an answer that is being written, is not waited for.
SETTLED = """() => Promise.all(document.getAnimations()
  .filter((one) => one.effect.getComputedTiming().endTime !== Infinity)
  .map((one) => one.finished.catch(() => null)))"""
RUN = """async () => (await axe.run(document, { resultTypes: ["violations"] })).violations.map(
  ({ id, help, nodes }) => ({ id, help, at: nodes.map(({ target, failureSummary }) => [target, failureSummary]) }))"""


def violations(page: Page) -> str:
    """What axe finds, readable; the empty string for nothing. Injected past the page's policy, as a debugger would."""
    page.evaluate(AXE.read_text())
    page.evaluate(SETTLED)
    found = page.evaluate(RUN)
    return json.dumps(found, indent=1, ensure_ascii=False) if found else ""


def first_visit(visit: Visit, ada: Person, options: Options) -> Page:
    page = visit(None, "/", **options)
    expect(page.get_by_role("heading", name="Create your account")).to_be_visible()
    return page


def sign_up_with_errors(visit: Visit, ada: Person, options: Options) -> Page:
    page = visit(None, "/signup", **options)
    page.get_by_role("button", name="Create account").click()
    expect(page.get_by_text("This is needed.").first).to_be_visible()
    return page


def empty_chat(visit: Visit, ada: Person, options: Options) -> Page:
    page = visit(ada, "/", **options)
    expect(page.get_by_role("heading", name="What would you like to know?")).to_be_visible()
    return page


def chat_with_answers(visit: Visit, ada: Person, options: Options) -> Page:
    chat = str(ada.api("POST", "conversations", {"title": "Rivers"})["id"])
    ada.asked("text=markdown rate=0", chat)
    ada.asked("text=reasoning rate=0", chat)
    ada.asked("text=search rate=0", chat, tools=[{"type": "web_search"}])
    ada.asked("n=9 rate=0 id=axe errorat=3 times=99", chat)
    page = visit(ada, f"/c/{chat}", **options)
    expect(page.get_by_role("button", name="Continue")).to_be_visible()
    expect(page.locator(".katex").first).to_be_attached()
    return page


def in_mid_answer(visit: Visit, ada: Person, options: Options) -> Page:
    chat = Chat(visit(ada, "/", **options), ada)
    chat.composer.fill("n=3000 rate=30")
    chat.send_button.click()
    chat.begun()
    return chat.page


def keys(visit: Visit, ada: Person, options: Options) -> Page:
    ada.api("POST", "keys", {"name": "nightly report"})
    page = visit(ada, "/settings/keys", **options)
    expect(page.get_by_text("nightly report")).to_be_visible()
    return page


def appearance(visit: Visit, ada: Person, options: Options) -> Page:
    page = visit(ada, "/settings/appearance", **options)
    expect(page.get_by_role("heading", name="Theme")).to_be_visible()
    return page


def palette(visit: Visit, ada: Person, options: Options) -> Page:
    page = visit(ada, "/", **options)
    expect(page.get_by_role("textbox", name="Message", exact=True)).to_be_visible()
    page.keyboard.press("Control+k")
    expect(page.get_by_role("option").first).to_be_visible()
    return page


TEMPLATE = {"name": "Tides", "user": "About {{place}}", "variables": [{"name": "place"}], "tags": ["sea"]}


def templates(visit: Visit, ada: Person, options: Options) -> Page:
    ada.api("POST", "prompts", {**TEMPLATE, "folder": "Coast", "description": "When the water comes"})
    page = visit(ada, "/templates", **options)
    expect(page.get_by_role("button", name="sea")).to_be_visible()
    return page


def template(visit: Visit, ada: Person, options: Options) -> Page:
    made = ada.api("POST", "prompts", TEMPLATE)
    page = visit(ada, f"/templates/{made['id']}", **options)
    page.get_by_role("region", name="Try it out").get_by_label("place").fill("Ostend")
    expect(page.get_by_text("About Ostend")).to_be_visible()
    page.locator("summary").filter(has_text="place").click()
    return page


def versions(visit: Visit, ada: Person, options: Options) -> Page:
    made = ada.api("POST", "prompts", TEMPLATE)
    ada.api("POST", f"prompts/{made['id']}/versions", {"user": "Of tides"})
    page = visit(ada, f"/templates/{made['id']}", **options)
    page.get_by_text("Versions (2)").click()
    expect(page.get_by_role("table", name="Prompt")).to_be_visible()
    return page


def form(visit: Visit, ada: Person, options: Options) -> Page:
    made = ada.api("POST", "prompts", TEMPLATE)
    page = visit(ada, f"/?template={made['id']}", **options)
    page.get_by_role("button", name="Send", exact=True).click()
    expect(page.get_by_text("This is needed.")).to_be_visible()
    return page


def job(visit: Visit, ada: Person, options: Options) -> Page:
    page = visit(ada, f"/jobs/{batch(ada)}", **options)
    expect(page.get_by_text("Done 3", exact=True)).to_be_visible()
    expect(page.get_by_role("button", name="Open row 3")).to_be_visible()
    return page


def new_batch_with_errors(visit: Visit, ada: Person, options: Options) -> Page:
    page = visit(ada, "/jobs", **options)
    refused_batch(page)
    return page


PAGES = [
    first_visit,
    sign_up_with_errors,
    empty_chat,
    chat_with_answers,
    in_mid_answer,
    keys,
    appearance,
    palette,
    templates,
    template,
    versions,
    form,
    job,
    new_batch_with_errors,
]


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("show", PAGES, ids=lambda show: show.__name__)
def test_axe_finds_nothing(
    visit: Visit, ada: Person, show: Callable[[Visit, Person, Options], Page], theme: str
) -> None:
    page = show(visit, ada, {"color_scheme": theme, "viewport": DESK})
    assert violations(page) == ""
    page.set_viewport_size(PHONE["viewport"])
    assert violations(page) == ""
    if show is in_mid_answer:
        expect(page.get_by_role("button", name="Stop", exact=True)).to_be_visible()


def test_axe_finds_nothing_in_the_drawer_of_a_phone(visit: Visit, ada: Person) -> None:
    ada.api("POST", "conversations", {"title": "Tides"})
    page = visit(ada, **PHONE)
    page.get_by_role("button", name="Show chats").click()
    expect(page.get_by_role("link", name="Tides")).to_be_in_viewport()
    assert violations(page) == ""


def test_axe_itself_works(visit: Visit) -> None:
    page = visit()
    page.evaluate("document.body.append(document.createElement('img'))")
    assert "image-alt" in violations(page)
