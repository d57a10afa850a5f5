"""OpenAI's background responses on the wire: what is asked, what is read, and that a broken stream misses nothing."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from backend.outbound import Timeouts
from backend.providers.base import Finish, Held, Remote, ToolDelta, Usage
from backend.providers.errors import CannotContinue
from backend.providers.openai_request import ASK_TO_CONTINUE
from tests.support.responses import ResponsesServer, failed, incomplete, reasoning, responses, tool
from tests.support.scripted_http import SSE_HEAD, finish, scripted, status, text
from tests.unit.providers.conftest import KEY, ask, collect, collect_failing, said, thought

POEM = "One\nTwo\nThr\u00fcee\nFour \U0001f9d1\u200d\U0001f680\n"


@pytest.fixture
async def server() -> AsyncIterator[ResponsesServer]:
    async with responses() as made:
        yield made


def background(**fields):
    return ask(continuation="background", **fields)


async def test_a_request_is_written_in_the_background_kept_and_streamed(make, server) -> None:
    server.script = lambda body: [reasoning("Hm"), reasoning("Ah", part=1), "Hi"]
    schema = {"type": "json_schema", "json_schema": {"name": "s", "strict": True, "schema": {"type": "object"}}}
    request = background(
        params={"temperature": 0.2, "max_completion_tokens": 50, "reasoning_effort": "low", "verbosity": "low"},
        tools=[{"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}}],
        tool_choice={"type": "function", "function": {"name": "f"}}, response_format=schema, user_key="u1",
    )  # fmt: skip
    deltas = await collect(make(server.url), request)
    assert deltas[0] == Remote("resp_1")
    assert (thought(deltas), said(deltas)) == ("Hm\n\nAh", "Hi")
    assert deltas[-2:] == [Usage(12, 34, 4, 5), Finish("stop")]
    assert server.lines == ["POST /v1/responses"]
    assert server.requests[0].headers["authorization"] == f"Bearer {KEY}"
    assert server.requests[0].json == {
        "model": "m", "input": [{"role": "user", "content": "Hello"}], "background": True, "store": True,
        "stream": True, "temperature": 0.2, "max_output_tokens": 50, "reasoning": {"effort": "low", "summary": "auto"},
        "text": {"format": {"type": "json_schema", "name": "s", "strict": True, "schema": {"type": "object"}},
                 "verbosity": "low"},
        "tools": [{"type": "function", "name": "f", "parameters": {"type": "object"}, "strict": False}],
        "tool_choice": {"type": "function", "name": "f"}, "safety_identifier": "u1",
    }  # fmt: skip


async def test_messages_of_all_kinds_become_items(make, server) -> None:
    request = background()
    request.messages = [
        {"role": "developer", "content": "Be short."},
        {"role": "user", "content": [
            {"type": "text", "text": "What is it?"},
            {"type": "image_url", "image_url": {"url": "data:image/png;base64,AA"}},
            {"type": "file", "file": {"filename": "a.pdf", "file_data": "data:application/pdf;base64,AA"}}]},
        {"role": "assistant", "content": None, "tool_calls": [
            {"id": "c1", "type": "function", "function": {"name": "look", "arguments": '{"q":1}'}}]},
        {"role": "tool", "tool_call_id": "c1", "content": "a cat"},
        {"role": "assistant", "content": "A cat."},
    ]  # fmt: skip
    await collect(make(server.url), request)
    assert server.requests[0].json["input"] == [
        {"role": "developer", "content": "Be short."},
        {"role": "user", "content": [
            {"type": "input_text", "text": "What is it?"},
            {"type": "input_image", "image_url": "data:image/png;base64,AA", "detail": "auto"},
            {"type": "input_file", "filename": "a.pdf", "file_data": "data:application/pdf;base64,AA"}]},
        {"type": "function_call", "call_id": "c1", "name": "look", "arguments": '{"q":1}'},
        {"type": "function_call_output", "call_id": "c1", "output": "a cat"},
        {"role": "assistant", "content": "A cat."},
    ]  # fmt: skip


async def test_what_the_api_has_no_word_for_goes_to_chat_completions(make) -> None:
    async with scripted([SSE_HEAD + text("ok") + finish()]) as server:
        await collect(make(server.url), background(params={"stop": ["x"]}, continue_text="Half"))
    assert server.requests[0].line.startswith("POST /chat/completions ")
    assert server.requests[0].json["messages"][-1] == {"role": "user", "content": ASK_TO_CONTINUE}


@pytest.mark.parametrize("cuts", [[2], [3, 1, 2], [0, 0, 3], [5, 1, 1, 1]])
async def test_a_broken_stream_is_taken_up_behind_its_last_event(make, server, cuts, monkeypatch) -> None:
    monkeypatch.setattr("backend.providers.responses.FIRST_PAUSE", 0.001)
    server.script = lambda body: [reasoning("Hm"), POEM, tool(2, "c", "look", '{"q"', ":1}")]
    server.cuts = [3, *cuts]
    deltas = await collect(make(server.url), background())
    assert (said(deltas), thought(deltas)) == (POEM, "Hm")
    calls = [delta for delta in deltas if isinstance(delta, ToolDelta)]
    assert [call.name for call in calls if call.name] == ["look"]
    assert "".join(call.arguments for call in calls) == '{"q":1}'
    assert deltas[-1] == Finish("tool_calls")
    assert sum(isinstance(delta, Remote) for delta in deltas) == 1
    assert server.lines[:2] == ["POST /v1/responses", "GET /v1/responses/resp_1?stream=true&starting_after=2"]
    assert len(server.kept) == 1


async def test_a_stream_that_stays_broken_is_an_error_with_what_came(make, server, monkeypatch) -> None:
    monkeypatch.setattr("backend.providers.responses.FIRST_PAUSE", 0.001)
    server.script = lambda body: [POEM]
    server.cuts = [4] + [0] * 20
    deltas, error = await collect_failing(make(server.url), background())
    assert said(deltas) == "One\nTwo\n"
    assert error.started
    assert len(server.requests) == 6


async def test_before_its_first_event_a_request_is_made_again(make, server) -> None:
    server.refusals = [(500, "{}"), (429, "{}")]
    assert said(await collect(make(server.url), background())) == "Hello"
    assert server.lines == ["POST /v1/responses"] * 3


@pytest.mark.parametrize("length", range(len(POEM) + 1))
async def test_only_what_is_not_held_comes_wherever_it_was_left(make, server, length: int) -> None:
    server.script = lambda body: [reasoning("Hm"), POEM]
    made = server.create({})
    assert made.writer is not None
    await made.writer
    held = Held(id=made.id, text=POEM[:length], reasoning="Hm" if length else "")
    deltas = await collect(make(server.url), background(held=held, continue_text=POEM[:length]))
    assert said(deltas) == POEM[length:]
    assert thought(deltas) == ("" if length else "Hm")
    assert server.lines == ["GET /v1/responses/resp_1?stream=true"]


async def test_finished_tools_do_not_come_again_and_others_do(make, server) -> None:
    server.script = lambda body: ["A", tool(2, "c1", "f", "{}"), tool(3, "c2", "g", "{}")]
    server.create({})
    deltas = await collect(make(server.url), background(held=Held(id="resp_1", text="A", tools=1)))
    assert [delta.name for delta in deltas if isinstance(delta, ToolDelta) and delta.name] == ["g"]
    assert deltas[-1] == Finish("tool_calls")


@pytest.mark.parametrize(
    "held",
    [Held(id="resp_9"), Held(id="resp_1", text="On\u00eb"), Held(id="resp_1", text=POEM + "more"),
     Held(id="resp_1", text=POEM, reasoning="thought"), Held(id="resp_2", text="One"), Held(id="resp_3", text="One")],
    ids=["expired", "another text", "shorter", "without reasoning", "failed meanwhile", "cancelled meanwhile"],
)  # fmt: skip
async def test_an_answer_that_is_not_there_as_it_was_can_not_be_continued(make, server, held: Held) -> None:
    server.script = lambda body: body["steps"]
    for steps in ([POEM], ["One", failed("server_error", "Oh.")], ["One", asyncio.Event()]):
        server.create({"steps": steps})
    await asyncio.sleep(0)
    server.cancel("resp_3")
    deltas, error = await collect_failing(make(server.url), background(held=held, continue_text=held.text))
    assert isinstance(error, CannotContinue)
    assert deltas == []


@pytest.mark.parametrize(("reason", "told"), [("max_output_tokens", "length"), ("content_filter", "content_filter")])
async def test_an_incomplete_answer_says_why(make, server, reason: str, told: str) -> None:
    server.script = lambda body: ["One", incomplete(reason)]
    assert (await collect(make(server.url), background()))[-1] == Finish(told)


async def test_a_failure_is_told_with_the_providers_words(make, server) -> None:
    server.script = lambda body: ["One", failed("server_error", f"The model {KEY} fell over.")]
    deltas, error = await collect_failing(make(server.url), background())
    assert said(deltas) == "One"
    assert "fell over" in error.message
    assert KEY not in error.message
    assert len(server.kept) == 1


async def test_an_account_without_summaries_is_asked_without_them(make, server) -> None:
    server.refusals = [(400, '{"error": {"message": "Your organization must be verified to generate summaries."}}')]
    provider = make(server.url)
    await collect(provider, background(params={"reasoning_effort": "high"}))
    assert server.requests[1].json["reasoning"] == {"effort": "high"}


async def test_a_cancel_names_the_answer_and_one_that_has_ended_is_no_error(make, server) -> None:
    server.script = lambda body: ["One", asyncio.Event()]
    server.create({})
    provider = make(server.url)
    await provider.cancel("resp_1")
    await provider.cancel("resp_7")
    assert server.lines == ["POST /v1/responses/resp_1/cancel", "POST /v1/responses/resp_7/cancel"]
    assert server.cancelled == ["resp_1"]


async def test_a_silent_stream_is_taken_up_again(make, server, monkeypatch) -> None:
    monkeypatch.setattr("backend.providers.responses.FIRST_PAUSE", 0.001)
    gate = asyncio.Event()
    server.script = lambda body: ["One", gate, "Two"]
    provider = make(server.url, timeouts=Timeouts(first_byte=5, silence=0.2))
    reading = asyncio.create_task(collect(provider, background()))
    while server.streams < 2:  # noqa: ASYNC110 - what is waited for is a connection
        await asyncio.sleep(0.01)
    gate.set()
    assert said(await reading) == "OneTwo"


@pytest.mark.parametrize("continuation", ["prefix", "continue_final_message"])
@pytest.mark.parametrize("kind", ["openai", "deepseek", "anthropic"])
async def test_a_refused_prefix_is_said_to_be_one(make, kind: str, continuation) -> None:
    body = {"error": {"type": "invalid_request_error", "message": "This model does not support prefill."}}
    async with scripted(status(400, body)) as server:
        provider = make(server.url, kind=kind)
        _, error = await collect_failing(provider, ask(continue_text="Half", continuation=continuation))
        assert isinstance(error, CannotContinue)
        _, error = await collect_failing(provider, ask(continue_text="Half", continuation="ask"))
        assert not isinstance(error, CannotContinue)
    assert len(server.requests) == 2
