"""Filling a version's texts with values, or saying exactly which value is wrong and why."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from backend.core.errors import BadRequest
from backend.core.problems import FieldErrors
from backend.core.sentences import Said, sentence, text_of
from backend.prompts import grammar
from backend.prompts.variables import Unfit, Variable, from_text, to_text

MAX_FILLED_CHARS = 1_000_000
"""Of each text, filled: what a message may hold."""

MOST_NAMED = 20


class WrongValues(FieldErrors):
    """`said` has the same as `errors`, to be said in another language."""

    def __init__(self, problems: Sequence[tuple[str, Said]]) -> None:
        self.said = [said for _, said in problems]
        super().__init__([(field, text_of(said)) for field, said in problems])


@dataclass(frozen=True, slots=True)
class Filled:
    """The two texts, and the values that they were filled with: defaults too."""

    system: str
    user: str
    values: dict[str, Any]


def fill(
    *,
    system: str,
    user: str,
    variables: Sequence[Variable],
    given: Mapping[str, Any],
    field: str = "variables",
    texts: bool = False,
) -> Filled:
    """The texts with their values. `field` is where the values stand in what the caller sent; `texts`: they all came
    as text, as a table's cells do, and are read by their type.

    Raises `WrongValues` with one entry for each variable that is missing, unknown or unfit, and `BadRequest` for a
    text that becomes too long.
    """
    known = {variable.name: variable for variable in variables}
    problems = [(f"{field}.{name}", _unknown(name, known)) for name in given if name not in known]
    values: dict[str, Any] = {}
    words: dict[str, str] = {}
    for name, variable in known.items():
        try:
            values[name], words[name] = _value(variable, given, texts=texts)
        except Unfit as error:
            why = sentence("unfit", "{name}: {reason}", name=variable.label or name, reason=error.said)
            problems.append((f"{field}.{name}", why))
    if problems:
        raise WrongValues(problems[:MOST_NAMED])
    return Filled(_filled(system, words, field), _filled(user, words, field), values)


def _value(variable: Variable, given: Mapping[str, Any], *, texts: bool) -> tuple[Any, str]:
    value = given.get(variable.name)
    plain = variable.type in ("text", "long")
    if texts and isinstance(value, str) and value.strip():
        value = from_text(variable, value)
    if value is None or (isinstance(value, str) and not value.strip() and (variable.required or not plain)):
        if variable.default is not None:
            return variable.default, to_text(variable, variable.default)
        if variable.required:
            if value is None:
                raise Unfit(sentence("unfit_missing", "it is needed, and missing."))
            raise Unfit(sentence("unfit_empty", "it is needed, and empty."))
        return None, ""
    return value, to_text(variable, value)


def _filled(text: str, words: Mapping[str, str], field: str) -> str:
    pieces = grammar.parse(text)
    if grammar.length(pieces, words) > MAX_FILLED_CHARS:
        raise BadRequest(f"The filled template has more than {MAX_FILLED_CHARS:,} characters.", field=field)
    return grammar.fill(pieces, words)


def _unknown(name: str, known: Mapping[str, Variable]) -> Said:
    if not known:
        return sentence("unknown_of_none", "There is no variable “{name}”. This version has none.", name=name[:60])
    text = "There is no variable “{name}”. This version has: {names}."
    return sentence("unknown_of", text, name=name[:60], names=", ".join(list(known)[:MOST_NAMED]))
