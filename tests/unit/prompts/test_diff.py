"""What changed between two versions can be read."""

import time
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from backend.prompts.diff import diff
from backend.prompts.schemas import DiffLine, VersionOut


def version(number: int = 1, **fields: Any) -> VersionOut:
    given = {"id": UUID(int=number), "number": number, "note": "", "model": "", "author": None, "labels": []}
    texts = {"created": datetime.now(UTC), "system": "", "user": "", "variables": [], "params": {}}
    return VersionOut.model_validate({**given, **texts, **fields})


def lines(old: VersionOut, new: VersionOut, field: str) -> list[str]:
    """Each line as `+text`, with what changed in brackets."""
    (found,) = [entry for entry in diff(old, new).fields if entry.field == field]
    return [{"same": " ", "removed": "-", "added": "+"}[line.op] + marked(line) for line in found.lines]


def marked(line: DiffLine) -> str:
    return "".join(f"[{span.text}]" if span.changed else span.text for span in line.spans)


def test_the_words_that_changed_stand_out_in_their_line() -> None:
    old, new = version(user="Dear {{name}},\nbe kind.\nBye"), version(2, user="Dear {{name}},\nbe very kind!\nBye")
    assert lines(old, new, "user") == [" Dear {{name}},", "-be kind[.]", "+be [very ]kind[!]", " Bye"]


def test_lines_have_their_numbers_and_what_stayed_far_away_is_left_out() -> None:
    text = [f"line {n}" for n in range(40)]
    new = [*text[:20], "more", *text[20:]]
    (found,) = [e for e in diff(version(user="\n".join(text)), version(2, user="\n".join(new))).fields if e.changed]
    assert [(line.op, line.old, line.new) for line in found.lines] == [
        *[("same", n, n) for n in (18, 19, 20)],
        ("added", None, 21),
        *[("same", n, n + 1) for n in (21, 22, 23)],
    ]


def test_all_that_stayed_is_told_to_those_who_ask_for_it() -> None:
    text = [f"line {n}" for n in range(40)]
    old, new = version(user="\n".join(text)), version(2, user="\n".join([*text, "more"]))
    (found,) = [entry for entry in diff(old, new, context=100_000).fields if entry.changed]
    assert [line.new for line in found.lines] == list(range(1, 42))


def test_lines_with_little_in_common_are_one_gone_and_one_come() -> None:
    assert lines(version(user="alpha beta"), version(2, user="123 456"), "user") == ["-alpha beta", "+123 456"]


def test_variables_model_and_parameters_are_compared_as_sentences() -> None:
    tone = {"name": "tone", "type": "choice", "choices": ["warm", "plain"]}
    old = version(user="x", variables=[{"name": "a"}], params={"temperature": 1})
    new = version(2, user="x", variables=[{"name": "a", "required": False}, tone], model="m", params={"seed": 7})
    assert lines(old, new, "variables") == ["-a: text", "+a: text, optional", "+tone: choice of “warm”, “plain”"]
    assert lines(old, new, "model") == ["+m"]
    assert lines(old, new, "params") == ["-temperature: 1", "+seed: 7"]
    assert not next(entry for entry in diff(old, new).fields if entry.field == "user").changed


def test_long_texts_without_anything_in_common_take_no_time() -> None:
    old, new = "\n".join(str(n) for n in range(30_000)), "\n".join(str(-n) for n in range(30_000))
    began = time.process_time()
    diff(version(user=old), version(2, user=new))
    diff(version(user="a\nb\n" * 1_400), version(2, user="b\nc\na\n" * 900))
    assert time.process_time() - began < 2
