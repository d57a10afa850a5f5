"""Conversations of other sites as ours: trees, times, models and parts kept, what is not taken along named."""

import json
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from backend.jobs.imports.base import BadExport, Said, Told, arrange, as_time, clean
from backend.jobs.imports.sources import read, source_of
from backend.jobs.imports.sources.chatgpt_content import MOST_CITATIONS
from tests.support import exports


def tree(told: Told) -> list[tuple[str, str | None, str, str]]:
    return [(said.key, said.parent, said.role, said.text) for said in told.messages]


def kinds(said: Said) -> list[tuple[str, Any]]:
    return [(part["kind"], json.loads(part["text"]) if part["kind"] == "tool" else part["text"]) for part in said.parts]


def told_of(value: dict[str, Any]) -> Told:
    source = source_of(value)
    assert source is not None
    return read(value, source=source)


def test_chatgpts_steps_become_one_answer_and_hidden_nodes_are_passed_over():
    told = told_of(exports.chatgpt())
    answer = "It rains ([Weather today](https://weather.test/a(b%29)) there."
    assert tree(told) == [
        ("q1", None, "user", "Does it rain?"),
        ("a1", "q1", "assistant", "Where?"),
        ("q2", None, "user", "[Image: file_00c0ffee]\n\nDoes it rain in Rome?\n\n[Attachment: map.pdf]"),
        ("b1", "q2", "assistant", "Perhaps"),
        ("t1", "q2", "assistant", answer),
    ], "the branch that was open comes last"
    assert kinds(told.messages[-1]) == [
        ("reasoning", "**Looking**\n\nI look outside."),
        ("tool", {"id": "c1", "name": "web.run", "arguments": '{"q": "rain"}'}),
        ("tool", {"id": "o1", "name": "web.run", "output": "12 mm"}),
        ("text", answer),
    ]
    assert [said.model for said in told.messages] == ["", "gpt-4o", "", "o3", "o3"]
    assert [said.status for said in told.messages] == ["done", "done", "done", "incomplete", "done"]
    assert told.messages[-1].created == datetime.fromtimestamp(exports.BEGUN + 4, UTC)
    assert (told.title, told.model, told.archived, told.pinned) == ("Rain", "o3", True, False)
    assert (told.updated - told.created).total_seconds() == 60
    assert told.left_out.plain() == [
        {"what": "instructions", "count": 1, "names": []},
        {"what": "image", "count": 1, "names": ["file_00c0ffee"]},
        {"what": "attachment", "count": 1, "names": ["map.pdf"]},
        {"what": "hidden", "count": 1, "names": []},
    ]


def test_older_citations_of_chatgpt_become_links_and_code_is_fenced():
    value = exports.chatgpt()
    page = {"type": "webpage", "title": "A page", "url": "https://page.test/"}
    cited = {"citations": [{"start_ix": 8, "end_ix": 18, "metadata": page}, {"start_ix": 9, "end_ix": 900}]}
    shown = {"content_type": "code", "language": "python", "text": "print('```')"}
    value["mapping"] = {
        "a": exports.node("a", "gone", ["b"], exports.says("a", "assistant", "It rains【0†source】.", metadata=cited)),
        "b": exports.node("b", "a", [], exports.says("b", "assistant", content=shown)),
    }
    [said] = told_of(value).messages
    assert said.text == "It rains ([A page](https://page.test/)).\n\n````python\nprint('```')\n````"
    value["mapping"]["a"]["message"]["metadata"] = {"content_references": [{"matched_text": "It"}] * MOST_CITATIONS * 2}
    assert told_of(value).messages[0].text.startswith(" rains")


def test_open_webuis_steps_stand_in_the_text_or_beside_it():
    told = told_of(exports.openwebui())
    assert tree(told) == [
        ("u1", None, "user", "6 x 7?\n\n[Attachment: sums.txt]"),
        ("a2", "u1", "assistant", ""),
        ("a1", "u1", "assistant", "It is **42**."),
        ("u2", "a1", "user", "Sure?"),
        ("a3", "u2", "assistant", "Yes"),
    ]
    asked, failed, answer, _, last = told.messages
    assert [part["kind"] for part in asked.parts] == ["text", "image", "text"]
    assert asked.parts[1]["url"] == "data:image/png;base64,iVBORw0KGgo="
    assert (failed.status, failed.error) == ("error", {"code": "provider_error", "message": "Out of memory"})
    assert kinds(answer)[1:] == [
        ("reasoning", "6 times 7\nis easy"),
        ("tool", {"id": "call_1", "name": "multiply", "arguments": '"{\\"a\\": 6}"', "output": '"42"'}),
        ("text", "It is **42**."),
    ]
    [page] = answer.parts[0]["items"]
    assert page == {"title": "Forty-two", "url": "https://numbers.test/42", "snippet": "Forty-two is a number."}
    assert (answer.usage, answer.model) == ({"input_tokens": 7, "output_tokens": 3}, "m1")
    assert (kinds(last), last.status) == ([("reasoning", "Sure."), ("text", "Yes")], "incomplete")
    assert (told.system, told.pinned, told.created.timestamp()) == ("You are good at sums.", True, 1_700_000_000)

    value = exports.openwebui()
    value["chat"]["history"]["messages"]["a3"]["output"] = [
        {"type": "reasoning", "content": [{"type": "output_text", "text": "Hm."}]},
        {"type": "function_call", "call_id": "c", "name": "f", "arguments": "{}"},
        {"type": "function_call_output", "call_id": "c", "output": [{"type": "input_text", "text": "1"}]},
        {"type": "message", "content": [{"type": "output_text", "text": "So."}]},
    ]
    call = {"id": "c", "name": "f", "arguments": "{}", "output": "1"}
    assert kinds(told_of(value).messages[-1]) == [("reasoning", "Hm."), ("tool", call), ("text", "So.")]


def test_an_old_chat_of_open_webui_has_a_list_alone():
    messages = [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}, {"role": "robot"}]
    told = told_of({"chat": {"messages": messages, "title": "Old"}})
    assert tree(told) == [("0", None, "user", "a"), ("1", "0", "assistant", "b")]
    assert told.left_out.plain() == [{"what": "unknown", "count": 1, "names": ["robot"]}]


@pytest.mark.parametrize("recursive", [True, False])
def test_librechats_tree_is_nested_or_flat(recursive: bool):
    told = told_of(exports.librechat(recursive=recursive))
    expected = [
        ("m1", None, "user", "A story?\n\n[Attachment: plot.txt]"),
        ("m3", "m1", "assistant", "There was"),
        ("m2", "m1", "assistant", "Once upon"),
        ("m4", "m2", "user", "Go on"),
    ]
    if recursive:  # there the last one in the file is another one
        expected = [expected[0], *expected[2:], expected[1]]
    assert tree(told) == expected
    answer = next(said for said in told.messages if said.key == "m2")
    assert kinds(answer)[:2] == [
        ("reasoning", "A story."),
        ("tool", {"id": "c1", "name": "dice", "arguments": '{"sides": 6}', "output": "4"}),
    ]
    assert (answer.reason, answer.model) == ("stop", "gpt-4o")
    assert (told.system, told.created.isoformat()) == ("Tell it well.", "2024-05-28T18:00:01.500000+00:00")


def test_without_branches_librechats_messages_follow_each_other():
    value = exports.librechat(recursive=False)
    for message in value["messages"][1:]:
        message["parentMessageId"] = "not there"
    assert [said.parent for said in told_of(value).messages] == [None, "m1", "m2", "m3"]


def test_a_circle_no_message_or_too_many_are_refused():
    def said(key: str, parent: str | None) -> Said:
        return Said(key=key, parent=parent, role="user", parts=[])

    at = datetime(2024, 1, 1, tzinfo=UTC)
    wrong: Any
    for wrong, code in (
        ([said("a", "b"), said("b", "a"), said("c", None)], "broken_tree"),
        ([], "no_messages"),
        ([said(str(number), None) for number in range(20_001)], "too_large"),
    ):
        with pytest.raises(BadExport) as caught:
            arrange(wrong, last="a", at=at)
        assert caught.value.code == code
    value = exports.chatgpt()
    value["mapping"]["root"]["parent"] = "a2"
    with pytest.raises(BadExport) as caught:
        told_of(value)
    assert caught.value.code == "broken_tree"


def test_a_long_thread_is_no_deeper_than_a_short_one():
    value = exports.librechat(recursive=True)
    message = value["messages"][0]
    message["children"] = []
    for number in range(5000):
        child = {**message, "messageId": f"d{number}", "text": "x", "files": [], "children": []}
        message["children"] = [child]
        message = child
    assert len(told_of(value).messages) == 5001


@pytest.mark.parametrize(
    ("given", "seconds"),
    [
        (1_700_000_000, 1_700_000_000),
        (1_700_000_000_500, 1_700_000_000.5),
        ("2023-11-14T22:13:20Z", 1_700_000_000),
        ("2023-11-14T22:13:20", 1_700_000_000),
        ({"$date": "2023-11-14T22:13:20Z"}, 1_700_000_000),
        *((wrong, None) for wrong in (None, True, "soon", -1, 1e30, float("nan"), "0001-01-01T00:00:00+23:00")),
    ],
)
def test_times_are_seconds_milliseconds_or_iso(given: Any, seconds: float | None):
    found = as_time(given)
    assert (found and found.timestamp()) == seconds


def test_our_own_messages_keep_what_made_them_as_far_as_it_can_be_shown():
    used = {
        "template": str(UUID(int=1)),
        "version": str(UUID(int=2)),
        "slug": "s",
        "name": "S",
        "number": 3,
        "variables": {},
    }
    page = {"number": 1, "url": "https://page.test/", "title": "T", "snippet": "S"}
    message = {
        "id": "m",
        "role": "assistant",
        "status": "odd",
        "parts": [{"kind": "text", "text": "x[1]"}, {"kind": "image", "url": "ftp://x"}, {"kind": "spell"}],
        "usage": {"input_tokens": 3, "output_tokens": {}, "source": "provider"},
        "prompt": used,
        "sources": [page, {"number": "2"}, {"number": 2, "url": "javascript:x"}],
        "error": {"code": "internal", "message": "m\0", "stack": []},
    }
    told = told_of({"id": "c", "messages": [message, {**message, "id": "n", "prompt": {"slug": "s"}}]})
    first, second = told.messages
    assert (first.status, first.text, first.usage) == ("incomplete", "x[1]", {"input_tokens": 3, "source": "provider"})
    assert (first.prompt, second.prompt, first.sources) == (used, None, [page])
    assert first.error == {"code": "internal", "message": "m"}
    assert told.left_out.plain() == [{"what": "unknown", "count": 4, "names": ["image", "spell", "image", "spell"]}]
    assert told_of({"id": "c", "messages": []}).messages == []


def test_texts_can_be_stored():
    assert clean("a\0b\ud83d c\ud83d\ude00") == "ab\ufffd c\U0001f600"


def test_nothing_else_is_taken_for_a_conversation():
    wrong: Any
    for wrong in ({}, {"mapping": []}, {"messages": [1]}, {"chat": None}, {"chat": {"messages": 1}}, [], "x", None):
        assert source_of(wrong) is None, wrong
