"""What a check of the connection found, as a table for people and as JSON."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any, Literal

from backend.ops.connection.rules import PROXIES, rules

Outcome = Literal["ok", "warning", "failed", "skipped"]
MARKS: dict[Outcome, str] = {"ok": "ok     ", "warning": "warning", "failed": "FAILED ", "skipped": "skipped"}
_INDENT = "        "


@dataclass(frozen=True, slots=True)
class Result:
    """One finding. `symptom` names the rule that says what it means and which line mends it."""

    check: str
    outcome: Outcome
    measured: str
    expected: str = ""
    symptom: str | None = None


def as_json(result: Result) -> dict[str, Any]:
    """With the sentence, and the lines by proxy."""
    found = asdict(result)
    if result.symptom is not None:
        symptom = rules().symptoms[result.symptom]
        found |= {"sentence": symptom.sentences["en"], "lines": symptom.lines}
    return found


def as_text(result: Result, *, proxy: str | None = None) -> Iterator[str]:
    """The lines of the table; with `proxy` the advice for that one alone."""
    title = rules().checks[result.check]["en"]
    expected = f" (expected: {result.expected})" if result.expected and result.outcome != "ok" else ""
    yield f"{MARKS[result.outcome]} {title}: {result.measured}{expected}"
    if result.symptom is None:
        return
    symptom = rules().symptoms[result.symptom]
    yield _INDENT + symptom.sentences["en"]
    for name, lines in symptom.lines.items():
        if proxy in {None, name} or name == "rivulet":
            yield f"{_INDENT}{PROXIES[name]}:"
            yield from (f"{_INDENT}    {line}" for line in lines.splitlines())
