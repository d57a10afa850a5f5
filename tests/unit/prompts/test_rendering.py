"""A value that is missing, unknown, of another type or out of bounds is named, and why."""

from typing import Any

import pytest
from pydantic import ValidationError

from backend.core.errors import BadRequest
from backend.core.problems import FieldErrors
from backend.prompts.rendering import fill
from backend.prompts.schemas import Content
from backend.prompts.variables import Variable


def one(given: Any = ..., *, texts: bool = False, **fields: Any) -> str:
    """What the only variable `x` becomes."""
    variable = Variable.model_validate({"name": "x", **fields})
    values = {} if given is ... else {"x": given}
    return fill(system="", user="{{x}}", variables=[variable], given=values, texts=texts).user


def refused(given: Any = ..., **fields: Any) -> str:
    with pytest.raises(FieldErrors) as caught:
        one(given, **fields)
    ((field, message),) = caught.value.errors
    assert field == "variables.x"
    assert caught.value.field == "variables.x"
    return message


@pytest.mark.parametrize(
    ("fields", "given", "text"),
    [
        ({}, "a\nb", "a\nb"),
        ({"type": "long"}, "x" * 400_000, "x" * 400_000),
        ({"type": "number"}, 2.0, "2"),
        ({"type": "number"}, 0.25, "0.25"),
        ({"type": "number", "min": 1, "max": 3, "whole": True}, 3, "3"),
        ({"type": "choice", "choices": ["warm", "plain"]}, "plain", "plain"),
        ({"type": "boolean"}, False, "false"),
        ({"type": "date", "earliest": "2026-01-01"}, "2026-02-28", "2026-02-28"),
        ({"required": False}, ..., ""),
        ({"required": False}, "", ""),
        ({"required": False, "type": "number"}, None, ""),
        ({"default": "d"}, ..., "d"),
        ({"default": "d"}, "", "d"),
        ({"default": "d", "required": False}, "", ""),
        ({"type": "number", "default": 4}, None, "4"),
    ],
)
def test_each_type_takes_its_values(fields: dict[str, Any], given: Any, text: str) -> None:
    assert one(given, **fields) == text


@pytest.mark.parametrize(
    ("fields", "given", "why"),
    [
        ({}, ..., "it is needed, and missing"),
        ({}, "  ", "it is needed, and empty"),
        ({}, 5, "text is needed, not the number 5"),
        ({}, "x" * 10_001, "it has 10,001 characters; at most 10,000"),
        ({"max_length": 3}, "four", "at most 3"),
        ({"type": "number"}, "5", "a number is needed, not the text “5”"),
        ({"type": "number"}, True, "a number is needed, not true"),
        ({"type": "number"}, float("nan"), "finite"),
        ({"type": "number", "min": 1}, 0.5, "0.5 is below 1"),
        ({"type": "number", "max": 1}, 2, "2 is above 1"),
        ({"type": "number", "whole": True}, 1.5, "a whole number"),
        ({"type": "choice", "choices": ["a", "b"]}, "c", "“c” is none of “a”, “b”"),
        ({"type": "boolean"}, "true", "true or false is needed, not the text “true”"),
        ({"type": "boolean"}, 1, "not the number 1"),
        ({"type": "date"}, "2026-02-30", "“2026-02-30” is no date"),
        ({"type": "date"}, "2026-W48-1", "is no date"),
        ({"type": "date", "latest": "2026-01-01"}, "2026-01-02", "is after 2026-01-01"),
        ({"label": "Customer"}, ["a"], "Customer: text is needed, not a list"),
    ],
)
def test_a_wrong_value_is_named_with_the_reason(fields: dict[str, Any], given: Any, why: str) -> None:
    assert why in refused(given, **fields)


def test_every_wrong_value_is_named_at_once_and_an_extra_one_too() -> None:
    variables = [Variable(name="a"), Variable(name="b", type="number")]
    with pytest.raises(FieldErrors) as caught:
        fill(system="", user="x", variables=variables, given={"b": "2", "c": 1}, field="prompt.variables")
    found = dict(caught.value.errors)
    assert set(found) == {"prompt.variables.a", "prompt.variables.b", "prompt.variables.c"}
    assert found["prompt.variables.c"] == "There is no variable “c”. This version has: a, b."


@pytest.mark.parametrize(
    ("fields", "cell", "text"),
    [
        ({"type": "number"}, " 12 ", "12"),
        ({"type": "number"}, "1.5", "1.5"),
        ({"type": "boolean"}, "Yes", "true"),
        ({"type": "date"}, "2026-01-02 ", "2026-01-02"),
        ({"type": "number", "default": 3}, "", "3"),
    ],
)
def test_a_cell_of_a_table_is_read_by_its_type(fields: dict[str, Any], cell: str, text: str) -> None:
    assert one(cell, texts=True, **fields) == text


def test_a_cell_that_is_no_such_thing_is_named() -> None:
    with pytest.raises(FieldErrors, match=r"a number is needed, not “twelve”"):
        one("twelve", texts=True, type="number")


def test_a_text_that_grows_too_long_is_refused_before_it_is_made() -> None:
    variable = Variable(name="x", type="long")
    with pytest.raises(BadRequest, match="more than 1,000,000 characters"):
        fill(system="", user="{{x}}" * 20_000, variables=[variable], given={"x": "y" * 500_000})


def version(**fields: Any) -> Content:
    return Content.model_validate(fields)


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"user": "a {{b}}"}, "user: Line 1, column 3: there is no variable b"),
        ({"system": "{{b c}}", "user": "x"}, "system: Line 1, column 1"),
        ({}, "needs some text"),
        ({"user": "x", "variables": [{"name": "a"}, {"name": "a"}]}, "a is there twice"),
        ({"user": "x", "variables": [{"name": "1"}]}, "does not begin with a digit"),
        ({"user": "x", "variables": [{"name": "a", "type": "number", "default": "5"}]}, "the default of a"),
        ({"user": "x", "variables": [{"name": "a", "type": "choice"}]}, "a needs `choices`"),
        ({"user": "x", "variables": [{"name": "a", "min": 1}]}, "a is a text, which has no `min`"),
        ({"user": "x", "variables": [{"name": "a", "type": "number", "min": 2, "max": 1}]}, "`min` is above `max`"),
        ({"user": "x", "variables": [{"name": "a", "nonsense": 1}]}, "nonsense"),
        ({"user": "x", "params": {"temperature": 3}}, "temperature"),
    ],
)
def test_an_unsound_version_can_not_be_saved(fields: dict[str, Any], why: str) -> None:
    with pytest.raises(ValidationError, match=why):
        version(**fields)
