"""Templates where they are named: by a batch, by a schedule, and in the palette."""

import re

from playwright.sync_api import Page, expect

from tests.e2e.conftest import Visit
from tests.e2e.test_templates import made
from tests.support.person import Person

TABLE = b"Who,Note\nBo,kind\nAnn,short\n"
JOB = re.compile(r"/jobs/[0-9a-f-]{36}$")


def pick(page: Page, name: str) -> None:
    """Take a template into the form."""
    page.get_by_role("button", name="From a template").click()
    page.get_by_role("dialog").get_by_role("button", name=name).click()


def test_a_batch_names_its_template_until_its_text_is_changed(visit: Visit, ada: Person) -> None:
    template = made(ada, name="Rows", user="n=2 rate=0 {{customer}} {{tone}}")
    content = {**template["current"], "user": "n=2 rate=0 newer {{customer}}", "variables": [{"name": "customer"}]}
    fields = ("system", "user", "variables", "model", "params")
    ada.api("POST", f"prompts/{template['id']}/versions", {name: content[name] for name in fields})
    page = visit(ada, "/jobs/new/batch")
    page.locator("input[type=file]").set_input_files({"name": "t.csv", "mimeType": "text/csv", "buffer": TABLE})
    pick(page, "Rows")
    words = page.get_by_label("What each row asks")
    expect(words).to_have_value("n=2 rate=0 newer {{customer}}")
    named = page.get_by_role("group", name="Template Rows")
    named.get_by_label("Version of the template").select_option("v1")
    expect(words).to_have_value(template["current"]["user"])
    words.press_sequentially("!")
    expect(named).to_have_count(0)
    expect(page.get_by_text(f"The job will not name {template['slug']}@1.")).to_be_visible()
    page.get_by_role("button", name="Take the template back").click()
    expect(words).to_have_value(template["current"]["user"])
    expect(page.get_by_label("{{tone}}").locator("option").first).to_have_text("No column: its default")
    page.get_by_label("{{customer}}").select_option("Who")
    page.get_by_role("button", name="Start 2 calls").click()
    page.wait_for_url(JOB)
    expect(page.get_by_role("link", name=f"{template['slug']}@1")).to_be_visible()
    job = ada.api("GET", f"jobs/{page.url.rpartition('/')[2]}")
    assert job["spec"]["template"] == {"id": template["id"], "slug": template["slug"], "version": 1}
    assert job["spec"]["mapping"] == {"customer": "Who"}


def test_a_schedule_asks_with_a_template_and_its_values_and_speaks_german(visit: Visit, ada: Person) -> None:
    template = made(ada, name="News")
    page = visit(ada, "/jobs/new/schedule")
    pick(page, "News")
    page.get_by_role("button", name="Set the schedule").click()
    expect(page.get_by_text("This is needed.")).to_be_visible()
    page.get_by_label("Customer").fill("Bo")
    page.get_by_role("button", name="Set the schedule").click()
    page.wait_for_url(JOB)
    expect(page.get_by_role("link", name=template["slug"])).to_have_count(2)
    ident = page.url.rpartition("/")[2]
    prompt = ada.api("GET", f"jobs/{ident}")["spec"]["prompt"]
    assert (prompt["id"], prompt["variables"]) == (template["id"], {"customer": "Bo", "tone": "warm"})
    ada.api("POST", f"jobs/{ident}/pause")
    ada.api("POST", f"jobs/{ident}/resume")
    german = visit(ada, f"/jobs/{ident}", kept={"locale": "de"})
    expect(german.get_by_text("Fortgesetzt.")).to_be_visible()


def test_an_export_has_what_one_chooses(visit: Visit, ada: Person) -> None:
    page = visit(ada, "/jobs/new/export")
    for part in ("Conversations", "Usage", "Profile", "Jobs"):
        page.get_by_role("checkbox", name=part).uncheck()
    page.get_by_role("button", name="Start").click()
    page.wait_for_url(JOB)
    assert ada.api("GET", f"jobs/{page.url.rpartition('/')[2]}")["spec"]["include"] == ["templates"]


def test_the_palette_finds_templates_for_the_chat_that_is_open(visit: Visit, ada: Person) -> None:
    template = made(ada, name="Weekly letter")
    chat = ada.api("POST", "conversations", {"title": "Open one"})["id"]
    page = visit(ada, f"/c/{chat}")
    box = page.get_by_role("combobox", name="Go to a chat, use a template or run a command")
    expect(page.get_by_role("textbox", name="Message")).to_be_focused()
    page.keyboard.press("ControlOrMeta+K")
    box.fill("weekly")
    page.get_by_role("option", name="Weekly letter").wait_for()
    page.keyboard.press("Enter")
    expect(page.get_by_role("group", name="Template Weekly letter").get_by_label("Customer")).to_be_focused()
    expect(page).to_have_url(re.compile(f"/c/{chat}$"))
    page.keyboard.press("ControlOrMeta+K")
    box.fill("weekly")
    page.get_by_role("option", name="Weekly letter").wait_for()
    page.keyboard.press("Shift+Enter")
    expect(page).to_have_url(re.compile(f"/templates/{template['id']}$"))
