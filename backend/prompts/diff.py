"""What changed between two versions, line by line, with the words that changed inside a line."""

import difflib
import re
from collections.abc import Iterable, Sequence
from typing import Literal

from backend.prompts.schemas import Diff, DiffField, DiffLine, Span, VersionOut
from backend.prompts.variables import Variable, plain_number

MOST_LINES = 3_000
"""Past that, a text is compared as a whole: difflib's time grows with the square."""

MOST_WORDS = 400
MOST_PAIRS = 200
ALIKE = 0.4
"""Lines that share less of their characters than this are shown as one gone and another come."""

_WORDS = re.compile(r"\w+|\s+|[^\w\s]")

Field = Literal["system", "user", "variables", "model", "params"]


def diff(old: VersionOut, new: VersionOut, *, context: int = 3) -> Diff:
    """All parts of a version, changed or not, with `context` unchanged lines round each change."""
    fields: list[tuple[Field, list[str], list[str]]] = [
        ("system", _lines(old.system), _lines(new.system)),
        ("user", _lines(old.user), _lines(new.user)),
        ("variables", _variables(old), _variables(new)),
        ("model", _lines(old.model), _lines(new.model)),
        ("params", _params(old), _params(new)),
    ]
    return Diff(
        old=old.number,
        new=new.number,
        fields=[
            DiffField(field=name, changed=a != b, lines=_compare(a, b, context) if a != b else [])
            for name, a, b in fields
        ],
    )


def _compare(old: Sequence[str], new: Sequence[str], context: int) -> list[DiffLine]:
    if len(old) > MOST_LINES or len(new) > MOST_LINES:
        groups: Iterable[Sequence[tuple[str, int, int, int, int]]] = [[("replace", 0, len(old), 0, len(new))]]
    else:
        groups = difflib.SequenceMatcher(None, old, new).get_grouped_opcodes(context)
    lines: list[DiffLine] = []
    for group in groups:
        for op, i1, i2, j1, j2 in group:
            if op == "equal":
                lines += [_line("same", i + 1, j1 + i - i1 + 1, [_span(old[i], changed=False)]) for i in range(i1, i2)]
            else:
                lines += _replaced(old[i1:i2], new[j1:j2], i1 + 1, j1 + 1)
    return lines


def _replaced(old: Sequence[str], new: Sequence[str], first_old: int, first_new: int) -> list[DiffLine]:
    """Lines that went and lines that came. Where as many came as went, each is compared with its counterpart."""
    pairs = [_words(a, b) for a, b in zip(old, new, strict=True)] if len(old) == len(new) <= MOST_PAIRS else []
    gone = [pairs[n][0] if pairs else [_span(line, changed=False)] for n, line in enumerate(old)]
    come = [pairs[n][1] if pairs else [_span(line, changed=False)] for n, line in enumerate(new)]
    return [
        *(_line("removed", first_old + n, None, spans) for n, spans in enumerate(gone)),
        *(_line("added", None, first_new + n, spans) for n, spans in enumerate(come)),
    ]


def _words(old: str, new: str) -> tuple[list[Span], list[Span]]:
    a, b = _WORDS.findall(old), _WORDS.findall(new)
    whole = [_span(old, changed=False)], [_span(new, changed=False)]
    if len(a) > MOST_WORDS or len(b) > MOST_WORDS:
        return whole
    matcher = difflib.SequenceMatcher(None, a, b, autojunk=False)
    shared = sum(len("".join(a[i : i + size])) for i, _, size in matcher.get_matching_blocks())
    if 2 * shared < ALIKE * (len(old) + len(new)):
        return whole
    left: list[Span] = []
    right: list[Span] = []
    for op, i1, i2, j1, j2 in matcher.get_opcodes():
        if i2 > i1:
            left.append(_span("".join(a[i1:i2]), changed=op != "equal"))
        if j2 > j1:
            right.append(_span("".join(b[j1:j2]), changed=op != "equal"))
    return left, right


def _lines(text: str) -> list[str]:
    return text.split("\n") if text else []


def _variables(version: VersionOut) -> list[str]:
    return [_variable(entry) for entry in version.variables]


def _variable(entry: Variable) -> str:
    """One line that a person can read: `tone: choice of “warm”, “plain”, default “plain”`."""
    words = [f"{entry.name}: {entry.type}"]
    if entry.choices:
        words[0] += " of " + ", ".join(f"“{choice}”" for choice in entry.choices)
    words += [] if entry.required else ["optional"]
    if entry.default is not None:
        words.append(f"default {_shown(entry.default)}")
    limits = {"min": entry.min, "max": entry.max, "earliest": entry.earliest, "latest": entry.latest}
    words += [
        f"{name} {plain_number(value) if isinstance(value, float) else value}"
        for name, value in limits.items()
        if value is not None
    ]
    words += ["whole"] if entry.whole else []
    words += [f"at most {entry.max_length} characters"] if entry.max_length else []
    words += [f"label “{entry.label}”"] if entry.label else []
    words += [f"help “{entry.help}”"] if entry.help else []
    return ", ".join(words).replace("\n", " ")


def _params(version: VersionOut) -> list[str]:
    return [f"{name}: {_shown(value)}" for name, value in version.params.model_dump(exclude_none=True).items()]


def _shown(value: object) -> str:
    if isinstance(value, float):
        return plain_number(value)
    return f"“{value}”" if isinstance(value, str) else str(value)


def _line(op: Literal["same", "removed", "added"], old: int | None, new: int | None, spans: list[Span]) -> DiffLine:
    return DiffLine.model_construct(op=op, old=old, new=new, spans=spans)


def _span(text: str, *, changed: bool) -> Span:
    return Span.model_construct(text=text, changed=changed)
