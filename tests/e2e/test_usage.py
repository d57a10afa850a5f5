"""The usage page: what was used, by whom, how much may be; a person's own view and everybody's."""

import csv
import io
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import DESK, PHONE, Visit
from tests.e2e.test_axe import violations
from tests.support.person import Person
from tests.support.product import Product

PRICED = """
from backend.catalog.models import Model
for row in Model.objects.filter(name="mock"):
    row.input_price, row.output_price = 1000, 2000
    row.save()
"""
ADMIN = """
from backend.accounts.models import User
for row in User.objects.filter(email="{email}"):
    row.role = "admin"
    row.save()
"""


@pytest.fixture(scope="module")
def priced(product: Product, person: Callable[..., Person]) -> None:
    person("first")  # whoever comes first runs the site
    product.manage("shell", "-c", PRICED)


@pytest.fixture
def boss(person: Callable[..., Person], product: Product) -> Person:
    made = person("grace")
    product.manage("shell", "-c", ADMIN.format(email=made.email))
    return made


def figure(page: Page, name: str) -> str:
    return page.locator("dl div").filter(has=page.get_by_text(name, exact=True)).locator("dd").inner_text()


def test_what_an_answer_took_stands_on_the_page_and_in_its_table(visit: Visit, ada: Person, priced: None) -> None:
    page = visit(ada, "/usage")
    expect(page.get_by_role("heading", name="Nothing was used in this time")).to_be_visible()
    expect(page.get_by_text("No budget limits you.")).to_be_visible()
    ada.asked("n=20 rate=0")
    page.reload()
    row = page.get_by_role("row").filter(has_text="mock")
    expect(row).to_contain_text("US$0.05")  # 10 tokens in, 20 out
    assert figure(page, "Cost").startswith("US$0.05")
    assert figure(page, "Calls") == "1"
    expect(page.get_by_role("img", name=re.compile("Cost for each day"))).to_be_visible()
    assert page.locator("canvas").count() == 1
    page.get_by_role("combobox", name="Group by").select_option("Day")
    expect(page.get_by_role("row")).to_have_count(2)
    with page.expect_download() as download:
        page.get_by_role("link", name="CSV").click()
    [line] = csv.DictReader(io.StringIO(Path(download.value.path()).read_text("utf-8-sig")))
    assert (line["calls"], line["input_tokens"], line["output_tokens"], line["cost"]) == ("1", "10", "20", "0.05")
    expect(page.get_by_role("radio", name="Everybody's")).to_have_count(0)


def test_an_administrator_sees_everybody_and_sets_a_budget_that_stops(
    visit: Visit, ada: Person, boss: Person, priced: None
) -> None:
    ada.asked("n=20 rate=0")
    page = visit(boss, "/usage")
    page.get_by_role("radio", name="Everybody's").check(force=True)
    page.get_by_role("combobox", name="Group by").select_option("Person")
    expect(page.get_by_role("row").filter(has_text=ada.email)).to_contain_text("US$0.05")
    page.get_by_role("button", name="New budget").click()
    page.get_by_role("combobox", name="For").select_option("Each person")
    page.get_by_role("spinbutton", name="At most").fill("1")
    page.get_by_role("combobox", name="Of").select_option("Calls")
    page.get_by_role("button", name="Set budget").click()
    try:
        meter = page.get_by_role("meter", name=re.compile("Each person"))
        expect(meter).to_be_visible()
        own = visit(ada, "/usage")
        expect(own.get_by_role("meter")).to_have_attribute("aria-valuetext", "1 of 1 calls")
        expect(own.get_by_text("used up", exact=True)).to_be_visible()
        own.goto("/")
        own.get_by_role("textbox", name="Message", exact=True).fill("one more")
        own.keyboard.press("Enter")
        expect(
            own.get_by_text(re.compile("budget for the month does not allow this|limit is used up")).first
        ).to_be_visible()
    finally:
        page.get_by_role("button", name="Remove this budget").first.click()
        expect(page.get_by_role("button", name="Undo")).to_be_visible()
    expect(page.get_by_role("meter")).to_have_count(0)


@pytest.mark.parametrize(("theme", "device"), [("light", "desk"), ("dark", "phone")])
def test_axe_finds_nothing_and_nothing_is_cut_off(
    visit: Visit, ada: Person, priced: None, theme: str, device: str
) -> None:
    ada.asked("n=20 rate=0")
    options = {"viewport": DESK} if device == "desk" else PHONE
    page = visit(ada, "/usage", color_scheme=theme, **options)
    expect(page.get_by_role("row").filter(has_text="mock")).to_be_visible()
    assert violations(page) == ""
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
