"""An answer that OpenAI writes in the background is taken over without a seam: nothing is asked, or paid for, twice."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import msgspec
import pytest
import redis

from backend.chat.fold import fold
from backend.chat.order import CANCELLED
from backend.chat.schemas import Started
from backend.core import db
from backend.outbound import OutboundClient, Timeouts
from backend.providers.factory import ProviderOptions, make_provider
from backend.providers.openai_request import ASK_TO_CONTINUE
from tests.integration.chat.test_left_behind import abandon, checkpointed, swept
from tests.integration.chat.test_takeover import events, kinds
from tests.support.bench import Bench
from tests.support.responses import ResponsesServer, failed, reasoning, responses, tool

FIRST, REST = "One\nTwo \u00fc\n", "Three\nFour \U0001f9d1\u200d\U0001f680\n"


@pytest.fixture
async def server(bench: Bench) -> AsyncIterator[ResponsesServer]:
    """OpenAI; the bench's model is one of its own, continued in the background."""
    client = OutboundClient()
    async with responses() as made:
        bench.registry.entries["scripted"].continuation = "background"
        bench.registry.provider = make_provider(
            kind="openai",
            name="OpenAI",
            base_url=made.url,
            api_key="k",
            client=client,
            options=ProviderOptions(trusted=True, timeouts=Timeouts(first_byte=5, silence=5)),
        )
        made.script = lambda body: [reasoning("Hm"), FIRST, made.gate, REST]
        yield made
        await bench.host.stop()
        await client.close()


async def begin(bench: Bench, waits_for: str = "Two") -> Started:
    started = await bench.send(await bench.person())
    await bench.running(started, waits_for)
    await bench.until(lambda: _known(bench))
    return started


async def _known(bench: Bench) -> bool:
    return bool(await bench.value("SELECT remote IS NOT NULL FROM chat_generation"))


def exact(log: list[dict[str, Any]]) -> list[bool]:
    return [event["data"]["exact"] for event in log if event["type"] == "resumed"]


async def test_it_is_resumed_behind_the_whole_log_and_never_asked_again(bench: Bench, server: ResponsesServer) -> None:
    started = await begin(bench)
    server.gate.set()
    await abandon(bench, started)
    message = await swept(bench, started)
    assert (message.status, message.text) == ("done", FIRST + REST)
    assert message.usage == {"input_tokens": 12, "output_tokens": 34, "cached_tokens": 4, "reasoning_tokens": 5}
    log = await events(bench, started)
    assert exact(log) == [True]
    assert kinds(log).count("part.added") == 2
    assert fold(await bench.log(started)).plain_parts() == message.parts
    assert [part["text"] for part in message.parts] == ["Hm", FIRST + REST]
    assert server.lines == ["POST /v1/responses", "GET /v1/responses/resp_1?stream=true"]
    assert server.cancelled == []


async def test_it_may_change_hands_again_and_again(bench: Bench, server: ResponsesServer) -> None:
    gates = [asyncio.Event() for _ in range(3)]
    server.script = lambda body: ["a\n", gates[0], "b\n", gates[1], "c\n", gates[2], "d\n"]
    started = await begin(bench, "a")
    for gate, letter in zip(gates, "bcd", strict=True):
        await abandon(bench, started)
        gate.set()
        if letter != "d":
            await bench.running(started, letter)
    message = await swept(bench, started)
    assert (message.status, message.text) == ("done", "a\nb\nc\nd\n")
    assert exact(await events(bench, started)) == [True] * 3
    assert len(server.kept) == 1


async def test_before_the_first_word_the_same_answer_is_waited_for(bench: Bench, server: ResponsesServer) -> None:
    server.script = lambda body: [server.gate, FIRST]
    started = await bench.send(await bench.person())
    await bench.until(lambda: _known(bench))
    await abandon(bench, started)
    server.gate.set()
    message = await swept(bench, started)
    assert message.text == FIRST
    assert len(server.kept) == 1


async def test_half_a_tool_call_is_read_again_from_its_beginning(bench: Bench, server: ResponsesServer) -> None:
    first, *rest = tool(2, "c1", "look", '{"q"', ": 1}")
    server.script = lambda body: [FIRST, [first, rest[0]], server.gate, rest[1:]]
    started = await begin(bench, "look")
    await abandon(bench, started)
    server.gate.set()
    message = await swept(bench, started)
    assert [part["kind"] for part in message.parts] == ["text", "tool"]
    assert msgspec.json.decode(message.parts[1]["text"]) == {"id": "c1", "name": "look", "arguments": '{"q": 1}'}
    assert message.reason == "tool_calls"
    assert fold(await bench.log(started)).plain_parts() == message.parts
    assert len(server.kept) == 1


async def test_one_that_is_gone_at_the_provider_is_asked_for_and_that_is_said(
    bench: Bench, server: ResponsesServer
) -> None:
    started = await begin(bench)
    server.kept.pop("resp_1")
    server.script = lambda body: ["and\n", server.gate, "so on"]
    await abandon(bench, started)
    await bench.running(started, "and")
    log = [msgspec.json.decode(event) for event in await bench.log(started)]
    assert exact(log) == [True, False]
    assert server.requests[-1].json["input"][-2:] == [
        {"role": "assistant", "content": FIRST},
        {"role": "user", "content": ASK_TO_CONTINUE},
    ]
    assert server.requests[-1].json["background"] is True

    async def kept_anew() -> bool:
        return bool(await bench.value(f"SELECT (remote->>'text')::int = {len(FIRST)} FROM chat_generation"))

    await bench.until(kept_anew)
    await abandon(bench, started)  # what was asked for can be resumed in its turn
    server.gate.set()
    message = await swept(bench, started)
    assert (message.status, message.text) == ("done", FIRST + "and\nso on")
    assert exact(await events(bench, started)) == [True, False, True]


async def test_one_that_failed_while_nobody_read_is_asked_for(bench: Bench, server: ResponsesServer) -> None:
    server.script = lambda body: [FIRST, server.gate, failed("server_error", "Oh.")]
    started = await begin(bench)
    await abandon(bench, started)
    server.gate.set()
    server.script = lambda body: ["anew"]
    message = await swept(bench, started)
    assert (message.status, message.text) == ("done", FIRST + "anew")
    assert exact(await events(bench, started)) == [True, False]


async def test_with_log_and_owner_gone_it_is_resumed_behind_the_checkpoint(
    bench: Bench, server: ResponsesServer
) -> None:
    started = await begin(bench)
    await checkpointed(bench)
    server.gate.set()
    await abandon(bench, started)
    with redis.Redis.from_url(bench.redis_url) as client:
        client.flushall()
    message = await swept(bench, started)
    assert (message.status, message.text) == ("done", FIRST + REST)
    state = await bench.kinds["generation"].state(topic=started.topic)
    assert exact(await events(bench, started, state.epoch)) == [True]
    assert len(server.kept) == 1


async def test_a_planned_stop_leaves_it_running_at_the_provider(bench: Bench, server: ResponsesServer) -> None:
    started = await begin(bench)
    await bench.host.stop()
    await bench.node.stop()
    server.gate.set()
    await bench.start()
    message = await swept(bench, started)
    assert (message.status, message.text) == ("done", FIRST + REST)
    assert server.cancelled == []
    assert len(server.kept) == 1


async def test_a_stop_by_a_person_stops_the_provider_too(bench: Bench, server: ResponsesServer) -> None:
    started = await begin(bench)
    bench.host.runs[started.generation].stop(CANCELLED)
    message = await swept(bench, started)
    assert (message.status, message.text) == ("cancelled", FIRST)
    await bench.until(lambda: _cancelled(server))


async def test_a_stop_whose_owner_died_stops_the_provider_too(bench: Bench, server: ResponsesServer) -> None:
    started = await begin(bench)
    async with (await db.pool()).connection() as connection:
        await connection.execute("UPDATE chat_generation SET lease_owner = 'dead', cancel_requested = true")
    await abandon(bench, started)
    message = await swept(bench, started)
    assert (message.status, message.text) == ("cancelled", FIRST)
    await bench.until(lambda: _cancelled(server))


async def _cancelled(server: ResponsesServer) -> bool:
    return server.cancelled == ["resp_1"]


async def test_an_interrupted_answer_is_gone_on_from_in_the_background(bench: Bench, server: ResponsesServer) -> None:
    ada = await bench.person()
    started = await bench.send(ada)
    await bench.running(started, "Two")
    bench.host.runs[started.generation].stop(CANCELLED)
    await bench.ended(started)
    server.script = lambda body: ["more\n", server.gate, "still"]
    again = await bench.retry(ada, started.message, "continue")
    await bench.running(again, "more")
    await bench.until(lambda: _text_of(bench, again))
    await abandon(bench, again)
    server.gate.set()
    message = await swept(bench, again)
    assert (message.status, message.text) == ("done", FIRST + "more\nstill")
    assert exact(await events(bench, again)) == [True]
    assert len(server.kept) == 2


async def _text_of(bench: Bench, started: Started) -> bool:
    query = f"SELECT (remote->>'text')::int = {len(FIRST)} FROM chat_generation WHERE id = '{started.generation}'"
    return bool(await bench.value(query))
