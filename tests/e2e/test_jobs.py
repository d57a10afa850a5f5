"""Jobs in the browser: begun there, the same on every device, whole after a reload, and told without a look away."""

import csv
import io
import re
import time
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Page, expect

from tests.e2e.chat import wait
from tests.e2e.conftest import PHONE, Visit
from tests.e2e.jobs import batch, refused_batch
from tests.e2e.test_axe import violations
from tests.e2e.watch import Watch
from tests.support.person import Person
from tests.support.upstream import Upstream
from tests.support.web import ScriptedWeb

ROWS = 30
BROKEN = (4, 17)


def table(ident: str) -> bytes:
    """Thirty rows, two of which fail the first time they are asked."""
    lines = ["Name,Task"]
    for row in range(ROWS):
        fault = f" errorat=1 times=1 id={ident}{row}" if row in BROKEN else ""
        lines.append(f"Person {row},n=3 rate=5{fault}")
    return "\n".join(lines).encode()


def ended(page: Page) -> int:
    """How many rows the bar says have ended."""
    told = page.get_by_role("progressbar").get_attribute("aria-valuetext") or "0 of 0"
    return int(told.partition(" ")[0])


def standing(page: Page, word: str) -> None:
    """The status that stands under the name."""
    expect(page.locator("header p").filter(has_text="Batch").get_by_text(word, exact=True)).to_be_visible(
        timeout=20_000
    )


def test_a_batch_goes_on_through_reloads_and_is_the_same_on_two_devices(
    visit: Visit, ada: Person, upstream: Upstream, tmp_path: Path
) -> None:
    ident = f"batch{time.monotonic_ns()}x"
    phone = visit(ada, "/jobs", **PHONE)
    expect(phone.get_by_role("heading", name="No jobs yet")).to_be_visible()
    page = visit(ada, "/jobs")
    page.get_by_role("link", name="New batch").click()
    page.locator("input[type=file]").set_input_files(
        {"name": "people.csv", "mimeType": "text/csv", "buffer": table(ident)}
    )
    expect(page.get_by_role("cell", name="Person 3", exact=True)).to_be_visible()
    prompt = page.get_by_label("What each row asks")
    prompt.fill(" Greet {{Who}}.")
    prompt.press("Home")
    page.get_by_role("button", name="{{Task}}").click()
    expect(prompt).to_have_value("{{Task}} Greet {{Who}}.")
    page.get_by_label("{{Who}}").select_option("Name")
    page.get_by_label("Calls at a time").fill("4")
    page.get_by_role("button", name="Start 30 calls").click()
    page.wait_for_url(re.compile(r"/jobs/[0-9a-f-]{36}$"))
    phone.get_by_role("link", name="people.csv").click()
    wait(page, lambda: ended(page) >= 3, "rows end before one's eyes")

    page.reload()
    standing(page, "Running")
    wait(page, lambda: ended(page) >= 3, "the bar is there again")
    phone.get_by_role("button", name="Pause").click()
    standing(phone, "Paused")
    standing(page, "Paused")
    stood = ended(page)
    assert 3 <= stood < ROWS
    assert ended(phone) == stood
    rows = page.get_by_role("table", name="Rows")
    expect(page.get_by_text(re.compile(r"^(Done|Failed) \d+$"))).to_have_count(2)
    tabs = page.get_by_text(re.compile(r"^(Done|Failed) \d+$")).all_inner_texts()
    assert sum(int(tab.split()[1]) for tab in tabs) == stood
    page.get_by_role("button", name="Resume").click()
    for device in (page, phone):
        standing(device, "Done, 2 failed")
        expect(device.locator("[data-status=done]")).not_to_have_count(0)

    page.get_by_text("Failed 2", exact=True).click()
    expect(rows.get_by_role("button", name=re.compile("Open row"))).to_have_count(2)
    expect(rows.get_by_text("The scripted model has failed.").first).to_be_visible()
    rows.get_by_role("button", name="Open row 5").click()
    shown = page.get_by_role("dialog", name="Row 5")
    expect(shown.get_by_role("alert")).to_contain_text("The scripted model has failed.")
    expect(shown.get_by_text("line 6 of the file")).to_be_visible()
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Retry 2 failed").click()
    for device in (page, phone):
        standing(device, "Done")
    expect(rows).to_have_count(0)
    page.get_by_text("All 30", exact=True).click()
    assert [upstream.calls(f"{ident}{row}") for row in BROKEN] == [2, 2]

    page.get_by_role("button", name="Download").click()
    with page.expect_download() as started:
        page.get_by_role("menuitem", name="CSV").click()
    started.value.save_as(tmp_path / "result.csv")
    found = list(csv.DictReader(io.StringIO((tmp_path / "result.csv").read_text("utf-8-sig"))))
    assert [one["Name"] for one in found] == [f"Person {row}" for row in range(ROWS)]
    assert {one["status"] for one in found} == {"done"}


def test_a_table_is_refused_with_its_line_or_kept_with_its_error(visit: Visit, ada: Person, watch: Watch) -> None:
    watch.expect("422|400")
    page = visit(ada, "/jobs")
    refused_batch(page)
    page.get_by_label("What each row asks").fill("{{Task}}")
    page.get_by_role("button", name="Start").click()
    expect(page.get_by_role("alert").get_by_text("Line 3")).to_be_visible()
    page.get_by_label("Keep the error beside its row").check()
    page.get_by_role("button", name="Start").click()
    page.wait_for_url(re.compile(r"/jobs/[0-9a-f-]{36}$"))
    standing(page, "Done, 1 failed")
    failed = page.locator("[data-status=failed]")
    expect(failed).to_contain_text("Line 3")


def test_a_schedule_says_its_next_times_and_is_switched_off_and_on(visit: Visit, ada: Person) -> None:
    page = visit(ada, "/jobs/new/schedule")
    page.get_by_role("textbox", name="Prompt").fill("n=2 rate=0")
    page.get_by_label("Repeats").select_option("week")
    page.get_by_label("On", exact=True).select_option("0")
    page.get_by_label("Time zone").select_option("Asia/Tokyo")
    times = page.get_by_role("listitem").filter(has_text=re.compile("Sun .*07:30"))
    expect(times).to_have_count(5)
    page.get_by_role("button", name="Set the schedule").click()
    page.wait_for_url(re.compile(r"/jobs/[0-9a-f-]{36}$"))
    expect(times).to_have_count(5)
    page.get_by_role("switch").uncheck()
    expect(page.get_by_text("This schedule is off")).to_be_visible()
    expect(times).to_have_count(0)
    page.get_by_role("switch").check()
    expect(times).to_have_count(5)


def test_a_research_is_read_with_each_citation_at_its_quote(visit: Visit, ada: Person, web: ScriptedWeb) -> None:
    web.found("why are there tides", ["/tides", "/status/404"])
    page = visit(ada, "/jobs/new/research")
    page.get_by_label("Question").fill("Why are there tides? lies text=research rate=600")
    page.get_by_text("Quick", exact=True).click()
    page.get_by_role("button", name="Start the research").click()
    page.wait_for_url(re.compile(r"/jobs/[0-9a-f-]{36}$"))
    expect(page.get_by_role("list", name="Being done now")).to_be_visible()
    expect(page.get_by_role("heading", name="What the pages say")).to_be_visible(timeout=20_000)
    cites = page.get_by_role("link", name=re.compile(r"^\[\d\]$"))
    expect(cites.first).to_be_visible(timeout=20_000)
    expect(page.get_by_text("Could not be read: There is no such page.")).to_be_visible()
    expect(page.get_by_text(re.compile("citations? w.* dropped"))).to_be_visible()
    assert violations(page) == ""
    report = ada.api("GET", f"jobs/{page.url.rsplit('/', 1)[1]}/report")
    for number, one in enumerate(report["citations"][:2], 1):
        page.get_by_role("link", name=f"[{number}]", exact=True).first.click()
        source = page.get_by_role("dialog")
        expect(source.locator("mark[data-now]")).to_have_text(one["quote"])
        expect(source.locator("mark[data-now]")).to_be_in_viewport()
        if number == 1:
            assert violations(page) == ""
        page.keyboard.press("Escape")
        expect(source).to_have_count(0)
    expect(page.get_by_role("link", name="[2]", exact=True).first).to_be_focused()


def test_the_list_follows_what_other_devices_begin(
    visit: Visit, ada: Person, person: Callable[..., Person], watch: Watch
) -> None:
    watch.expect("404")
    page = visit(ada, "/jobs")
    expect(page.get_by_role("heading", name="No jobs yet")).to_be_visible()
    batch(ada)
    row = page.get_by_role("listitem").filter(has_text="Words")
    expect(row.get_by_text("Done", exact=True)).to_be_visible()
    page.get_by_label("Kind").select_option("research")
    expect(page.get_by_role("heading", name="Nothing here")).to_be_visible()
    page.get_by_role("button", name="Show all").click()
    row.get_by_role("link", name="Words").click()
    expect(page.get_by_role("heading", name="Words")).to_be_visible()
    stranger = visit(person("grace"), page.url)
    expect(stranger.get_by_role("heading", name="This job is not here")).to_be_visible()
