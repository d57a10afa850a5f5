"""Templates in the browser: written, tried, released, shared, and used by `/` in a chat."""

import re
from typing import Any
from uuid import uuid4

from playwright.sync_api import Page, expect

from tests.e2e.chat import Chat
from tests.e2e.conftest import Visit
from tests.e2e.watch import Watch
from tests.support.person import Person

REPLY: dict[str, Any] = {
    "name": "Reply to a customer",
    "description": "A polite answer in the house's tone.",
    "folder": "Support",
    "tags": ["mail"],
    "system": "You write for Rivulet.",
    "user": "text=plain Answer {{customer}} in a {{tone}} tone.",
    "variables": [
        {"name": "customer", "label": "Customer"},
        {"name": "tone", "type": "choice", "choices": ["warm", "plain"], "default": "warm"},
    ],
}


def made(person: Person, **fields: Any) -> dict[str, Any]:
    found: dict[str, Any] = person.api("POST", "prompts", {**REPLY, **fields})
    return found


def test_slash_opens_a_template_whose_form_becomes_the_message(visit: Visit, ada: Person) -> None:
    template = made(ada)
    chat = Chat(visit(ada), ada)
    page = chat.page
    chat.composer.press("/")
    page.get_by_role("combobox", name="Find a template").fill("reply")
    page.get_by_role("option", name="Reply to a customer").wait_for()
    page.keyboard.press("Enter")
    form = page.get_by_role("group", name="Template Reply to a customer")
    expect(form.get_by_label("Customer")).to_be_focused()
    chat.send_button.click()
    expect(form.get_by_text("This is needed.")).to_be_visible()
    expect(form.get_by_label("Customer")).to_be_focused()
    expect(chat.questions).to_have_count(0)
    form.get_by_label("Customer").fill("Bo")
    form.get_by_label("tone").select_option("plain")
    chat.composer.fill("Thank them.")
    chat.composer.press("Enter")
    question = chat.questions.first
    expect(question).to_contain_text("Answer Bo in a plain tone.")
    expect(question).to_contain_text("Thank them.")
    expect(form).to_have_count(0)
    chat.finished()
    expect(question.get_by_role("link", name="Reply to a customer v1")).to_be_visible()
    page.get_by_text("Instructions of Reply to a customer").click()
    expect(page.get_by_text("You write for Rivulet.")).to_be_visible()
    messages = ada.messages(chat.id)
    assert [one["role"] for one in messages] == ["system", "user", "assistant"]
    assert messages[-1]["prompt"]["version"] == template["current"]["id"]
    assert messages[-1]["prompt"]["variables"] == {"customer": "Bo", "tone": "plain"}
    page.reload()
    expect(chat.questions.first).to_contain_text("Answer Bo in a plain tone.")
    expect(chat.questions).to_have_count(1)


def test_escape_leaves_the_template_out_and_a_slash_inside_a_text_is_text(visit: Visit, ada: Person) -> None:
    made(ada)
    chat = Chat(visit(ada), ada)
    chat.composer.press_sequentially("and/or")
    expect(chat.composer).to_have_value("and/or")
    chat.composer.fill("")
    chat.composer.press("/")
    chat.page.get_by_role("option", name="Reply to a customer").click()
    form = chat.page.get_by_role("group", name="Template Reply to a customer")
    form.get_by_label("Customer").press("Escape")
    expect(form).to_have_count(0)
    expect(chat.composer).to_be_focused()
    expect(chat.composer).to_have_value("")


def test_a_template_is_written_with_its_preview_beside_it_tried_and_saved(visit: Visit, ada: Person) -> None:
    page = visit(ada, "/templates")
    page.get_by_role("link", name="New template").click()
    page.get_by_label("Name").fill("Three words")
    prompt = page.get_by_label("Prompt", exact=True)
    prompt.fill("text=plain Say three words about {{topic}}.")
    tried = page.get_by_role("region", name="Try it out")
    tried.get_by_label("topic").fill("rain")
    expect(tried.get_by_text("Say three words about rain.")).to_be_visible()
    tried.get_by_role("button", name="Ask the model").click()
    expect(tried.get_by_role("heading", name="Answer")).to_be_visible()
    expect(tried.get_by_role("button", name="Ask again")).to_be_visible()
    prompt.fill("text=plain Say {{ it's }} about {{topic}}.")
    expect(prompt).to_have_accessible_description(re.compile("is no placeholder"))
    expect(tried.get_by_text("about rain.")).to_be_visible()
    page.reload()
    expect(prompt).to_have_value("text=plain Say {{ it's }} about {{topic}}.")
    prompt.fill("Say three words about {{topic}}.")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", name="Three words")).to_be_visible()
    expect(page.get_by_text("three-words")).to_be_visible()
    assert ada.api("GET", "conversations")["items"] == []


def test_a_version_is_saved_compared_released_and_taken_back(visit: Visit, ada: Person) -> None:
    template = made(ada)
    page = visit(ada, f"/templates/{template['id']}")
    prompt = page.get_by_label("Prompt", exact=True)
    prompt.fill("text=plain Answer {{customer}} briefly, in a {{tone}} tone.")
    page.get_by_label("What changed (optional)").fill("shorter")
    page.get_by_role("button", name="Save as v2").click()
    page.get_by_role("button", name="Release it").click()
    expect(page.get_by_text("released v2")).to_be_visible()
    page.get_by_text("Versions (2)").click()
    expect(page.get_by_role("button", name="v2 released shorter")).to_be_visible()
    changes = page.get_by_role("table", name="Prompt")
    expect(changes.locator("mark").first).to_contain_text("briefly")
    page.get_by_role("list", name="Versions").get_by_role("button", name="v1").click()
    page.get_by_role("button", name="Labels").click()
    page.get_by_role("menuitemradio", name="released").click()
    expect(page.get_by_text("released v1")).to_be_visible()
    page.get_by_role("button", name="Make it the newest").click()
    expect(prompt).to_have_value(REPLY["user"])
    assert ada.api("GET", f"prompts/{template['id']}")["newest"] == 3


def test_somebody_elses_version_is_not_overwritten(visit: Visit, ada: Person, watch: Watch) -> None:
    watch.expect("409 ")
    template = made(ada)
    page = visit(ada, f"/templates/{template['id']}")
    prompt = page.get_by_label("Prompt", exact=True)
    prompt.fill("mine {{customer}} {{tone}}")
    ada.api("POST", f"prompts/{template['id']}/versions", {"user": "theirs"})
    page.get_by_role("button", name="Save as v2").click()
    expect(page.get_by_text("Version 2 was saved meanwhile; yours was made from version 1.")).to_be_visible()
    page.get_by_role("button", name="Go on with mine").click()
    page.get_by_role("button", name="Save as v3").click()
    expect(page.get_by_text("Version 3 saved")).to_be_visible()


def test_a_template_is_found_shared_and_read_by_who_it_is_shared_with(
    visit: Visit, ada: Person, person: Any, watch: Watch
) -> None:
    watch.expect("422 .*/shares")  # nobody has that address
    watch.expect("404 .*/prompts/")
    word = f"w{uuid4().hex[:8]}"
    grace = person(name="grace")
    template = made(ada, name=f"About {word}", tags=[word])
    made(ada, name="Another")
    page = visit(ada, "/templates")
    page.get_by_role("searchbox", name="Search templates").fill(word)
    expect(page.get_by_role("link", name=f"About {word}", exact=True)).to_be_visible()
    expect(page.get_by_role("link", name="Another", exact=True)).to_have_count(0)
    page.get_by_role("link", name=f"About {word}", exact=True).click()
    share(page, "nobody@example.org")
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_text("Nobody here has the address nobody@example.org.")).to_be_visible()
    dialog.get_by_label("E-mail address").fill(grace.email)
    dialog.get_by_role("button", name="Share", exact=True).click()
    expect(dialog.get_by_role("listitem").filter(has_text="Grace")).to_be_visible()
    hers = visit(grace, f"/templates/{template['id']}")
    expect(hers.get_by_label("Prompt", exact=True)).to_have_attribute("readonly", "")
    expect(hers.get_by_role("button", name="Share", exact=True)).to_have_count(0)
    dialog.get_by_role("button", name="Stop sharing with Grace").click()
    expect(dialog.get_by_role("listitem")).to_have_count(0)
    hers.reload()
    expect(hers.get_by_text("This template is not here")).to_be_visible()


def share(page: Page, address: str) -> None:
    page.get_by_role("button", name="Share", exact=True).click()
    page.get_by_label("E-mail address").fill(address)
    page.get_by_role("dialog").get_by_role("button", name="Share", exact=True).click()


def test_a_deleted_template_comes_back_by_undo(visit: Visit, ada: Person) -> None:
    template = made(ada)
    page = visit(ada, f"/templates/{template['id']}")
    page.get_by_role("button", name="More actions").click()
    page.get_by_role("menuitem", name="Delete").click()
    expect(page.get_by_text("No templates yet")).to_be_visible()
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_role("link", name="Reply to a customer", exact=True)).to_be_visible()
