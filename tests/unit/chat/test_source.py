"""The source of an answer keeps every character, in order, within the limits of an event."""

import json
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from backend.chat import source as source_module
from backend.chat.events import EVENTS, PartDelta
from backend.chat.fold import encode_event, fold, visible_text
from backend.chat.source import MAX_DELTA_BYTES, AnswerSource
from backend.providers.base import Delta, Finish, ReasoningDelta, TextDelta, ToolDelta, Usage

RELAXED = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
TEXTS = st.text(alphabet=st.characters(codec="utf-8", exclude_characters="\0"), max_size=40)
DELTAS = st.one_of(
    st.builds(TextDelta, text=TEXTS),
    st.builds(ReasoningDelta, text=TEXTS),
    st.builds(ToolDelta, index=st.integers(0, 2), id=TEXTS, name=TEXTS, arguments=TEXTS),
)


def make() -> AnswerSource:
    return AnswerSource(topic="generation.x", epoch="e", fence=1)


def commit(source: AnswerSource) -> list[bytes]:
    events = source.take()
    if events:
        source.committed(source.offset + 1, events)
    return events


def texts_of(events: list[bytes], kind: str) -> str:
    return "".join(part.text for part in fold(events).parts if part.kind == kind)


@RELAXED
@given(
    st.lists(st.lists(DELTAS, min_size=1, max_size=4), max_size=12), st.lists(st.booleans(), min_size=12, max_size=12)
)
def test_the_fold_of_the_log_is_what_the_provider_sent_wherever_the_flushes_fall(
    reads: list[list[Delta]], flushes: list[bool]
) -> None:
    source, log = make(), []
    for read, flush in zip(reads, flushes, strict=False):
        source.feed(read)
        if flush:
            log += commit(source)
    source.close_parts()
    log += commit(source)
    sent = [delta for read in reads for delta in read]
    assert texts_of(log, "text") == "".join(d.text for d in sent if isinstance(d, TextDelta))
    assert texts_of(log, "reasoning") == "".join(d.text for d in sent if isinstance(d, ReasoningDelta))
    answer = fold(log)
    assert answer.plain_parts() == source.answer.plain_parts()
    tools = [json.loads(part.text) for part in answer.parts if part.kind == "tool"]
    by_index: dict[int, str] = {}
    for delta in sent:
        if isinstance(delta, ToolDelta):
            by_index[delta.index] = by_index.get(delta.index, "") + delta.arguments
    assert [tool["arguments"] for tool in tools] == list(by_index.values())


@RELAXED
@given(st.lists(st.lists(DELTAS, min_size=1, max_size=4), max_size=8))
def test_parts_count_from_zero_and_each_is_done_once_before_the_end(reads: list[list[Delta]]) -> None:
    source = make()
    for read in reads:
        source.feed(read)
    source.close_parts()
    events = [msgspec.json.decode(event) for event in commit(source)]
    added = [e["data"]["part"] for e in events if e["type"] == "part.added"]
    done = [e["data"]["part"] for e in events if e["type"] == "part.done"]
    assert added == list(range(len(added)))
    assert sorted(done) == added
    for index, event in enumerate(events):
        if event["type"] == "part.delta":
            assert {"type": "part.done", "data": {"part": event["data"]["part"]}} not in events[:index]


def test_tokens_that_arrive_during_a_flush_share_the_next_event() -> None:
    source = make()
    source.feed([TextDelta("a")])
    assert len(commit(source)) == 2
    for letter in "bcd":
        source.feed([TextDelta(letter)])
    assert commit(source) == [b'{"type":"part.delta","data":{"part":0,"text":"bcd"}}']
    assert commit(source) == []


@pytest.mark.parametrize(
    "text", ["x" * 100_000, "\U0001f469\u200d\U0001f52c" * 9_000, "\x01" * 20_000, "é" * 16_385, '\n"\\' * 9_000]
)
def test_a_delta_is_at_most_16_kib_and_never_splits_a_code_point(text: str) -> None:
    source = make()
    source.feed([TextDelta(text)])
    events = commit(source)
    deltas = [e["data"]["text"] for e in map(msgspec.json.decode, events) if e["type"] == "part.delta"]
    assert "".join(deltas) == text
    assert max(len(delta.encode()) for delta in deltas) <= MAX_DELTA_BYTES
    assert max(map(len, events)) < MAX_DELTA_BYTES + 100


def test_output_ends_at_its_cap_on_a_whole_code_point(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source_module, "MAX_OUTPUT_BYTES", 200)
    source = make()
    source.feed([TextDelta("é" * 100)])
    assert source.full
    log = commit(source)
    text = texts_of(log, "text")
    assert text == "é" * len(text)
    assert 130 <= len(text.encode()) <= 200


def test_a_stream_of_empty_parts_meets_the_cap_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source_module, "MAX_OUTPUT_BYTES", 2000)
    source = make()
    for index in range(100):
        source.feed([ToolDelta(index=index, id=None, name=None, arguments="")])
        if source.full:
            return
    pytest.fail("never full")


def test_what_is_not_in_the_log_is_in_no_snapshot() -> None:
    source = make()
    source.feed([TextDelta("seen")])
    first = source.take()
    source.feed([TextDelta(" unseen")])
    assert source.answer.plain_parts() == []
    source.committed(1, first)
    assert source.answer.plain_parts() == [{"kind": "text", "text": "seen"}]
    assert source.offset == len(first)


def test_a_continued_answer_goes_on_in_the_text_that_it_had() -> None:
    source = make()
    source.preload([{"kind": "reasoning", "text": "hm"}, {"kind": "text", "text": "one "}])
    source.feed([ReasoningDelta("again")])
    source.feed([TextDelta("two")])
    source.close_parts()
    log = commit(source)
    answer = fold(log)
    done = [e["data"]["part"] for e in map(msgspec.json.decode, log) if e["type"] == "part.done"]
    assert sorted(done) == [0, 1, 2]
    assert answer.plain_parts() == [
        {"kind": "reasoning", "text": "hm"},
        {"kind": "text", "text": "one two"},
        {"kind": "reasoning", "text": "again"},
    ]


def test_unstorable_characters_are_replaced_alike_in_log_and_message() -> None:
    source = make()
    source.feed([TextDelta("a\0b"), TextDelta("\ud800c")])
    log = commit(source)
    assert texts_of(log, "text") == source.answer.parts[0].text == "a\ufffdb?c"


def test_usage_and_finish_are_not_text() -> None:
    source = make()
    source.feed([Usage(input_tokens=1, output_tokens=2), Finish("stop")])
    assert source.take() == []


SAMPLES: list[tuple[str, dict[str, Any]]] = [
    ("part.delta", {"part": 3, "text": 'ü\n"\\\u2028😀'}),
    ("part.added", {"part": 0, "kind": "tool"}),
    ("usage", {"input_tokens": 1, "output_tokens": 2, "cost": 0.5}),
    ("incomplete", {"reason": "length"}),
    ("cancelled", {}),
]


@pytest.mark.parametrize(("event_type", "data"), SAMPLES)
def test_events_encoded_by_hand_equal_their_typed_classes(event_type: str, data: dict[str, Any]) -> None:
    typed = EVENTS["generation"][event_type].model_validate(data)
    assert msgspec.json.decode(encode_event(event_type, data)) == {"type": event_type, "data": typed.model_dump()}


def test_what_was_taken_is_the_takers_alone() -> None:
    source = make()
    taken = source.take()
    source.feed([TextDelta("later")])
    assert taken == []
    assert len(source.take()) == 2


def test_a_delta_encoded_by_hand_equals_its_typed_class() -> None:
    source = make()
    source.feed([TextDelta('ü\n"\\\u2028😀')])
    event = commit(source)[1]
    typed = PartDelta(part=0, text='ü\n"\\\u2028😀')
    assert msgspec.json.decode(event) == {"type": "part.delta", "data": typed.model_dump()}


def test_visible_text_is_the_text_parts_only() -> None:
    assert (
        visible_text([{"kind": "reasoning", "text": "r"}, {"kind": "text", "text": "a"}, {"kind": "text", "text": "b"}])
        == "ab"
    )
