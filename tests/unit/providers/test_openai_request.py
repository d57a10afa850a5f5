"""What is asked of an OpenAI-compatible server, and how each dialect is told to go on from a partial answer."""

import pytest

from backend.providers.openai_request import ASK_TO_CONTINUE
from tests.support.scripted_http import SSE_HEAD, finish, scripted, status, text
from tests.unit.providers.conftest import KEY, ask, collect, collect_failing, said

GOOD = [SSE_HEAD + text("ok") + finish()]


async def test_a_request_carries_key_parameters_tools_and_asks_for_usage(make) -> None:
    tools = [{"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}}]
    request = ask(
        params={"temperature": 0.2, "stop": ["x"], "seed": None, "model": "other", "stream": False},
        tools=tools, tool_choice="auto", response_format={"type": "json_object"}, user_key="u1",
    )  # fmt: skip
    async with scripted(GOOD) as server:
        await collect(make(server.url + "/v1/"), request)
    sent = server.requests[0]
    assert sent.line.startswith("POST /v1/chat/completions ")
    assert sent.headers["authorization"] == f"Bearer {KEY}"
    assert sent.json == {
        "model": "m", "messages": [{"role": "user", "content": "Hello"}], "stream": True,
        "stream_options": {"include_usage": True}, "temperature": 0.2, "stop": ["x"], "tools": tools,
        "tool_choice": "auto", "response_format": {"type": "json_object"}, "user": "u1",
    }  # fmt: skip


async def test_without_a_key_no_authorization_is_sent(make) -> None:
    async with scripted(GOOD) as server:
        await collect(make(server.url, key=""))
    assert "authorization" not in server.requests[0].headers


@pytest.mark.parametrize(
    "refusal",
    [{"error": {"message": "Unrecognized request argument supplied: stream_options"}},
     {"object": "error", "message": "[{'type': 'extra_forbidden', 'msg': 'Extra inputs are not permitted'}]"}],
)  # fmt: skip
async def test_a_server_that_refuses_usage_in_streams_is_asked_without_it_from_then_on(make, refusal) -> None:
    async with scripted(status(400, refusal), GOOD) as server:
        provider = make(server.url)
        assert said(await collect(provider)) == "ok"
        assert said(await collect(provider)) == "ok"
    assert ["stream_options" in request.json for request in server.requests] == [True, False, False]


async def test_a_model_that_wants_the_newer_name_of_max_tokens_gets_it(make) -> None:
    refusal = {"error": {"message": "Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens' instead."}}
    async with scripted(status(400, refusal), GOOD) as server:
        assert said(await collect(make(server.url), ask(params={"max_tokens": 7}))) == "ok"
    assert server.requests[1].json["max_completion_tokens"] == 7
    assert "max_tokens" not in server.requests[1].json


async def test_another_refusal_is_told_and_not_asked_again(make) -> None:
    async with scripted(status(400, {"error": {"message": "temperature is out of range"}})) as server:
        _, error = await collect_failing(make(server.url))
    assert "out of range" in error.message
    assert len(server.requests) == 1


PARTIAL = "The first half, "


async def test_a_prefix_is_continued_as_a_last_assistant_message(make) -> None:
    async with scripted(GOOD) as server:
        await collect(make(server.url), ask(continue_text=PARTIAL, continuation="prefix"))
    assert server.requests[0].json["messages"][-1] == {"role": "assistant", "content": PARTIAL}


async def test_deepseek_continues_a_marked_prefix_at_its_beta_address(make) -> None:
    async with scripted(GOOD) as server:
        provider = make(server.url + "/v1", kind="deepseek")
        await collect(provider, ask(continue_text=PARTIAL, continuation="prefix"))
        await collect(provider)
    assert server.requests[0].line.startswith("POST /beta/chat/completions ")
    assert server.requests[0].json["messages"][-1] == {"role": "assistant", "content": PARTIAL, "prefix": True}
    assert server.requests[1].line.startswith("POST /v1/chat/completions ")


async def test_vllm_continues_a_final_message_by_its_own_parameter(make) -> None:
    async with scripted(GOOD) as server:
        await collect(make(server.url), ask(continue_text=PARTIAL, continuation="continue_final_message"))
    sent = server.requests[0].json
    assert sent["messages"][-1] == {"role": "assistant", "content": PARTIAL}
    assert (sent["continue_final_message"], sent["add_generation_prompt"]) == (True, False)


async def test_a_model_that_can_not_continue_is_asked_to_go_on(make) -> None:
    async with scripted(GOOD) as server:
        await collect(make(server.url), ask(continue_text=PARTIAL, continuation="ask"))
    assert server.requests[0].json["messages"][-2:] == [
        {"role": "assistant", "content": PARTIAL},
        {"role": "user", "content": ASK_TO_CONTINUE},
    ]


async def test_models_are_listed_as_they_are_named_there(make) -> None:
    body = {"data": [{"id": "qwen3:8b", "created": 5}, {"id": "big", "max_model_len": 32768}, {"id": "qwen3:8b"},
                     {"id": "text-embedding-3-small"}, {"id": 7}, "nonsense"]}  # fmt: skip
    async with scripted(status(200, body)) as server:
        found = await make(server.url + "/v1").models()
    assert server.requests[0].line.startswith("GET /v1/models ")
    assert [(model.name, model.context, model.chats) for model in found] == [
        ("qwen3:8b", None, True), ("big", 32768, True), ("text-embedding-3-small", None, False),
    ]  # fmt: skip
