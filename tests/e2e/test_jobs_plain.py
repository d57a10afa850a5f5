"""Jobs say what people can use: at the field that is wrong, in their words, and without what lies inside."""

import json
from pathlib import Path

from playwright.sync_api import Page, expect

from tests.e2e.conftest import Visit
from tests.e2e.watch import Watch
from tests.support import exports
from tests.support.person import Person

MIB = 1024 * 1024
BEHIND_THE_FOOT = """field => {
  const foot = document.querySelector("[data-foot]").getBoundingClientRect();
  field.blur();
  field.closest("form").parentElement.parentElement.scrollTop += field.getBoundingClientRect().bottom - foot.bottom;
}"""


def over_the_foot(page: Page, text: str) -> bool:
    """Whether the error's end is in sight, above the foot that stands over the form's end."""
    shown = page.get_by_text(text).bounding_box()
    foot = page.locator("[data-foot]").bounding_box()
    assert shown is not None
    assert foot is not None
    return shown["y"] >= 0 and shown["y"] + shown["height"] <= foot["y"]


def test_a_refused_field_and_its_error_stand_above_the_forms_foot(visit: Visit, ada: Person, watch: Watch) -> None:
    watch.expect("422")
    page = visit(ada, "/jobs/new/batch")
    page.locator("input[type=file]").set_input_files({"name": "t.csv", "mimeType": "text/csv", "buffer": b"Who\nBo\n"})
    page.get_by_label("What each row asks").fill("n=2 rate=0 {{Who}}")
    page.get_by_label("Cost cap, US dollars").fill("0.0000001")
    page.locator("[name='spec.cost_cap']").evaluate(BEHIND_THE_FOOT)
    page.get_by_role("button", name="Start 1 call", exact=True).click()
    expect(page.get_by_label("Cost cap, US dollars")).to_be_focused()
    expect(page.locator("[aria-invalid] + p")).to_be_visible()
    assert over_the_foot(page, page.locator("[aria-invalid] + p").inner_text())


def test_a_file_over_the_limit_is_refused_before_it_is_sent(visit: Visit, ada: Person, tmp_path: Path) -> None:
    large, small = tmp_path / "large.csv", tmp_path / "small.csv"
    with large.open("wb") as file:
        file.truncate(101 * MIB)
    small.write_bytes(b"Who\n" + b"Bo\n" * 100)
    page = visit(ada, "/jobs/new/batch")
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.url) if "/files?" in request.url else None)
    expect(page.get_by_text("up to 100 MB")).to_be_visible()
    page.locator("input[type=file]").set_input_files(large)
    expect(page.get_by_role("alert").first).to_have_text(
        "This file has 105.9 MB. A file may have at most 100 MB; for imports 500 MB."
    )
    assert sent == []
    page.locator("input[type=file]").set_input_files(small)
    expect(page.get_by_text("304 B")).to_be_visible()


def test_a_schedule_says_what_the_job_is_that_it_begins(visit: Visit, ada: Person) -> None:
    spec = {"template": {"user": "Greet {{who}}\nwarmly"}, "rows": [{"who": "Bo"}]}
    plan = {"cron": "0 8 * * 1", "job": {"kind": "batch", "spec": spec}}
    job = ada.api("POST", "jobs", {"kind": "schedule", "spec": plan})
    page = visit(ada, f"/jobs/{job['id']}")
    expect(page.get_by_text("Each time begins: Batch, Greet {{who}} warmly")).to_be_visible()


def test_an_import_shows_titles_and_reasons_and_no_cost(visit: Visit, ada: Person) -> None:
    broken = {"mapping": {"a": exports.node("a", "a", [])}, "title": ""}
    data = json.dumps([exports.chatgpt(), broken]).encode()
    page = visit(ada, "/jobs/new/import")
    page.locator("input[type=file]").set_input_files(
        {"name": "conversations.json", "mimeType": "application/json", "buffer": data}
    )
    page.get_by_role("button", name="Start", exact=True).click()
    rows = page.get_by_role("table", name="Rows")
    expect(rows.get_by_text("Rain")).to_be_visible()
    bad = rows.get_by_role("row").filter(has_text="Conversation 2")
    expect(bad).to_contain_text("answer each other in a circle")
    expect(page.get_by_text("Cost", exact=True)).to_have_count(0)
    rows.get_by_role("button", name="Open row 1").click()
    expect(page.get_by_role("dialog").get_by_role("link", name="Open the conversation")).to_be_visible()
    expect(page.get_by_role("dialog")).not_to_contain_text("depth")
