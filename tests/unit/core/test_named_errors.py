"""Errors name their sentences on every way to a client, beside the English text, for pages in other languages."""

from typing import Any

import msgspec
import orjson
import pytest
from ninja.errors import ValidationError
from pydantic import ValidationError as Invalid

from backend.config.api import to_error
from backend.core.errors import AppError, Conflict
from backend.core.problems import at, problem
from backend.core.sentences import sentence, spoken
from backend.prompts.schemas import TemplateNew, Unsound
from backend.providers.failures import from_status
from backend.usage.refusal import BudgetSpent
from realtime.replies import failure

BUDGET = {"scope": "user", "measure": "cost", "period": "day", "name": "", "used": "0.0075", "limit": "0.02",
          "amount": "0.015", "start": "2026-11-23T00:00:00+00:00"}  # fmt: skip


def body_of(error: Exception) -> dict[str, Any]:
    found: dict[str, Any] = orjson.loads(problem(to_error(error), request_id="r")[1])
    return found


def framed(error: AppError) -> dict[str, Any]:
    """The text behind the frame's header."""
    whole = failure(7, error)
    found: dict[str, Any] = msgspec.json.decode(whole[whole.index(b"{") :])
    return found


def test_a_problem_and_a_frame_have_the_name_beside_the_message():
    error = at("slug", spoken(Conflict, sentence("slug_taken", "The slug {slug} is taken.", slug="a")))
    told = {"sentence": "slug_taken", "params": {"slug": "a"}}
    body = body_of(error)
    assert {name: body[name] for name in told} == told
    assert body["errors"] == [{"field": "slug", "message": "The slug a is taken.", **told}]
    frame = framed(error)
    assert frame["error"] == {"code": "conflict", "message": "The slug a is taken.", "temporary": False, **told}
    assert "sentence" not in body_of(Conflict())
    assert "sentence" not in framed(Conflict())["error"]


def test_a_budget_says_what_the_call_was_reckoned_at():
    error = BudgetSpent(BUDGET)
    assert error.message == (
        "Your budget for the day does not allow this: this is reckoned at up to $0.015; $0.0075 of $0.02 are used or "
        "reserved. It begins anew on 2026-11-24 at 00:00 UTC."
    )
    assert body_of(error)["params"]["asked"]["params"] == {"asked": "$0.015"}
    tokens = BudgetSpent({**BUDGET, "measure": "tokens", "used": "900", "limit": "1000", "amount": "1200"})
    assert "reckoned at up to 1,200 tokens; 900 of 1,000 tokens are used" in tokens.message


def test_a_provider_that_refused_the_key_is_named():
    error = from_status(401, {}, b'{"error": {"message": "bad key"}}', name="OpenAI", model="m", key="")
    assert error.sentence is not None
    assert error.sentence["sentence"] == "provider_key"
    assert error.sentence["params"]["said"]["params"] == {"detail": "bad key"}
    silent = from_status(401, {}, b"", name="OpenAI", model="m", key="").sentence or {}
    assert silent["params"]["said"] == ""


def test_what_is_wrong_with_a_template_is_told_of_its_field_and_named():
    with pytest.raises(Invalid) as caught:
        TemplateNew(name="x", user="a {{ bad")
    entry: dict[str, Any] = {**caught.value.errors()[0]}
    assert isinstance(entry["ctx"]["error"], Unsound)
    body = body_of(ValidationError([{**entry, "loc": ("body", "body")}]))
    [told] = body["errors"]
    assert (told["field"], told["sentence"]) == ("user", "at_place")
    assert told["params"]["reason"]["sentence"] == "braces_open"
    assert body["detail"].startswith("user: Line 1, column 3: these braces are not closed.")
    below = {"type": "greater_than_equal", "loc": ("body", "body", "limit"), "ctx": {"ge": 0},
             "msg": "Input should be greater than or equal to 0"}  # fmt: skip
    assert body_of(ValidationError([below]))["errors"][0]["params"] == {"limit": "0"}
