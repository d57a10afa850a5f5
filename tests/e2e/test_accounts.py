"""Signing up, in and out, as a person meets it."""

import re

from playwright.sync_api import Page, expect

from tests.e2e.conftest import Visit
from tests.e2e.watch import Watch
from tests.support.person import PASSWORD, Person

REFUSED = r"status of 40[01]"


def fill(page: Page, **fields: str) -> None:
    for label, value in fields.items():
        page.get_by_label({"email": "E-mail"}.get(label, label.capitalize()), exact=True).fill(value)


def at_home(page: Page) -> None:
    expect(page.get_by_role("textbox", name="Message", exact=True)).to_be_visible()


def test_a_first_visitor_signs_up_and_stays_signed_in(visit: Visit) -> None:
    page = visit()
    expect(page.get_by_role("heading", name="Create your account")).to_be_visible()
    fill(page, name="Grace Hopper", email="grace@example.org", password=PASSWORD)
    page.get_by_role("button", name="Create account").click()
    at_home(page)
    expect(page.get_by_role("button", name="Grace Hopper")).to_be_visible()
    page.reload()
    at_home(page)


def test_an_address_that_is_taken_and_a_password_that_is_guessed_are_told_at_their_fields(
    visit: Visit, ada: Person, watch: Watch
) -> None:
    watch.expect(REFUSED)
    page = visit(None, "/signup")
    fill(page, email=f"new.{ada.email}", password="password")
    page.get_by_role("button", name="Create account").click()
    password = page.get_by_label("Password", exact=True)
    expect(password).to_have_accessible_description(re.compile("Too common"))
    expect(password).to_have_attribute("aria-invalid", "true")
    fill(page, email=ada.email, password=PASSWORD)
    page.get_by_role("button", name="Create account").click()
    expect(page.get_by_label("E-mail")).to_have_accessible_description(re.compile("There is an account"))
    expect(password).not_to_have_attribute("aria-invalid", "true")


def test_a_wrong_password_is_told_at_the_field_and_the_right_one_signs_in(
    visit: Visit, ada: Person, watch: Watch
) -> None:
    watch.expect(REFUSED)
    page = visit(None, "/login")
    fill(page, email=ada.email, password="wrong horse 7")
    page.get_by_role("button", name="Sign in").click()
    password = page.get_by_label("Password", exact=True)
    expect(password).to_have_accessible_description(re.compile("do not belong together"))
    expect(password).to_be_focused()
    fill(page, password=PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    at_home(page)


def test_signing_out_closes_all_tabs_and_leaves_nothing_to_read(visit: Visit, ada: Person, watch: Watch) -> None:
    watch.expect(r"status of 401 .*/auth/session")  # how allauth confirms the end of a session
    ada.asked("text=plain", str(ada.api("POST", "conversations", {"title": "A secret"})["id"]))
    page = visit(ada)
    other = page.context.new_page()
    other.goto("/")
    for tab in (page, other):
        expect(tab.get_by_role("link", name="A secret")).to_be_visible()
    page.get_by_role("button", name=ada.name).click()
    page.get_by_role("menuitem", name="Sign out").click()
    for tab in (page, other):
        expect(tab.get_by_role("heading", name="Sign in")).to_be_visible()
        expect(tab.get_by_text("A secret")).to_have_count(0)
    kept = page.evaluate("JSON.stringify(localStorage)")
    assert "secret" not in kept
    assert ada.email not in kept
    page.goto("/settings/keys")
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()


def test_signing_in_leads_to_where_one_was_going(visit: Visit, ada: Person) -> None:
    page = visit(None, "/settings/keys")
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    fill(page, email=ada.email, password=PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="API keys")).to_be_visible()
    assert page.url.endswith("/settings/keys")
