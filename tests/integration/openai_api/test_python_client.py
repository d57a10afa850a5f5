"""The official `openai` package of PyPI works unchanged: streams, answers, tools, errors, cancelling."""

import asyncio
import json
from collections.abc import Iterator
from typing import Any

import openai
import pytest
from openai.types.chat import ChatCompletionMessageParam

from tests.load.scripts import ANSWER, NUMBERED, THOUGHT
from tests.support.product import wait_until
from tests.support.upstream import Upstream

TOOLS: list[Any] = [
    {
        "type": "function",
        "function": {"name": "weather", "parameters": {"type": "object", "properties": {"city": {"type": "string"}}}},
    }
]


def asking(text: str) -> list[ChatCompletionMessageParam]:
    return [{"role": "user", "content": text}]


def numbers(text: str) -> list[int]:
    return [int(one) for one in NUMBERED.findall(text)]


@pytest.fixture
def well(client: openai.OpenAI) -> Iterator[None]:
    """The model answers after a test of faults: what fails ten times in a row is left alone for a while."""
    yield
    client.chat.completions.create(model="mock", messages=asking("n=1 rate=0"))


def passed_on(client: openai.OpenAI, **fields: Any) -> dict[str, Any]:
    """What the provider was asked with."""
    reply = client.chat.completions.create(model="mock", messages=asking("text=echo"), **fields)
    found: dict[str, Any] = json.loads(reply.choices[0].message.content or "")
    return found


def test_models_are_listed_and_found_as_the_upstream_names_them(client: openai.OpenAI) -> None:
    names = [model.id for model in client.models.list()]
    assert {"mock", "markdown", "reasoning", "error"} <= set(names)
    assert names[-1] == "rivulet-guide"
    assert client.models.retrieve("mock").object == "model"
    with pytest.raises(openai.NotFoundError):
        client.models.retrieve("nobody")


def test_an_answer_comes_whole_with_its_usage(client: openai.OpenAI) -> None:
    reply = client.chat.completions.create(model="mock", messages=asking("n=20 rate=0"))
    assert numbers(reply.choices[0].message.content or "") == list(range(20))
    assert reply.choices[0].finish_reason == "stop"
    assert reply.model == "mock"
    assert reply.usage is not None
    assert (reply.usage.prompt_tokens, reply.usage.completion_tokens, reply.usage.total_tokens) == (10, 20, 30)


def test_a_stream_comes_token_by_token_and_ends_with_its_usage(client: openai.OpenAI) -> None:
    stream = client.chat.completions.create(
        model="mock", messages=asking("n=20 rate=200"), stream=True, stream_options={"include_usage": True}
    )
    chunks = list(stream)
    text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
    assert numbers(text) == list(range(20))
    assert [chunk.choices[0].finish_reason for chunk in chunks if chunk.choices][-1] == "stop"
    assert sum(bool(chunk.choices and chunk.choices[0].delta.content) for chunk in chunks) > 5
    assert len({chunk.id for chunk in chunks}) == 1
    assert chunks[-1].choices == []
    assert chunks[-1].usage is not None
    assert chunks[-1].usage.completion_tokens == 20


def test_a_stream_without_asking_for_usage_has_none(client: openai.OpenAI) -> None:
    chunks = list(client.chat.completions.create(model="mock", messages=asking("n=5 rate=0"), stream=True))
    assert all(chunk.choices for chunk in chunks)
    assert all(chunk.usage is None for chunk in chunks)


async def test_the_async_client_streams_several_at_once(aclient: openai.AsyncOpenAI) -> None:
    async def one(count: int) -> list[int]:
        stream = await aclient.chat.completions.create(
            model="mock", messages=asking(f"n={count} rate=100"), stream=True
        )
        return numbers("".join([chunk.choices[0].delta.content or "" async for chunk in stream]))

    assert await asyncio.gather(*(one(count) for count in (10, 20, 30))) == [list(range(n)) for n in (10, 20, 30)]


async def test_the_async_client_gets_whole_answers(aclient: openai.AsyncOpenAI) -> None:
    reply = await aclient.chat.completions.create(model="mock", messages=asking("text=plain"))
    assert reply.choices[0].message.content == ANSWER


def test_reasoning_comes_in_its_own_field(client: openai.OpenAI) -> None:
    stream = client.chat.completions.create(model="reasoning", messages=asking("rate=0"), stream=True)
    deltas = [chunk.choices[0].delta for chunk in stream]
    assert "".join(getattr(delta, "reasoning_content", None) or "" for delta in deltas) == THOUGHT
    assert "".join(delta.content or "" for delta in deltas) == ANSWER


def test_parameters_and_messages_are_passed_on_as_given(client: openai.OpenAI) -> None:
    fields = {"temperature": 0.3, "top_p": 0.9, "max_tokens": 77, "stop": ["END", "\n\n"], "seed": 7}
    asked = passed_on(client, **fields)
    assert {name: asked[name] for name in fields} == fields
    assert asked["messages"] == asking("text=echo")
    assert asked["model"] == "mock"
    assert "store" not in asked
    assert "temperature" not in passed_on(client)


def test_extra_messages_and_images_reach_the_provider(client: openai.OpenAI) -> None:
    messages: list[Any] = [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "Hello"},
        {"role": "assistant", "content": "Hi."},
        {"role": "user", "content": [{"type": "text", "text": "text=echo"}]},
    ]
    reply = client.chat.completions.create(model="mock", messages=messages)
    assert json.loads(reply.choices[0].message.content or "")["messages"] == messages


def test_tools_are_passed_through_and_their_calls_come_back(client: openai.OpenAI) -> None:
    asked = passed_on(client, tools=TOOLS, tool_choice="auto", parallel_tool_calls=False)
    assert (asked["tools"], asked["tool_choice"], asked["parallel_tool_calls"]) == (TOOLS, "auto", False)
    reply = client.chat.completions.create(model="mock", messages=asking("text=tool"), tools=TOOLS)
    [call] = reply.choices[0].message.tool_calls or []
    assert call.type == "function"
    assert (call.id, call.function.name, json.loads(call.function.arguments)) == (
        "call_1",
        "weather",
        {"city": "Ghent"},
    )
    assert reply.choices[0].finish_reason == "tool_calls"


def test_calls_of_tools_stream_in_pieces(client: openai.OpenAI) -> None:
    stream = client.chat.completions.create(
        model="mock", messages=asking("text=tool rate=100"), tools=TOOLS, stream=True
    )
    pieces = [piece for chunk in stream for piece in chunk.choices[0].delta.tool_calls or []]
    assert pieces[0].id == "call_1"
    told = "".join(piece.function.arguments or "" for piece in pieces if piece.function)
    assert json.loads(told) == {"city": "Ghent"}


def test_the_streaming_helper_puts_an_answer_together(client: openai.OpenAI) -> None:
    with client.chat.completions.stream(model="mock", messages=asking("text=plain rate=0")) as stream:
        for _ in stream:
            pass
        assert stream.get_final_completion().choices[0].message.content == ANSWER


def test_a_bad_key_is_an_authentication_error(base_url: str) -> None:
    with openai.OpenAI(base_url=base_url, api_key="rvk_nobody", max_retries=0) as stranger:
        with pytest.raises(openai.AuthenticationError) as caught:
            stranger.chat.completions.create(model="mock", messages=asking("x"))
        assert caught.value.status_code == 401
        with pytest.raises(openai.AuthenticationError):
            stranger.models.list()


def test_an_unknown_model_is_not_found_and_named(client: openai.OpenAI) -> None:
    with pytest.raises(openai.NotFoundError) as caught:
        client.chat.completions.create(model="nobody", messages=asking("x"))
    assert caught.value.param == "model"
    assert "nobody" in caught.value.message


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"temperature": 9}, "temperature"),
        ({"messages": []}, "messages"),
        ({"messages": [{"role": "nobody", "content": "x"}]}, "messages[0].role"),
        ({"max_tokens": "many"}, "max_tokens"),
        ({"extra_body": {"no_such_field": 1}}, "no_such_field"),
        ({"n": 3}, "n"),
    ],
)
def test_a_bad_body_is_a_bad_request_that_names_the_field(
    client: openai.OpenAI, fields: dict[str, Any], param: str
) -> None:
    with pytest.raises(openai.BadRequestError) as caught:
        client.chat.completions.create(**{"model": "mock", "messages": asking("x"), **fields})
    assert caught.value.param == param
    assert caught.value.type == "invalid_request_error"


@pytest.mark.usefixtures("well")
@pytest.mark.parametrize("stream", [False, True])
def test_a_provider_that_limits_is_a_rate_limit_error_that_says_when(client: openai.OpenAI, *, stream: bool) -> None:
    with pytest.raises(openai.RateLimitError) as caught:
        client.chat.completions.create(
            model="mock", messages=asking(f"id=r429-{stream} status=429 times=99"), stream=stream
        )
    assert caught.value.response.headers["retry-after"] == "1"


@pytest.mark.usefixtures("well")
@pytest.mark.parametrize("stream", [False, True])
def test_a_provider_with_a_problem_is_a_server_error(client: openai.OpenAI, *, stream: bool) -> None:
    with pytest.raises(openai.InternalServerError) as caught:
        client.chat.completions.create(
            model="mock", messages=asking(f"id=r503-{stream} status=503 times=99"), stream=stream
        )
    assert caught.value.status_code in {502, 503}


@pytest.mark.usefixtures("well")
def test_the_clients_own_retries_get_there(base_url: str, key: str, upstream: Upstream) -> None:
    with openai.OpenAI(base_url=base_url, api_key=key, max_retries=2) as patient:
        reply = patient.chat.completions.create(
            model="mock", messages=asking("n=3 rate=0 id=patient status=503 times=4")
        )
    assert numbers(reply.choices[0].message.content or "") == [0, 1, 2]
    assert upstream.calls("patient") == 5


@pytest.mark.usefixtures("well")
@pytest.mark.parametrize("fault", ["errorat=10", "cut=10"])
def test_a_break_in_mid_answer_is_an_error_after_the_words_that_came(client: openai.OpenAI, fault: str) -> None:
    text = ""
    stream = client.chat.completions.create(
        model="mock", messages=asking(f"n=40 rate=200 id=v1-{fault[:3]} {fault} times=9"), stream=True
    )
    with pytest.raises(openai.APIError):  # noqa: PT012  # the error comes out of the loop
        for chunk in stream:
            text += chunk.choices[0].delta.content or ""
    assert numbers(text) == list(range(10))


def test_a_client_that_leaves_cancels_at_the_provider(client: openai.OpenAI, upstream: Upstream) -> None:
    aborted = upstream.stats()["aborted"]
    stream = client.chat.completions.create(model="mock", messages=asking("n=9000 rate=50"), stream=True)
    next(iter(stream))
    stream.close()
    wait_until(lambda: upstream.stats()["aborted"] == aborted + 1, "the provider's stream is cut")


def test_a_client_that_leaves_without_streaming_cancels_too(base_url: str, key: str, upstream: Upstream) -> None:
    aborted = upstream.stats()["aborted"]
    hasty = openai.OpenAI(base_url=base_url, api_key=key, max_retries=0, timeout=1)
    with hasty, pytest.raises(openai.APITimeoutError):
        hasty.chat.completions.create(model="mock", messages=asking("n=9000 rate=50"))
    wait_until(lambda: upstream.stats()["aborted"] == aborted + 1, "the provider's stream is cut")
