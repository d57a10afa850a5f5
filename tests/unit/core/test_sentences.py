"""Sentences keep their English text and their name, however they stand in each other."""

import json
import re
from pathlib import Path

import orjson

from backend.core.errors import QuotaExceeded
from backend.core.sentences import named, problem, problem_of, reason_of, sentence, spoken


def test_a_sentence_in_a_sentence_is_told_whole_and_named_in_each_part():
    inner = sentence("rows_again", "{count} rows {name}", count=1200, name="{braces}")
    told = problem("internal", sentence("every_row_failed", "The first: {reason}", reason=inner))
    assert told["message"] == "The first: 1,200 rows {braces}"
    kept = orjson.loads(orjson.dumps(told))
    assert kept["params"]["reason"]["params"] == {"count": 1200, "name": "{braces}"}
    again = sentence("not_begun", "No: {reason}", reason=reason_of(kept))
    assert again.text == "No: The first: 1,200 rows {braces}"
    assert named(again)["params"]["reason"]["sentence"] == "every_row_failed"
    assert named(again)["params"]["reason"]["params"]["reason"]["text"] == "1,200 rows {braces}"


def test_an_error_says_its_sentence_and_one_without_a_name_says_its_text():
    assert problem_of(spoken(QuotaExceeded, sentence("budget_used", "Used up."))) == {
        "code": "quota_exceeded",
        "message": "Used up.",
        "sentence": "budget_used",
        "params": {},
    }
    assert problem_of(QuotaExceeded("No.")) == {"code": "quota_exceeded", "message": "No."}
    assert reason_of({"code": "x", "message": "Whatever."}) == "Whatever."


ROOT = Path(__file__).resolve().parents[3]
SAID = re.compile(r'\b(?:sentence|_unfit)\(\s*"(\w+)"')


def test_every_sentence_that_has_a_name_is_known_to_the_page_in_each_language():
    used = {
        ("unfit_" if found[0].startswith("_unfit") else "") + found[1]
        for path in (ROOT / "backend").rglob("*.py")
        for found in SAID.finditer(path.read_text())
    }
    assert len(used) > 80
    for language in ("en", "de"):
        words = json.loads((ROOT / f"frontend/src/locales/{language}/jobs.json").read_text())
        said = {re.sub(r"^say_|_(one|other)$", "", name) for name in words if name.startswith("say_")}
        anywhere = json.loads((ROOT / f"frontend/src/locales/{language}/errors.json").read_text())
        said |= {re.sub(r"_(one|other)$", "", name) for name in anywhere}
        assert used <= said, f"{language}: {sorted(used - said)}"
