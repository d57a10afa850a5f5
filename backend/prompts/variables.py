"""A template's variables: their types, their limits, and what a given value becomes in a text."""

import math
from datetime import date
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, JsonValue, model_validator

from backend.core.schemas import Flag, Number, Strict, Text
from backend.core.sentences import Param, Said, sentence, text_of
from backend.prompts.grammar import MAX_NAME, NAME

MAX_TEXT = 10_000
MAX_LONG = 500_000
MAX_CHOICES = 200
MAX_WHOLE_FLOAT = 1e15

Type = Literal["text", "long", "number", "choice", "boolean", "date"]

_WORDS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}


class Unfit(ValueError):
    """A value that is not one of a variable's; `said` is why, without naming the variable."""

    def __init__(self, said: Said) -> None:
        self.said = said
        super().__init__(text_of(said))


def _unfit(name: str, template: str, /, **params: Param) -> Unfit:
    return Unfit(sentence(f"unfit_{name}", template, **params))


def _name(value: str) -> str:
    if not NAME.match(value):
        raise ValueError("a name has letters, digits and _, and does not begin with a digit")
    return value


Name = Annotated[str, Field(min_length=1, max_length=MAX_NAME), AfterValidator(_name)]
Short = Annotated[Text, Field(max_length=200)]


class Variable(Strict):
    """One variable. It has to be given unless it has a `default` or `required` is false (then it is empty).

    `min` and `max` are a number's bounds, `earliest` and `latest` a date's, `max_length` counts a text's characters.
    """

    name: Name
    type: Type = "text"
    label: Short = ""
    help: Annotated[Text, Field(max_length=500)] = ""
    required: Flag = True
    default: JsonValue = None
    choices: Annotated[list[Annotated[Short, Field(min_length=1)]], Field(max_length=MAX_CHOICES)] | None = None
    min: Number | None = Field(None, allow_inf_nan=False)
    max: Number | None = Field(None, allow_inf_nan=False)
    whole: Flag = False
    earliest: date | None = None
    latest: date | None = None
    max_length: Annotated[int, Field(strict=True, ge=1, le=MAX_LONG)] | None = None

    @model_validator(mode="after")
    def _sound(self) -> "Variable":
        self._check_limits()
        if self.default is not None:
            try:
                to_text(self, self.default)
            except Unfit as error:
                raise ValueError(f"the default of {self.name}: {error}") from None
        return self

    def _check_limits(self) -> None:
        mine = _LIMITS[self.type]
        for limit in _ALL_LIMITS - mine:
            if getattr(self, limit) not in (None, False):
                raise ValueError(f"{self.name} is a {self.type}, which has no `{limit}`")
        if self.type == "choice":
            if not self.choices:
                raise ValueError(f"{self.name} needs `choices`")
            if len(set(self.choices)) != len(self.choices):
                raise ValueError(f"{self.name} has a choice twice")
        if self.min is not None and self.max is not None and self.min > self.max:
            raise ValueError(f"{self.name}: `min` is above `max`")
        if self.earliest is not None and self.latest is not None and self.earliest > self.latest:
            raise ValueError(f"{self.name}: `earliest` is after `latest`")


_LIMITS: dict[Type, set[str]] = {
    "text": {"max_length"},
    "long": {"max_length"},
    "number": {"min", "max", "whole"},
    "choice": {"choices"},
    "boolean": set(),
    "date": {"earliest", "latest"},
}
_ALL_LIMITS = set().union(*_LIMITS.values())


def to_text(variable: Variable, value: Any) -> str:
    """What the value becomes in a text. Raises `Unfit` for one of another type or beyond the limits."""
    match variable.type:
        case "number":
            return _number(variable, value)
        case "choice":
            return _choice(variable, value)
        case "boolean":
            if not isinstance(value, bool):
                raise _unfit("boolean", "true or false is needed, not {value}.", value=_kind(value))
            return "true" if value else "false"
        case "date":
            return _date(variable, value)
        case _:
            return _text(variable, value)


def from_text(variable: Variable, text: str) -> Any:
    """A value that came as text, as from a table's cell: the number, date or truth that it says. Raises `Unfit`."""
    match variable.type:
        case "number":
            try:
                return int(text) if text.strip().lstrip("+-").isdigit() else float(text)
            except ValueError:
                raise _unfit("number", "a number is needed, not {value}.", value=_shown(text)) from None
        case "boolean":
            found = _WORDS.get(text.strip().lower())
            if found is None:
                raise _unfit("boolean", "true or false is needed, not {value}.", value=_shown(text))
            return found
        case "choice" | "date":
            return text.strip()
        case _:
            return text


def _text(variable: Variable, value: Any) -> str:
    if not isinstance(value, str):
        raise _unfit("text", "text is needed, not {value}.", value=_kind(value))
    if "\0" in value:
        raise _unfit("nul", "text may not hold a NUL character.")
    most = variable.max_length or (MAX_LONG if variable.type == "long" else MAX_TEXT)
    if len(value) > most:
        raise _unfit("long", "it has {count} characters; at most {most} are allowed.", count=len(value), most=most)
    if variable.required and not value.strip():
        raise _unfit("empty", "it is needed, and empty.")
    return value


def _number(variable: Variable, value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _unfit("number", "a number is needed, not {value}.", value=_kind(value))
    if isinstance(value, float) and not math.isfinite(value):
        raise _unfit("finite", "a finite number is needed.")
    if variable.whole and value != int(value):
        raise _unfit("whole", "a whole number is needed, not {value}.", value=str(value))
    if variable.min is not None and value < variable.min:
        low, least = plain_number(value), plain_number(variable.min)
        raise _unfit("below", "{value} is below {least}, the least that is allowed.", value=low, least=least)
    if variable.max is not None and value > variable.max:
        high, most = plain_number(value), plain_number(variable.max)
        raise _unfit("above", "{value} is above {most}, the most that is allowed.", value=high, most=most)
    return plain_number(value)


def plain_number(value: float) -> str:
    """A number as people write it: 2 and not 2.0."""
    return str(int(value)) if value == int(value) and abs(value) < MAX_WHOLE_FLOAT else str(value)


def _choice(variable: Variable, value: Any) -> str:
    choices = variable.choices or []
    if not isinstance(value, str):
        raise _unfit("one_of", "one of {choices} is needed, not {value}.", choices=_list(choices), value=_kind(value))
    if value not in choices:
        raise _unfit("none_of", "{value} is none of {choices}.", value=_shown(value), choices=_list(choices))
    return value


def _date(variable: Variable, value: Any) -> str:
    if not isinstance(value, str):
        raise _unfit("date", "a date such as 2026-11-23 is needed, not {value}.", value=_kind(value))
    try:
        found = date.fromisoformat(value)
    except ValueError:
        found = None
    if found is None or found.isoformat() != value:
        raise _unfit("no_date", "{value} is no date; write it as 2026-11-23.", value=_shown(value))
    if variable.earliest is not None and found < variable.earliest:
        earliest = str(variable.earliest)
        raise _unfit(
            "before", "{value} is before {earliest}, the earliest that is allowed.", value=value, earliest=earliest
        )
    if variable.latest is not None and found > variable.latest:
        latest = str(variable.latest)
        raise _unfit("after", "{value} is after {latest}, the latest that is allowed.", value=value, latest=latest)
    return value


def _kind(value: Any) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case str():
            return f"the text {_shown(value)}"
        case int() | float():
            return f"the number {value}"
        case list():
            return "a list"
        case _:
            return "an object"


def _shown(text: str) -> str:
    return f"“{text if len(text) <= 40 else text[:40] + '…'}”"


def _list(choices: list[str]) -> str:
    shown = ", ".join(_shown(choice) for choice in choices[:8])
    return shown + (", …" if len(choices) > 8 else "")
