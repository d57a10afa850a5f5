"""Light, dark and system: chosen once, there from the first frame."""

from playwright.sync_api import Page, expect

from tests.e2e.chat import until
from tests.e2e.conftest import Visit
from tests.support.person import Person

BACKGROUND = "getComputedStyle(document.documentElement).backgroundColor"
LIGHTNESS = """() => {
  const canvas = document.createElement("canvas").getContext("2d");
  canvas.fillStyle = getComputedStyle(document.documentElement).backgroundColor;
  canvas.fillRect(0, 0, 1, 1);
  return canvas.getImageData(0, 0, 1, 1).data[0];
}"""
FRAMES = """
window.frames_ = [];
(function look() {
  if (document.body) window.frames_.push(getComputedStyle(document.documentElement).backgroundColor);
  if (window.frames_.length < 40) requestAnimationFrame(look);
})();
"""


def is_dark(page: Page) -> bool:
    return bool(page.evaluate(LIGHTNESS) < 80)


def becomes(page: Page, *, dark: bool) -> None:
    until(page, f"() => (({LIGHTNESS})() < 80) === {str(dark).lower()}")


def choose(page: Page, name: str) -> None:
    page.get_by_role("radio", name=name).check(force=True)


def test_system_follows_the_device_by_day_and_night(visit: Visit) -> None:
    page = visit(None, color_scheme="dark")
    assert is_dark(page)
    page.emulate_media(color_scheme="light")
    becomes(page, dark=False)


def test_a_choice_beats_the_device_and_is_kept(visit: Visit, ada: Person) -> None:
    page = visit(ada, "/settings/appearance", color_scheme="light")
    choose(page, "Dark")
    becomes(page, dark=True)
    page.reload()
    expect(page.get_by_role("radio", name="Dark")).to_be_checked()
    assert is_dark(page)
    page.emulate_media(color_scheme="dark")
    choose(page, "Light")
    becomes(page, dark=False)
    choose(page, "System")
    becomes(page, dark=True)


def test_no_frame_shows_the_other_theme_on_load(visit: Visit, ada: Person) -> None:
    page = visit(ada, kept={"theme": "dark"}, color_scheme="light")
    page.context.add_init_script(FRAMES)
    page.reload()
    expect(page.get_by_role("textbox", name="Message", exact=True)).to_be_visible()
    until(page, "window.frames_.length >= 40")
    assert set(page.evaluate("window.frames_")) == {page.evaluate(BACKGROUND)}
    assert is_dark(page)


def test_motion_rests_where_it_is_not_wanted(visit: Visit, ada: Person) -> None:
    page = visit(ada, reduced_motion="reduce")
    page.get_by_role("button", name=ada.name).click()
    expect(page.get_by_role("menu")).to_be_visible()
    running = "document.getAnimations().filter((one) => one.effect.getComputedTiming().duration > 1).length"
    assert page.evaluate(running) == 0
