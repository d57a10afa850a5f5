"""Settings: API keys and sessions."""

import re
from typing import Any

from playwright.sync_api import Page, expect

from tests.e2e.conftest import Visit
from tests.e2e.watch import Watch
from tests.support.person import PASSWORD, Person


def make_key(page: Page, name: str) -> str:
    page.get_by_role("button", name="New key").click()
    page.get_by_role("textbox", name="Name").fill(name)
    page.get_by_role("button", name="Create key").click()
    shown = page.get_by_role("dialog", name="Copy your key now").locator("code")
    expect(shown).to_have_text(re.compile(r"^rvk_"))
    return shown.inner_text()


def models(page: Page, key: str) -> Any:
    return page.request.get("/v1/models", headers={"Authorization": f"Bearer {key}", "Cookie": ""})


def test_a_key_is_shown_once_and_works_until_it_is_revoked(visit: Visit, ada: Person) -> None:
    page = visit(ada, "/settings/keys", permissions=["clipboard-read", "clipboard-write"])
    expect(page.get_by_text("No API keys")).to_be_visible()
    key = make_key(page, "nightly report")
    page.get_by_role("button", name="Copy key").click()
    expect(page.get_by_role("button", name="Copied", exact=True)).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == key
    page.get_by_role("button", name="I have copied it").click()
    row = page.get_by_role("listitem").filter(has_text="nightly report")
    expect(row).to_contain_text("Use the OpenAI API")
    expect(row).to_contain_text("never used")
    assert key not in page.content()
    assert models(page, key).status == 200
    page.reload()
    expect(row).to_contain_text("used")
    expect(row).not_to_contain_text("never used")
    assert key not in page.content()
    page.get_by_role("button", name="Revoke “nightly report”").click()
    expect(row).to_have_count(0)
    page.goto("/settings/profile")
    page.goto("/settings/keys")
    expect(page.get_by_text("No API keys")).to_be_visible()
    assert models(page, key).status == 401


def test_a_revoked_key_can_be_kept_by_undo(visit: Visit, ada: Person) -> None:
    page = visit(ada, "/settings/keys")
    key = make_key(page, "kept")
    page.get_by_role("button", name="I have copied it").click()
    page.get_by_role("button", name="Revoke “kept”").click()
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_role("listitem").filter(has_text="kept")).to_be_visible()
    page.reload()
    expect(page.get_by_role("listitem").filter(has_text="kept")).to_be_visible()
    assert models(page, key).status == 200


def test_a_key_needs_a_name_and_a_scope(visit: Visit, ada: Person) -> None:
    page = visit(ada, "/settings/keys")
    page.get_by_role("button", name="New key").click()
    page.get_by_role("button", name="Create key").click()
    expect(page.get_by_role("textbox", name="Name")).to_have_accessible_description(re.compile("This is needed"))
    page.get_by_role("textbox", name="Name").fill("x")
    for box in page.get_by_role("checkbox").all():
        box.uncheck()
    page.get_by_role("button", name="Create key").click()
    expect(page.get_by_role("alert").filter(has_text="Choose at least one.")).to_be_visible()
    assert ada.api("GET", "keys")["items"] == []


def test_a_session_elsewhere_is_seen_and_ended(visit: Visit, ada: Person, watch: Watch) -> None:
    watch.expect(r"status of 401")
    elsewhere = visit(None, "/login")
    elsewhere.get_by_label("E-mail").fill(ada.email)
    elsewhere.get_by_label("Password", exact=True).fill(PASSWORD)
    elsewhere.get_by_role("button", name="Sign in").click()
    expect(elsewhere.get_by_role("textbox", name="Message", exact=True)).to_be_visible()
    page = visit(ada, "/settings/sessions")
    rows = page.get_by_role("list", name="2 sessions").get_by_role("listitem")
    expect(rows).to_have_count(2)
    expect(rows.first).to_contain_text("This browser")
    rows.last.get_by_role("button", name="End the session on").click()
    expect(page.get_by_role("list", name="1 session")).to_be_visible()
    expect(elsewhere.get_by_role("heading", name="Sign in")).to_be_visible()
