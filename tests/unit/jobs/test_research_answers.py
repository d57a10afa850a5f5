"""What models answer is read strictly in what it says, forgivingly in how it is wrapped."""

from typing import Any

import pytest

from backend.core.errors import ProviderFailed
from backend.jobs.kinds.research.answers import Notes, Plan, Unreadable, parse
from backend.jobs.kinds.research.next import next_rows
from backend.jobs.kinds.research.story import Done, Story
from backend.jobs.kinds.research.urls import same
from backend.jobs.schemas import ResearchSpec

NOTE = {"claim": "It is long.", "quote": "it is very long"}


@pytest.mark.parametrize(
    "answer",
    [
        '{"searches": ["a", "b"]}',
        '<think>{"searches": ["no"]}</think>\nSure! Here it is:\n```json\n{"searches": ["a", "b",],}\n```\nDone.',
        '{"searches": [{"query": "a"}, {"query": " b "}], "more": 1}',
        'I thought [of {it}]. {"searches": ["a", "b"], "reason": "two\nlines"}',
    ],
)
def test_a_plan_is_read_however_it_is_wrapped(answer: str):
    assert parse(answer, Plan).searches == ["a", "b"]


@pytest.mark.parametrize(
    ("answer", "reason"),
    [("I can't do that.", "no JSON"), ('{"searches": ["a"', "broken"), ('{"searches": 5}', "searches")],
)
def test_what_cant_be_read_says_why(answer: str, reason: str):
    with pytest.raises(Unreadable, match=reason):
        parse(answer, Plan)


def test_notes_come_as_a_list_or_in_one_and_without_those_that_quote_nothing():
    assert len(parse('[{"claim": "a", "quote": "b"}, {"claim": "c", "quote": ""}]', Notes).notes) == 1
    assert parse('{"notes": []}', Notes).notes == []
    with pytest.raises(Unreadable):
        parse('{"notes": "none"}', Notes)


def test_addresses_of_one_page_are_the_same():
    assert same("http://www.A.example/x/?utm_source=y#top") == same("https://a.example/x")
    assert same("https://a.example/x?p=1") != same("https://a.example/x?p=2")


class Rows:
    """A story, row by row."""

    def __init__(self, **spec: Any) -> None:
        self.spec = ResearchSpec(question="?", model="m", **spec)
        self.rows: list[Done] = []

    def add(self, step: Any, output: Any = None, **given: Any) -> "Rows":
        error = {"code": "provider_error", "message": "Broken."} if output is None else None
        status = "failed" if output is None else "done"
        self.rows.append(Done(len(self.rows), step, {"do": step, **given}, status, output or {}, error))
        return self

    def next(self, seconds: float = 0) -> list[dict[str, Any]]:
        return [row.input or {} for row in next_rows(Story(self.rows), self.spec, seconds=seconds)]


def plan(number: int, *searches: str) -> Rows:
    return Rows().add("plan", {"searches": list(searches), "questions": []}, round=number)


def test_what_was_read_leads_to_another_plan_until_it_is_enough():
    read = (
        plan(1, "a")
        .add("search", {}, query="a")
        .add("read", {}, number=1, url="u")
        .add("note", {"notes": [NOTE]}, number=1)
    )
    assert read.next() == [{"do": "plan", "round": 2}]
    said = {"sentence": "limit_minutes", "params": {"most": 30}}
    text = "The limit of 30 minutes was reached."
    assert read.next(seconds=9999) == [{"do": "write", "round": 1, "stopped": text, "stopped_said": said}]
    read.add("plan", {"searches": [], "questions": []}, round=2)
    assert read.next() == [{"do": "write", "round": 2, "stopped": ""}]


def test_a_report_is_checked_mended_where_that_is_needed_and_checked_once_more():
    story = plan(1).add("note", {"notes": [NOTE]}, number=1).add("write", {}, round=1)
    [check] = story.next()
    assert check == {"do": "verify", "write": 2}
    missing = {"note": 1, "source": 1, **NOTE}
    story.add("verify", {"final": False, "missing": [missing]}, write=2)
    assert story.next() == [{"do": "mend", "write": 2, **missing}]
    story.add("mend", None, write=2, note=1)
    assert story.next() == [{"do": "verify", "write": 2}]
    story.add("verify", {"final": True}, write=2)
    assert story.next() == []
    story.add("note", {"notes": [NOTE]}, number=2)
    assert [row["do"] for row in story.next()] == ["write"], "a page that was read late is told, too"


def test_a_research_without_a_plan_notes_or_a_report_fails_and_says_why():
    with pytest.raises(ProviderFailed, match="Broken"):
        Rows().add("plan", None, round=1).next()
    empty = plan(1, "a").add("search", None, query="a")
    empty.spec.depth = "quick"
    with pytest.raises(ProviderFailed, match=r"1 searches found 0 pages.*Broken"):
        empty.next()
    with pytest.raises(ProviderFailed, match="Broken"):
        plan(1).add("note", {"notes": [NOTE]}, number=1).add("write", None, round=1).next()
