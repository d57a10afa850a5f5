"""How each kind of provider is told to go on from half an answer, on the wire, and that both halves fit exactly."""

from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from backend.outbound import OutboundClient
from backend.providers.base import Continuation
from backend.providers.factory import Kind, ProviderOptions, make_provider
from backend.providers.openai_request import ASK_TO_CONTINUE
from tests.integration.chat.test_left_behind import abandon, swept
from tests.integration.chat.test_takeover import events, kinds
from tests.support.bench import Bench
from tests.support.scripted_http import HANG, SSE_HEAD, Reply, event, finish, scripted, status, text

Use = Callable[[Kind, str, Continuation, str], None]
QUESTION = {"role": "user", "content": "hello"}


@pytest.fixture
async def use(bench: Bench) -> AsyncIterator[Use]:
    """Have the bench's model be one of this kind at this address."""
    client = OutboundClient()

    def set_up(kind: Kind, url: str, continuation: Continuation, model: str) -> None:
        entry = bench.registry.entries["scripted"]
        entry.continuation, entry.name = continuation, model
        bench.registry.entries[model] = entry
        bench.registry.provider = make_provider(
            kind=kind, name="Upstream", base_url=url, api_key="k", client=client, options=ProviderOptions(trusted=True)
        )

    yield set_up
    await bench.host.stop()
    await client.close()


def anthropic(*pieces: str, end: bool = True) -> bytes:
    """A message of Anthropic's in these pieces."""
    found = event({"type": "message_start", "message": {"usage": {"input_tokens": 3, "output_tokens": 1}}})
    found += event({"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}})
    for piece in pieces:
        delta = {"type": "text_delta", "text": piece}
        found += event({"type": "content_block_delta", "index": 0, "delta": delta})
    if end:
        found += event({"type": "content_block_stop", "index": 0})
        found += event({"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 9}})
        found += event({"type": "message_stop"})
    return found


def _bytes(reply: Reply) -> list[bytes]:
    return [step for step in reply if isinstance(step, bytes)]


async def taken_over(bench: Bench, *replies: Reply, use: Callable[[str], None], says: str) -> tuple[Any, list[Any]]:
    """The whole answer, and the bodies of the requests after the first, with what `replies` answer to them."""
    first = anthropic(says, end=False) if b"message_start" in b"".join(_bytes(replies[-1])) else text(says)
    async with scripted([SSE_HEAD + first, HANG], *replies) as server:
        use(server.url)
        started = await bench.send(await bench.person())
        await bench.running(started, says)
        await abandon(bench, started)
        message = await swept(bench, started)
        log = await events(bench, started)
        assert kinds(log).count("part.added") == 1
        exact = [one["data"]["exact"] for one in log if one["type"] == "resumed"]
        return (message, exact), [(request.line, request.json) for request in server.requests[1:]]


async def test_deepseek_is_sent_a_marked_prefix_at_its_beta_address(bench: Bench, use: Use) -> None:
    (message, exact), [(line, body)] = await taken_over(
        bench,
        [SSE_HEAD + text("f \n") + text("and half.") + finish()],
        use=lambda url: use("deepseek", url, "prefix", "deepseek-chat"),
        says="The first hal",
    )
    assert (message.status, message.text, exact) == ("done", "The first half \nand half.", [True])
    assert line.startswith("POST /beta/chat/completions ")
    assert body == {
        "model": "deepseek-chat",
        "messages": [QUESTION, {"role": "assistant", "content": "The first hal", "prefix": True}],
        "stream": True,
        "stream_options": {"include_usage": True},
        "user": body["user"],
    }


async def test_vllm_is_told_to_continue_the_final_message(bench: Bench, use: Use) -> None:
    (message, exact), [(line, body)] = await taken_over(
        bench,
        [SSE_HEAD + text("  two") + finish()],
        use=lambda url: use("openai", url + "/v1", "continue_final_message", "qwen"),
        says="one\n",
    )
    assert (message.status, message.text, exact) == ("done", "one\n  two", [True])
    assert line.startswith("POST /v1/chat/completions ")
    assert body == {
        "model": "qwen",
        "messages": [QUESTION, {"role": "assistant", "content": "one\n"}],
        "continue_final_message": True,
        "add_generation_prompt": False,
        "stream": True,
        "stream_options": {"include_usage": True},
        "user": body["user"],
    }


@pytest.mark.parametrize(
    ("says", "writes", "whole"),
    [
        ("The first hal", ["f", " and"], "The first half and"),
        ("A sentence. ", ["Another."], "A sentence. Another."),
        ("A sentence. ", [" Another."], "A sentence. Another."),
        ("A line\n\n", ["\n", "\n- one"], "A line\n\n- one"),
    ],
)
async def test_an_older_claude_is_sent_the_answer_without_the_white_space_at_its_end(
    bench: Bench, use: Use, says: str, writes: list[str], whole: str
) -> None:
    (message, exact), [(line, body)] = await taken_over(
        bench,
        [SSE_HEAD + anthropic(*writes)],
        use=lambda url: use("anthropic", url, "prefix", "claude-sonnet-4-5"),
        says=says,
    )
    assert (message.status, message.text, exact) == ("done", whole, [True])
    assert line.startswith("POST /v1/messages ")
    assert body == {
        "model": "claude-sonnet-4-5",
        "max_tokens": 32_000,
        "messages": [
            {"role": "user", "content": [{"type": "text", "text": "hello"}]},
            {"role": "assistant", "content": [{"type": "text", "text": says.rstrip()}]},
        ],
        "stream": True,
        "metadata": {"user_id": body["metadata"]["user_id"]},
    }


async def test_a_model_that_refuses_a_prefix_is_asked_to_go_on_and_that_is_said(bench: Bench, use: Use) -> None:
    refusal = {"type": "error", "error": {"type": "invalid_request_error", "message": "Prefill is not supported."}}
    (message, exact), [_, (_, body)] = await taken_over(
        bench,
        status(400, refusal),
        [SSE_HEAD + anthropic("and on.")],
        use=lambda url: use("anthropic", url, "prefix", "claude-sonnet-4-5"),
        says="Half ",
    )
    assert (message.status, message.text, exact) == ("done", "Half and on.", [True, False])
    assert [turn["role"] for turn in body["messages"]] == ["user", "assistant", "user"]
    assert body["messages"][-1]["content"] == [{"type": "text", "text": ASK_TO_CONTINUE}]


async def test_what_is_refused_for_another_reason_too_ends_with_that_reason(bench: Bench, use: Use) -> None:
    (message, exact), bodies = await taken_over(
        bench,
        status(400, {"error": {"message": "This account is closed."}}),
        use=lambda url: use("openai", url, "prefix", "m"),
        says="Half ",
    )
    assert (message.status, message.text, exact) == ("error", "Half ", [True, False])
    assert "This account is closed." in message.error["message"]
    assert len(bodies) == 2
