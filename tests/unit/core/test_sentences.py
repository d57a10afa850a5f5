"""Sentences keep their English text and their name, however they stand in each other."""

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
