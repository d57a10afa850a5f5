"""Placeholders are names in two braces, and nothing else happens to a text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.prompts.grammar import Malformed, Placeholder, fill, length, names, parse, place


def test_a_name_in_two_braces_is_a_placeholder_with_blanks_or_without() -> None:
    assert parse("Dear {{name}}, {{ topic }}.") == ("Dear ", Placeholder("name"), ", ", Placeholder("topic"), ".")
    assert names("{{b}} {{a}} {{b}}") == ["b", "a"]


@pytest.mark.parametrize("text", ['{"a": {"b": 1}}', "f() { return {}; }", "}} and { alone", "a \\ b", ""])
def test_other_braces_are_text(text: str) -> None:
    assert fill(parse(text), {}) == text


def test_a_backslash_makes_plain_braces() -> None:
    assert fill(parse(r"style=\{{color}} {{a}}"), {"a": "x"}) == "style={{color}} x"


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("a\nb {{1x}}", "Line 2, column 3"),
        ("{{ a b }}", "Line 1, column 1"),
        ("{{}}", "Line 1, column 1"),
        ("x {{name", "Line 1, column 3: these braces are not closed"),
        ("{{a.__class__}}", "Line 1"),
        ("{{ 7*7 }}", "Line 1"),
        ("{% if a %}{{#each}}", "Line 1, column 11"),
        ("{{" + "a" * 41 + "}}", "Line 1"),
        ("{{a\n}}", "Line 1"),
        ("{{{a}}}", "Line 1"),
        ("{{ä}}", "Line 1"),
    ],
)
def test_what_begins_like_a_placeholder_and_is_none_is_an_error_with_its_place(text: str, where: str) -> None:
    with pytest.raises(Malformed, match=where):
        parse(text)


def test_what_a_value_holds_is_text() -> None:
    values = {"a": "{{b}} \\{{ {{a}}", "b": "secret"}
    assert fill(parse("{{a}}!"), values) == "{{b}} \\{{ {{a}}!"


def test_where_an_unknown_name_stands() -> None:
    assert place("one\n  two {{ who }}", "who") == (2, 7)


@given(st.text(alphabet="ab{}\\ \n{{}}", max_size=40), st.text(max_size=5))
def test_a_text_is_refused_or_filled_to_the_length_foretold(text: str, value: str) -> None:
    try:
        pieces = parse(text)
    except Malformed:
        return
    values = dict.fromkeys(names(text), value)
    assert len(fill(pieces, values)) == length(pieces, values)
