"""OpenAI's shapes, checked with the classes of OpenAI's own SDK."""

import json

import pytest
from openai.types.chat import ChatCompletion, ChatCompletionChunk
from pydantic import ValidationError

from backend.core.errors import BadRequest, ModelUnavailable, NoSuchModel, RateLimited
from backend.openai_api.errors import error_body, from_validation, headers_of, status_of
from backend.openai_api.schemas import ChatCompletionIn
from backend.openai_api.shapes import ChunkEncoder, Collector
from backend.providers.base import Delta, Finish, ReasoningDelta, TextDelta, ToolDelta, Usage

DELTAS: list[Delta] = [
    ReasoningDelta("hm"),
    TextDelta('say "hé"\n\u2028'),
    ToolDelta(0, "call_1", "look_up", '{"a'),
    ToolDelta(0, None, None, '":1}'),
]


def chunks(payload: bytes) -> list[ChatCompletionChunk]:
    bodies = [line.removeprefix(b"data: ") for line in payload.split(b"\n\n") if line]
    return [ChatCompletionChunk.model_validate(json.loads(body)) for body in bodies]


def test_each_chunk_is_one_that_openais_sdk_accepts_and_carries_its_delta_exactly():
    encoder = ChunkEncoder(ident="chatcmpl-1", model="m", include_usage=True)
    usage = Usage(input_tokens=3, output_tokens=4, cached_tokens=1, reasoning_tokens=2)
    found = chunks(encoder.role() + encoder.deltas(DELTAS) + encoder.finish("tool_calls") + encoder.usage(usage))
    assert [each.id for each in found] == ["chatcmpl-1"] * 7
    assert found[0].choices[0].delta.role == "assistant"
    assert found[1].choices[0].delta.model_extra == {"reasoning_content": "hm"}
    assert found[2].choices[0].delta.content == 'say "hé"\n\u2028'
    calls = [(each.choices[0].delta.tool_calls or [])[0] for each in found[3:5]]
    functions = [call.function for call in calls if call.function]
    assert (calls[0].id, functions[0].name) == ("call_1", "look_up")
    assert "".join(function.arguments or "" for function in functions) == '{"a":1}'
    assert found[5].choices[0].finish_reason == "tool_calls"
    assert found[6].choices == []
    assert found[6].usage is not None
    assert found[6].usage.total_tokens == 7


def test_usage_comes_only_to_who_asked_for_it():
    encoder = ChunkEncoder(ident="c", model="m", include_usage=False)
    assert encoder.usage(Usage(input_tokens=1, output_tokens=1)) == b""


def test_a_whole_answer_is_put_together_from_its_deltas():
    answer = Collector()
    answer.add([*DELTAS, Usage(input_tokens=3, output_tokens=4), Finish("tool_calls")])
    body = ChatCompletion.model_validate(json.loads(answer.body(ident="chatcmpl-1", model="m")))
    message = body.choices[0].message
    assert message.content == 'say "hé"\n\u2028'
    assert json.loads(message.model_dump_json())["tool_calls"][0]["function"]["arguments"] == '{"a":1}'
    assert body.choices[0].finish_reason == "tool_calls"
    assert body.usage is not None
    assert body.usage.total_tokens == 7


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"messages": []}, "messages"),
        ({"messages": [{"role": "user", "content": "x"}], "temperature": 3}, "temperature"),
        ({"messages": [{"role": "who", "content": "x"}]}, "messages[0].role"),
        ({"messages": [{"role": "user", "content": "x"}], "nonsense": 1}, "nonsense"),
        ({"messages": [{"role": "user", "content": "x"}], "n": 2}, "n"),
        ({"messages": None}, "messages"),
        ({}, "messages"),
    ],
)
def test_a_wrong_body_names_the_field_that_is_wrong(body, field):
    with pytest.raises(ValidationError) as caught:
        ChatCompletionIn.model_validate(body)
    error = from_validation(caught.value, given=body)
    assert error.field == field
    assert field in error.message
    assert json.loads(error_body(error))["error"]["param"] == field


def test_what_the_caller_did_not_set_is_not_passed_on():
    body = ChatCompletionIn.model_validate(
        {"messages": [{"role": "user", "content": "x", "name": "a"}], "temperature": 0, "stop": ["a"], "user": "u"}
    )
    assert body.params() == {"temperature": 0, "stop": ["a"]}
    assert body.provider_messages() == [{"role": "user", "content": "x", "name": "a"}]


def test_errors_keep_openais_statuses_and_say_when_to_come_back():
    assert status_of(BadRequest()) == 400
    assert status_of(ModelUnavailable()) == 503
    assert status_of(NoSuchModel()) == 404
    assert headers_of(RateLimited(retry_after_ms=1_200)) == [(b"retry-after", b"2")]
    assert headers_of(BadRequest()) == []
