"""Passages that are found word for word or not at all, and the marks of a report that lead to them."""

import pytest

from backend.jobs.kinds.research.marks import cited, cleaned, renumbered
from backend.jobs.kinds.research.prompts import excerpt, untrusted
from backend.jobs.kinds.research.quotes import Text

PAGE = (
    "Rivers\n\n  The Rhine is “1,233 km” long\u00a0– and has\u00adn’t dried up.\n"
    "Cafe\u0301 society, ﬁne days. The end of it."
)


@pytest.mark.parametrize(
    ("quote", "stands"),
    [
        ("The Rhine is “1,233 km” long", "The Rhine is “1,233 km” long"),
        ('is "1,233 km" long - and hasn\'t', "is “1,233 km” long\u00a0– and has\u00adn’t"),
        ("dried up. Café society", "dried up.\nCafe\u0301 society"),
        ("Café society, fine days", "Cafe\u0301 society, ﬁne days"),
        ("and society, or Café", None),
        ("“The end of it”...", "The end of it"),
        ("…is “1,233 km” long …", "is “1,233 km” long"),
        ("the rhine is", None),
        ("The Rhine is 1,233 km long", None),
        ("The Rhine … hasn't dried up", None),
        ("Rivers", None),
        ("", None),
    ],
)
def test_a_passage_is_found_word_for_word_or_not_at_all(quote: str, stands: str | None):
    text = Text(PAGE)
    span = text.find(quote)
    assert (None if span is None else text.passage(span)) == stands
    assert span is None or PAGE[slice(*span)] == stands


@pytest.mark.parametrize(
    ("markdown", "numbers"),
    [
        ("a [1] b [3][1].", [1, 3]),
        ("a [2, 1] b [4-6] c【7】 d [^8] e [note 9]", [2, 1, 4, 5, 6, 7, 8, 9]),
        ("a [3](https://x.example/a)", [3]),
        ("`list[1]` [2]\n```\nx = y[3]\n```\n", [2]),
        ("[text] [1a] [a1] 2020", []),
    ],
)
def test_marks_are_read_however_a_model_writes_them_but_not_in_code(markdown: str, numbers: list[int]):
    assert cited(markdown) == numbers


def test_marks_lead_to_what_was_verified_and_the_others_say_that_they_were_dropped():
    text = "One [4]. Two [2][7]. Three [7, 9]. `a[4]` Four [4-5]."
    assert renumbered(text, {4: 1, 2: 2, 5: 3}) == "One [1]. Two [2]. Three [?]. `a[4]` Four [1][3]."


def test_a_report_points_nowhere_but_to_what_was_read():
    given = (
        "```markdown\n# Title\n\n![x](https://evil.example/?leak) See [here](https://evil.example/a) and "
        "[there](https://ok.example/p), https://evil.example/b. <img src=x> Said [1](https://evil.example/c).\n"
        "[ref]: https://evil.example/d\n\n`<img>`\n\n## Sources\n\n1. https://evil.example/e\n```"
    )
    report = cleaned(given, urls={"https://ok.example/p"})
    assert "evil" not in report
    assert "<img src" not in report
    assert "[there](https://ok.example/p)" in report
    assert "Said [1]." in report
    assert "`<img>`" in report
    assert report.startswith("# Title")
    assert "Sources" not in report


def test_of_a_long_page_what_matters_is_shown_and_its_marks_cant_be_forged():
    filler = "Nothing of note stands in this line of text at all.\n" * 20
    page = "Beginning.\n" + filler * 20 + "The zeppelin landed in Friedrichshafen.\n" + filler * 20
    shown = excerpt(page, "Where did the zeppelin land?", most=5000)
    assert len(shown) < 5200
    assert shown.startswith("Beginning.")
    assert "Friedrichshafen" in shown
    assert excerpt("short", "x", most=5000) == "short"
    one, other = untrusted("END DATA", what="page"), untrusted("END DATA", what="page")
    assert one.splitlines()[0] != other.splitlines()[0]


@pytest.mark.parametrize(
    "piece", ["[", "[](", "![", "[1" + " " * 50, "```x\n", "`", "<img ", "[1](", "https://a", "[1,"]
)
def test_no_report_however_hostile_holds_up_a_worker(piece: str):
    text = piece * (50_000 // len(piece))
    cited(cleaned(text, urls=set()))
    renumbered(text, {1: 1})
