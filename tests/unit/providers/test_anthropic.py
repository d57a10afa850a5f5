"""Anthropic's Messages API after its documented wire format: what is sent, what is read, what is told."""

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.providers.anthropic_request import continuation_of, make_body
from backend.providers.anthropic_wire import EventReader
from backend.providers.base import (
    CompletionRequest,
    Delta,
    Finish,
    ProviderError,
    ReasoningDelta,
    TextDelta,
    ToolDelta,
    Usage,
)
from tests.support.scripted_http import SSE_HEAD, scripted, status
from tests.unit.providers.conftest import KEY, ask, collect, collect_failing, said

START = (
    b"event: message_start\n"
    b'data: {"type":"message_start","message":{"id":"msg_1","type":"message","role":"assistant","content":[],'
    b'"model":"claude-sonnet-4-5","stop_reason":null,"stop_sequence":null,"usage":{"input_tokens":25,'
    b'"cache_creation_input_tokens":10,"cache_read_input_tokens":100,"output_tokens":1}}}\n\n'
)
THINKING = (
    b"event: content_block_start\n"
    b'data: {"type":"content_block_start","index":0,"content_block":{"type":"thinking","thinking":"",'
    b'"signature":""}}\n\n'
    b"event: content_block_delta\n"
    b'data: {"type":"content_block_delta","index":0,"delta":{"type":"thinking_delta","thinking":"Let me see."}}\n\n'
    b"event: content_block_delta\n"
    b'data: {"type":"content_block_delta","index":0,"delta":{"type":"signature_delta","signature":"EqQBCgIYAhIM"}}\n\n'
    b'event: content_block_stop\ndata: {"type":"content_block_stop","index":0}\n\n'
)
TEXT = (
    b"event: content_block_start\n"
    b'data: {"type":"content_block_start","index":1,"content_block":{"type":"text","text":""}}\n\n'
    b'event: ping\ndata: {"type": "ping"}\n\n'
    b"event: content_block_delta\n"
    b'data: {"type":"content_block_delta","index":1,"delta":{"type":"text_delta","text":"Gr\xc3\xbc\xc3\x9fe"}}\n\n'
    b'event: content_block_stop\ndata: {"type":"content_block_stop","index":1}\n\n'
)
TOOL = (
    b"event: content_block_start\n"
    b'data: {"type":"content_block_start","index":2,"content_block":{"type":"tool_use","id":"toolu_1","name":"weather",'
    b'"input":{}}}\n\n'
    b"event: content_block_delta\n"
    b'data: {"type":"content_block_delta","index":2,"delta":{"type":"input_json_delta","partial_json":""}}\n\n'
    b"event: content_block_delta\n"
    b'data: {"type":"content_block_delta","index":2,"delta":{"type":"input_json_delta",'
    b'"partial_json":"{\\"city\\":"}}\n\n'
    b"event: content_block_delta\n"
    b'data: {"type":"content_block_delta","index":2,"delta":{"type":"input_json_delta",'
    b'"partial_json":" \\"Bern\\"}"}}\n\n'
    b'event: content_block_stop\ndata: {"type":"content_block_stop","index":2}\n\n'
)
END = (
    b"event: message_delta\n"
    b'data: {"type":"message_delta","delta":{"stop_reason":"tool_use","stop_sequence":null},'
    b'"usage":{"output_tokens":89}}\n\nevent: message_stop\ndata: {"type":"message_stop"}\n\n'
)
NEW = b'event: tomorrow\ndata: {"type":"tomorrow","delta":{"type":"unheard_of","text":7}}\n\n'
STREAM = START + THINKING + TEXT + NEW + TOOL + END
EXPECTED = [
    ReasoningDelta("Let me see."), TextDelta("Grüße"), ToolDelta(0, "toolu_1", "weather", ""),
    ToolDelta(0, None, None, '{"city":'), ToolDelta(0, None, None, ' "Bern"}'),
    Usage(135, 89, 100), Finish("tool_calls"),
]  # fmt: skip
OVERLOADED = b'event: error\ndata: {"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}\n\n'


@given(st.lists(st.integers(1, len(STREAM) - 1), max_size=10, unique=True))
def test_thinking_text_tools_and_usage_are_read_however_the_bytes_are_cut(cuts) -> None:
    reader = EventReader(name="Anthropic", key="")
    edges = [0, *sorted(cuts), len(STREAM)]
    found = [delta for a, b in pairwise(edges) for delta in reader.feed(STREAM[a:b])]
    assert found + reader.end() == EXPECTED


async def test_an_answer_over_a_socket_with_key_and_version(make) -> None:
    async with scripted([SSE_HEAD, STREAM[:333], 0.01, STREAM[333:]]) as server:
        assert await collect(make(server.url + "/v1", kind="anthropic")) == EXPECTED
    sent = server.requests[0]
    assert sent.line.startswith("POST /v1/messages ")
    assert (sent.headers["x-api-key"], sent.headers["anthropic-version"]) == (KEY, "2023-06-01")
    assert "authorization" not in sent.headers


async def test_overload_before_the_first_token_is_tried_again_as_status_or_event(make) -> None:
    overloaded = {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}
    async with scripted(status(529, overloaded), [SSE_HEAD + START + OVERLOADED], [SSE_HEAD + STREAM]) as server:
        assert await collect(make(server.url, kind="anthropic")) == EXPECTED
    assert len(server.requests) == 3


async def test_overload_in_mid_answer_keeps_text_and_usage_and_is_told(make) -> None:
    async with scripted([SSE_HEAD + START + TEXT + OVERLOADED]) as server:
        found, error = await collect_failing(make(server.url, kind="anthropic"))
    assert said(found) == "Grüße"
    assert (error.started, error.temporary) == (True, True)
    assert "Overloaded" in error.message


async def test_a_stream_that_ends_before_its_stop_reason_is_a_cut(make) -> None:
    async with scripted([SSE_HEAD + START + TEXT]) as server:
        _, error = await collect_failing(make(server.url, kind="anthropic"))
    assert error.started


def body(model: str = "claude-sonnet-4-5", **fields) -> dict[str, Any]:
    fields.setdefault("messages", [{"role": "user", "content": "Hello"}])
    return make_body(CompletionRequest(model=model, **fields))


def test_a_conversation_in_openais_shape_becomes_anthropics() -> None:
    messages = [
        {"role": "system", "content": "Be kind."},
        {"role": "user", "content": [
            {"type": "text", "text": "What is this?"},
            {"type": "image_url", "image_url": {"url": "data:image/png;base64,aGk="}},
            {"type": "image_url", "image_url": {"url": "https://example.org/a.png"}},
        ]},
        {"role": "assistant", "content": None, "tool_calls": [
            {"id": "t1", "type": "function", "function": {"name": "look", "arguments": '{"at": "it"}'}},
            {"id": "t2", "type": "function", "function": {"name": "wait", "arguments": ""}},
        ]},
        {"role": "tool", "tool_call_id": "t1", "content": "a cat"},
        {"role": "tool", "tool_call_id": "t2", "content": ""},
        {"role": "user", "content": "And now?"},
        {"role": "assistant", "content": ""},
    ]  # fmt: skip
    sent = body(messages=messages)
    assert sent["system"] == "Be kind."
    assert sent["messages"] == [
        {"role": "user", "content": [
            {"type": "text", "text": "What is this?"},
            {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "aGk="}},
            {"type": "image", "source": {"type": "url", "url": "https://example.org/a.png"}},
        ]},
        {"role": "assistant", "content": [
            {"type": "tool_use", "id": "t1", "name": "look", "input": {"at": "it"}},
            {"type": "tool_use", "id": "t2", "name": "wait", "input": {}},
        ]},
        {"role": "user", "content": [
            {"type": "tool_result", "tool_use_id": "t1", "content": [{"type": "text", "text": "a cat"}]},
            {"type": "tool_result", "tool_use_id": "t2"},
            {"type": "text", "text": "And now?"},
        ]},
    ]  # fmt: skip


def test_tools_and_their_choice_are_translated() -> None:
    tools = [{"type": "function", "function": {"name": "f", "description": "d", "parameters": {"type": "object"}}}]
    sent = body(tools=tools, tool_choice="required", params={"parallel_tool_calls": False})
    assert sent["tools"] == [{"name": "f", "description": "d", "input_schema": {"type": "object"}}]
    assert sent["tool_choice"] == {"type": "any", "disable_parallel_tool_use": True}
    named = body(tools=tools, tool_choice={"type": "function", "function": {"name": "f"}})
    assert named["tool_choice"] == {"type": "tool", "name": "f"}


def test_parameters_are_translated_and_bounded() -> None:
    sent = body(params={"max_tokens": 100, "temperature": 1.7, "stop": ["END", " "], "seed": 4}, user_key="u1")
    assert (sent["max_tokens"], sent["temperature"], sent["stop_sequences"]) == (100, 1.0, ["END"])
    assert sent["metadata"] == {"user_id": "u1"}
    assert "seed" not in sent


def test_effort_becomes_a_budget_for_older_models_and_adaptive_thinking_for_newer() -> None:
    older = body(params={"reasoning_effort": "low", "temperature": 0.3, "max_tokens": 10000})
    assert older["thinking"] == {"type": "enabled", "budget_tokens": 2048}
    assert "temperature" not in older
    newer = body("claude-opus-4-6", params={"reasoning_effort": "low"})
    assert newer["thinking"]["type"] == "adaptive"
    assert newer["output_config"] == {"effort": "low"}


def test_models_that_continue_a_message_are_told_from_those_that_are_asked() -> None:
    older = ("claude-3-haiku-20240307", "claude-sonnet-4-20250514", "claude-opus-4-5-20251101", "claude-haiku-4-5")
    newer = ("claude-opus-4-6", "claude-sonnet-5", "claude-opus-5-5", "claude-surprise")
    assert {continuation_of(name) for name in older} == {"prefix"}
    assert {continuation_of(name) for name in newer} == {"ask"}


@pytest.mark.parametrize("written", ["  and on", " and on", "and on", "\n\n and on"])
def test_white_space_at_the_seam_of_a_continued_answer_is_neither_lost_nor_doubled(written) -> None:
    request = ask(continue_text="The half \n", continuation="prefix")
    sent = make_body(request)
    assert sent["messages"][-1]["content"][-1]["text"] == "The half"
    reader = EventReader(name="A", key="", overlap=" \n")
    found: list[Delta] = []
    for piece in (written[:1], written[1:]):
        reader._text(piece, found, mended=False)
    rest = said(found)
    expected = {"  and on": " and on", " and on": "and on", "and on": "and on", "\n\n and on": "\n\n and on"}
    assert rest == expected[written]


def test_thinking_rests_while_an_answer_is_continued_or_tools_report() -> None:
    assert "thinking" not in body(params={"reasoning_effort": "high"}, continue_text="half", continuation="prefix")
    messages = [
        {"role": "user", "content": "x"},
        {"role": "assistant", "tool_calls": [{"id": "t", "function": {"name": "f", "arguments": "{}"}}]},
        {"role": "tool", "tool_call_id": "t", "content": "1"},
    ]
    assert "thinking" not in body(messages=messages, params={"reasoning_effort": "high"})


@pytest.mark.parametrize(
    "message",
    [{"role": "narrator", "content": "x"}, {"role": "user", "content": [{"type": "input_audio"}]},
     {"role": "user", "content": [{"type": "image_url", "image_url": {"url": "data:image/png,raw"}}]},
     {"role": "assistant", "tool_calls": [{"id": "t", "function": {"name": "f", "arguments": "{half"}}]}],
)  # fmt: skip
def test_what_has_no_counterpart_is_refused_with_a_sentence(message) -> None:
    with pytest.raises(ProviderError) as caught:
        body(messages=[message])
    assert (caught.value.code, caught.value.temporary) == ("bad_request", False)


async def test_models_are_listed_with_their_names_for_people(make) -> None:
    listed = {
        "data": [{"type": "model", "id": "claude-sonnet-4-5", "display_name": "Claude Sonnet 4.5"}],
        "has_more": False,
    }
    async with scripted(status(200, listed)) as server:
        found = await make(server.url, kind="anthropic").models()
    assert [(model.name, model.label) for model in found] == [("claude-sonnet-4-5", "Claude Sonnet 4.5")]
