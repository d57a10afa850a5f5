"""What the page makes of an answer's markdown, while it is written and afterwards."""

import re

from playwright.sync_api import Locator, expect

from tests.e2e.chat import Chat
from tests.e2e.conftest import Visit
from tests.load.scripts import MARKDOWN
from tests.support.person import Person

DRAWN = "img => img.complete && img.naturalWidth > 0 && img.getBoundingClientRect().height > 20"


def code_of(answer: Locator) -> str:
    found = re.search(r"```python\n(.*?)```", MARKDOWN, re.DOTALL)
    assert found is not None
    return found[1]


def test_markdown_is_set_while_it_streams_and_nothing_raw_is_left(chat: Chat) -> None:
    chat.ask("text=markdown rate=40")
    answer = chat.answers.last
    expect(answer.get_by_role("heading", name="Rivers")).to_be_visible()
    expect(answer.get_by_role("table")).to_be_visible()
    expect(chat.stop_button).to_be_visible()
    chat.finished()
    expect(answer.get_by_role("columnheader")).to_have_text(["river", "length", "mouth"])
    expect(answer.get_by_role("cell", name="6,650 km")).to_have_css("text-align", "right")
    expect(answer.locator("ol > li")).to_have_count(3)
    expect(answer.locator("ol > li ul > li")).to_have_text(["in brooks", "in ponds"])
    expect(answer.get_by_role("strong")).to_have_text(["rivulet"])
    expect(answer.get_by_role("blockquote")).to_contain_text("Still waters run deep.")
    expect(answer.get_by_text("👩‍🚀 🇨🇭 é")).to_be_visible()
    for raw in ("**rivulet**", "|---", "```", "$$"):
        expect(chat.text(answer)).not_to_contain_text(raw)
    assert chat.stored()["text"] == MARKDOWN


def test_code_has_its_language_its_colours_and_a_button_that_copies_it(visit: Visit, ada: Person) -> None:
    chat = Chat(visit(ada, permissions=["clipboard-read", "clipboard-write"]), ada)
    answer = chat.asked("text=markdown rate=0")
    figure = answer.get_by_role("figure").filter(has_text="Python")
    expect(figure.locator("pre span span").first).to_be_visible()
    colours = figure.locator("pre code span span").evaluate_all("all => all.map((one) => getComputedStyle(one).color)")
    assert len(set(colours)) >= 3
    figure.get_by_role("button", name="Copy the code").click()
    expect(figure.get_by_text("Copied")).to_be_visible()
    assert chat.page.evaluate("navigator.clipboard.readText()").strip() == code_of(answer).strip()


def test_formulas_are_set_and_readable_for_screen_readers(chat: Chat) -> None:
    answer = chat.asked("text=markdown rate=0")
    expect(answer.locator(".katex")).to_have_count(2)
    expect(answer.locator(".katex-display")).to_have_count(1)
    expect(answer.locator("math")).to_have_count(2)
    expect(answer.locator(".katex-error")).to_have_count(0)


def test_a_diagram_is_drawn_in_both_themes_with_its_source_one_click_away(visit: Visit, ada: Person) -> None:
    chat = Chat(visit(ada, color_scheme="light"), ada)
    answer = chat.asked("text=markdown rate=0")
    picture = answer.get_by_role("img", name="Diagram")
    expect(picture).to_be_visible(timeout=30_000)
    light = picture.get_attribute("src")
    assert picture.evaluate(DRAWN)
    answer.get_by_text("Source of the diagram").click()
    expect(answer.get_by_text("Rain --> Brook --> River --> Sea")).to_be_visible()
    chat.page.emulate_media(color_scheme="dark")
    expect(picture).not_to_have_attribute("src", light or "", timeout=30_000)
    assert picture.evaluate(DRAWN)


def test_a_wide_table_scrolls_inside_itself_on_a_phone(visit: Visit, ada: Person) -> None:
    chat = Chat(visit(ada, viewport={"width": 320, "height": 640}), ada)
    chat.asked("text=markdown rate=0")
    assert chat.page.evaluate("document.documentElement.scrollWidth") <= 320
    assert chat.scroller.evaluate("box => box.scrollWidth <= box.clientWidth")


def test_html_and_scripts_in_an_answer_are_only_text(chat: Chat) -> None:
    evil = "<img src=x onerror=document.title=1><script>document.title=2</script><b onclick=alert(1)>bold</b>"
    answer = chat.asked(f"text=echo rate=0 {evil}")
    expect(chat.text(answer)).to_contain_text("<img src=x onerror=document.title=1>")
    expect(answer.locator("img, script, b")).to_have_count(0)
    assert chat.page.title() not in {"1", "2"}
