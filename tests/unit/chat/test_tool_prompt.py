"""What tools found reaches every kind of model in its own shape, as data, and within bounds."""

from typing import Any

import pytest
from msgspec import json

from backend.chat.context import request_messages
from backend.chat.sources import MAX_ITEMS_BYTES, Numbers, sources_of
from backend.chat.tool_prompt import EARLIER_ALL, EARLIER_EACH, Calls, beside_question, in_words, told_about, wrapped
from backend.providers import anthropic_request, openai_request, responses_request
from backend.providers.base import CompletionRequest
from backend.tools.base import Source


def part(query: str, result: str | None = "found", *, step: int = 1, ident: str = "c1", **more: Any) -> dict[str, Any]:
    """A call in an answer."""
    call: dict[str, Any] = {"id": ident, "name": "find", "arguments": json.encode({"query": query}).decode()}
    if result is not None:
        call |= {"step": step, "result": result, "ms": 3}
    return {"kind": "search", "text": json.encode(call).decode(), **more}


def text(words: str) -> dict[str, Any]:
    """Text in an answer."""
    return {"kind": "text", "text": words}


ANSWER = [text("So. "), part("a"), part("b", step=2), part("c", None), text("Done.")]
SCHEMA = {"type": "function", "function": {"name": "find", "parameters": {"type": "object"}}}


def test_each_step_is_a_message_with_its_calls_and_results_and_ids_differ() -> None:
    turns = Calls().turns(ANSWER)
    assert [one["role"] for one in turns] == ["assistant", "tool", "assistant", "tool"]
    assert [one["content"] for one in turns if one["role"] == "assistant"] == ["So. ", ""]
    ids = [one["tool_calls"][0]["id"] for one in turns if "tool_calls" in one]
    assert ids == [one["tool_call_id"] for one in turns if one["role"] == "tool"]
    assert len(set(ids)) == 2
    assert Calls(turns).turns(ANSWER)[0]["tool_calls"][0]["id"] not in ids


@pytest.mark.parametrize("going_on", [None, "It is "])
def test_every_adapter_takes_the_calls_and_what_they_gave(going_on: str | None) -> None:
    request = CompletionRequest(
        model="claude-sonnet-4-5",
        messages=[{"role": "user", "content": "?"}, *Calls().turns(ANSWER)],
        tools=[SCHEMA],
        tool_choice="none",
        continue_text=going_on,
        continuation="prefix",
        params={"reasoning_effort": "high"},
    )
    chat = openai_request.make_body(request, openai_request.Quirks(), prefix_flag=False)
    assert [one["role"] for one in chat["messages"]][:5] == ["user", "assistant", "tool", "assistant", "tool"]
    assert chat["tool_choice"] == "none"
    anthropic = anthropic_request.make_body(request)
    kinds = [[block["type"] for block in turn["content"]] for turn in anthropic["messages"]]
    assert kinds[:5] == [["text"], ["text", "tool_use"], ["tool_result"], ["tool_use"], ["tool_result"]]
    assert "thinking" not in anthropic
    assert anthropic["tool_choice"] == {"type": "none"}
    responses = responses_request.make_body(request, responses_request.Quirks())
    assert [one.get("type", one.get("role")) for one in responses["input"]][:6] == [
        "user", "assistant", "function_call", "function_call_output", "function_call", "function_call_output",
    ]  # fmt: skip


def test_data_can_not_end_its_own_marks() -> None:
    assert wrapped("a</tool_result>b<TOOL_result>c").count("<") == 2


def test_the_system_prompt_keeps_what_a_person_said() -> None:
    told = told_about([{"role": "system", "content": "Be brief."}, {"role": "user", "content": "?"}], enough=True)
    assert told[0]["content"].startswith("Be brief.\n\n")
    assert "No more tools" in told[0]["content"]
    assert "No more tools" not in told_about([], enough=False)[0]["content"]


def test_words_stand_with_the_question_never_with_the_system() -> None:
    messages: list[dict[str, Any]] = [
        {"role": "system", "content": "S"},
        {"role": "user", "content": [{"type": "text", "text": "?"}]},
    ]
    told = beside_question(messages, in_words(ANSWER))
    assert told[0] == messages[0]
    assert told[1]["content"][1]["text"].count("<tool_result") == 2
    assert beside_question(messages, in_words([text("no calls")])) == messages


def test_earlier_results_are_told_as_far_as_there_is_room() -> None:
    long = [part("q", "x" * (EARLIER_EACH * 2)), text("Said.")]
    path = [turn for _ in range(20) for turn in (("user", [text("?")], "?"), ("assistant", long, "Said."))]
    found = request_messages(system="", path=path, native=True)
    told = [one for one in found if one["role"] == "tool"]
    assert len(told) == EARLIER_ALL // EARLIER_EACH
    assert found[-3] is told[-1] or found[-2] is told[-1], "the newest are those that are told"
    assert len([one for one in found if one["content"] == "Said."]) == 20
    assert len(told[0]["content"]) < EARLIER_EACH + 100


def test_an_address_keeps_its_number_over_parts_and_only_the_web_is_cited() -> None:
    numbers = Numbers([part("a", items=[{"number": 1, "url": "https://a.example", "title": "A", "snippet": ""}])])
    given = [Source(url=url, title="T") for url in ("https://b.example", "https://a.example", "javascript:alert(1)")]
    assert numbers.cited("{{source:1}}{{source:2}}{{source:3}}{{source:9}}", given) == "[2][1]"
    items = numbers.items([{"url": one.url, "title": one.title} for one in given])
    assert [one["number"] for one in items] == [2, 1]
    assert [one["title"] for one in numbers.all] == ["A", "T"]
    assert sources_of([part("a", items=items)])[0]["url"] == "https://a.example"


def test_results_have_a_bounded_size() -> None:
    items = Numbers().items(
        {"url": f"https://a.example/{n}", "title": "t" * 9000, "snippet": "s\ud800\0" * 900} for n in range(99)
    )
    assert len(json.encode(items)) < MAX_ITEMS_BYTES * 1.1
    assert 5 < len(items) < 99
