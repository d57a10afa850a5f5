"""A node that dies or stops takes no answer with it: another attempt goes on where the log ends, in the same log."""

import asyncio
from dataclasses import replace
from typing import Any

import msgspec
import pytest
import redis

from backend.chat.claim import claim
from backend.chat.fold import fold
from backend.chat.schemas import Started
from backend.chat.selectors import message_get
from backend.core import db
from backend.providers.base import CompletionRequest, Finish, ReasoningDelta, ToolDelta, Usage
from tests.integration.chat.test_left_behind import abandon, begin, checkpointed, swept
from tests.support.bench import FAST, Bench
from tests.support.scripted import Step, steps, words

TERMINAL = {"done", "incomplete", "error", "cancelled"}


async def events(bench: Bench, started: Started, epoch: str | None = None) -> list[dict[str, Any]]:
    """The log once it is sealed."""

    async def sealed() -> list[dict[str, Any]] | None:
        found = [msgspec.json.decode(event) for event in await bench.log(started, epoch)]
        return found if found and found[-1]["type"] in TERMINAL else None

    found: list[dict[str, Any]] = await bench.until(sealed)
    assert sum(event["type"] in TERMINAL for event in found) == 1
    return found


def kinds(log: list[dict[str, Any]]) -> list[str]:
    return [event["type"] for event in log]


async def test_it_goes_on_from_the_very_text_in_the_same_log(bench: Bench) -> None:
    started = await begin(bench)
    before = await bench.log(started)
    bench.provider.script = steps(words(2, 3), [Finish("stop")])
    await abandon(bench, started)
    message = await swept(bench, started)
    assert (message.status, message.text) == ("done", "tok0 tok1 tok2 tok3 tok4 ")
    request = bench.provider.calls[-1]
    assert (request.continue_text, request.continuation) == ("tok0 tok1 tok2 ", "prefix")
    log = await events(bench, started)
    assert [msgspec.json.decode(event) for event in before] == log[: len(before)]
    resumed = next(event for event in log if event["type"] == "resumed")
    assert resumed["data"] == {"attempt": 2, "exact": True}
    assert kinds(log).count("part.added") == kinds(log).count("part.done") == 1
    raw = await bench.log(started)
    assert fold(raw).plain_parts() == message.parts
    assert len(await bench.events(started.conversation)) == len(
        {str(e) for e in await bench.events(started.conversation)}
    )


async def test_before_the_first_token_it_is_simply_asked_again(bench: Bench) -> None:
    bench.provider.script = steps(asyncio.Event())
    ada = await bench.person()
    started = await bench.send(ada)
    await bench.until(lambda: _logged(bench, started))
    bench.provider.script = steps(words(3), [Finish("stop")])
    await abandon(bench, started)
    message = await swept(bench, started)
    assert message.text == "tok0 tok1 tok2 "
    assert bench.provider.calls[-1].continue_text is None
    log = await events(bench, started)
    assert [e["data"]["exact"] for e in log if e["type"] == "resumed"] == [True]
    assert "reset" not in kinds(log)


async def _logged(bench: Bench, started: Started) -> bool:
    return len(await bench.log(started)) >= 2


async def test_a_model_that_can_not_continue_is_asked_and_that_is_said(bench: Bench) -> None:
    bench.registry.entries["scripted"].continuation = "none"
    started = await begin(bench)
    bench.provider.script = steps(words(1, 3), [Finish("stop")])
    await abandon(bench, started)
    message = await swept(bench, started)
    assert message.text == "tok0 tok1 tok2 tok3 "
    assert bench.provider.calls[-1].continuation == "ask"
    log = await events(bench, started)
    assert [e["data"]["exact"] for e in log if e["type"] == "resumed"] == [False]


async def test_reasoning_alone_is_taken_back_and_done_anew(bench: Bench) -> None:
    bench.provider.script = steps([ReasoningDelta("hm, ")], asyncio.Event())
    ada = await bench.person()
    started = await bench.send(ada)
    await bench.running(started, "hm")
    bench.provider.script = steps([ReasoningDelta("aha")], words(1), [Finish("stop")])
    await abandon(bench, started)
    message = await swept(bench, started)
    assert [(part["kind"], part["text"]) for part in message.parts] == [("reasoning", "aha"), ("text", "tok0 ")]
    assert "reset" in kinds(await events(bench, started))
    assert fold(await bench.log(started)).plain_parts() == message.parts


async def test_a_half_written_tool_call_is_replaced_and_the_text_before_it_stays(bench: Bench) -> None:
    bench.provider.script = steps(words(2), [ToolDelta(0, "c1", "look", '{"q": "a')], asyncio.Event())
    ada = await bench.person()
    started = await bench.send(ada)
    await bench.running(started, "look")
    bench.provider.script = steps([ToolDelta(0, "c2", "look", '{"q": "b"}')], [Finish("tool_calls")])
    await abandon(bench, started)
    message = await swept(bench, started)
    assert [part["kind"] for part in message.parts] == ["text", "tool"]
    assert message.parts[0]["text"] == "tok0 tok1 "
    assert msgspec.json.decode(message.parts[1]["text"]) == {"id": "c2", "name": "look", "arguments": '{"q": "b"}'}
    assert fold(await bench.log(started)).plain_parts() == message.parts


async def test_an_answer_that_was_whole_but_for_its_end_is_not_asked_for_again(bench: Bench) -> None:
    started = await begin(bench)
    run = bench.host.runs[started.generation]
    run.source.close_parts()
    await bench.node.writer.drain(run.source)
    calls = len(bench.provider.calls)
    await abandon(bench, started)
    message = await swept(bench, started)
    assert (message.status, message.text) == ("done", "tok0 tok1 tok2 ")
    assert len(bench.provider.calls) == calls


async def test_with_log_and_owner_gone_it_goes_on_under_a_new_epoch(bench: Bench) -> None:
    started = await begin(bench)
    await checkpointed(bench)
    bench.provider.script = steps(words(2, 3), [Finish("stop")])
    await abandon(bench, started)
    with redis.Redis.from_url(bench.redis_url) as client:
        client.flushall()
    message = await swept(bench, started)
    assert (message.status, message.text) == ("done", "tok0 tok1 tok2 tok3 tok4 ")
    state = await bench.kinds["generation"].state(topic=started.topic)
    assert state.epoch != started.position.epoch
    log = await events(bench, started, state.epoch)
    assert kinds(log)[:2] == ["created", "resumed"]
    assert fold(await bench.log(started, state.epoch)).plain_parts() == message.parts


async def test_an_owner_that_is_alive_keeps_an_answer_whose_lease_ran_out(bench: Bench) -> None:
    started = await begin(bench)
    await abandon(bench, started)
    bench.host._stopping = True  # this node's own sweeper looks away
    async with (await db.pool()).connection() as connection:
        await connection.execute(
            "UPDATE chat_generation SET lease_owner = 'slow', lease_until = now() - interval '1 minute'"
        )
    await bench.node.log.beat(owner="slow", seconds=30)
    assert await claim(node=bench.node, owner="other", mine=[], lease=15) == []
    await bench.node.log.beat(owner="slow", seconds=0.001)
    await asyncio.sleep(0.05)
    assert len(await claim(node=bench.node, owner="other", mine=[], lease=15)) == 1


async def test_three_claims_without_a_word_are_enough(bench: Bench) -> None:
    started = await begin(bench)
    await abandon(bench, started)
    async with (await db.pool()).connection() as connection:
        await connection.execute("UPDATE chat_generation SET idle_claims = 3")
    message = await swept(bench, started)
    assert (message.status, message.reason, message.text) == ("incomplete", "interrupted", "tok0 tok1 tok2 ")


async def test_text_wins_an_answer_its_attempts_back(bench: Bench) -> None:
    started = await begin(bench)
    await abandon(bench, started)
    async with (await db.pool()).connection() as connection:
        await connection.execute("UPDATE chat_generation SET idle_claims = 2")
    bench.provider.script = steps(words(1, 3), asyncio.Event())

    async def back() -> bool:
        return bool(await bench.value("SELECT idle_claims = 0 AND attempt = 2 FROM chat_generation"))

    await bench.until(back)


async def test_what_the_first_attempt_counted_is_part_of_the_bill(bench: Bench) -> None:
    bench.provider.script = steps(words(1), [Usage(100, 5)], asyncio.Event())
    ada = await bench.person()
    started = await bench.send(ada)
    await bench.until(lambda: _counted(bench, started))
    bench.provider.script = steps(words(1, 1), [Usage(110, 7)], [Finish("stop")])
    await abandon(bench, started)
    message = await swept(bench, started)
    assert message.usage is not None
    assert (message.usage["input_tokens"], message.usage["output_tokens"]) == (210, 12)


async def _counted(bench: Bench, started: Started) -> bool:
    return any(b'"usage"' in event for event in await bench.log(started))


async def test_a_planned_stop_hands_over_at_once(bench: Bench) -> None:
    started = await begin(bench)
    bench.provider.script = steps(words(2, 3), [Finish("stop")])
    await bench.host.stop()
    assert await bench.value("SELECT lease_owner = '' AND lease_until <= now() FROM chat_generation")
    await bench.node.stop()
    await bench.start()
    message = await swept(bench, started)
    assert (message.status, message.text) == ("done", "tok0 tok1 tok2 tok3 tok4 ")
    assert await bench.value("SELECT idle_claims FROM chat_generation") == 0
    log = await events(bench, started)
    assert kinds(log).count("part.added") == 1


async def test_a_planned_stop_of_everything_keeps_the_log(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """Redis has another run id after it: what was handed over says where its log ends."""
    started = await begin(bench)
    await checkpointed(bench)
    bench.provider.script = steps(words(2, 3), [Finish("stop")])
    await bench.host.stop()
    before = await bench.log(started)
    await bench.node.stop()

    async def another(_: object) -> str:
        return "another"

    monkeypatch.setattr(type(bench.node.log), "run_id", another)
    await bench.start()
    message = await swept(bench, started)
    assert (message.status, message.text) == ("done", "tok0 tok1 tok2 tok3 tok4 ")
    log = await bench.log(started)
    assert log[: len(before)] == before
    assert len(log) > len(before)


async def test_a_planned_stop_does_not_let_an_answer_wait_for_a_title(bench: Bench) -> None:
    asked_for, never = asyncio.Event(), asyncio.Event()

    def script(request: CompletionRequest) -> list[Step]:
        if request.messages[0]["content"].startswith("Write a title"):
            asked_for.set()
            return [never]
        return [words(2), [Finish("stop")]]

    bench.host.settings = replace(FAST, titles=True, stop=60)
    bench.provider.script = script
    await bench.ended(await bench.send(await bench.person("grace@example.org")))
    await asyncio.wait_for(asked_for.wait(), 10)
    await begin(bench)
    stopping = asyncio.create_task(bench.host.stop())

    async def free() -> bool:
        return bool(await bench.value("SELECT lease_owner = '' FROM chat_generation WHERE status = 'running'"))

    await bench.until(free)
    assert not stopping.done()
    never.set()
    await stopping


@pytest.mark.parametrize("asked", ["before", "after"])
async def test_a_cancel_survives_a_takeover(bench: Bench, asked: str) -> None:
    started = await begin(bench)
    bench.provider.script = steps(words(1, 3), asyncio.Event())
    if asked == "before":
        async with (await db.pool()).connection() as connection:
            await connection.execute("UPDATE chat_generation SET lease_owner = 'dead', cancel_requested = true")
    await abandon(bench, started)
    if asked == "after":
        await bench.running(started, "tok3")
        async with (await db.pool()).connection() as connection:
            await connection.execute("UPDATE chat_generation SET cancel_requested = true")
    message = await swept(bench, started)
    assert message.status == "cancelled"
    assert [e["type"] for e in await events(bench, started)][-1] == "cancelled"
    assert (await message_get(message=started.message))[0].text == message.text
