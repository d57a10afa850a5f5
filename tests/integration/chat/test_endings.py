"""An answer ends once, for whatever reason, and what it said is kept."""

import asyncio
from dataclasses import replace
from typing import Any

import msgspec
import pytest

from backend.chat import services
from backend.chat import source as source_module
from backend.chat.fold import fold
from backend.core import db
from backend.core.errors import Conflict
from backend.providers.base import Finish, ReasoningDelta, TextDelta
from tests.support.bench import FAST, Bench
from tests.support.scripted import steps, words

TERMINAL = {"done", "incomplete", "error", "cancelled"}


def terminal_of(events: list[bytes]) -> list[dict[str, Any]]:
    return [event for event in map(msgspec.json.decode, events) if event["type"] in TERMINAL]


async def test_a_cancel_ends_the_answer_where_it_stands_and_stops_the_provider(bench: Bench) -> None:
    bench.provider.script = steps(words(2), asyncio.Event())
    ada = await bench.person()
    started = await bench.send(ada)
    await bench.running(started, "tok1")
    result = await services.generation_cancel(principal=ada, generation=started.generation)
    message = await bench.ended(started)
    assert result.status == "cancelling"
    assert (message.status, message.text) == ("cancelled", "tok0 tok1 ")
    assert bench.provider.closed == 1
    assert terminal_of(await bench.log(started)) == [{"type": "cancelled", "data": {}}]


async def test_a_cancel_before_the_first_step_ends_the_answer_too(bench: Bench) -> None:
    ada = await bench.person()
    started = await bench.send(ada)
    bench.host.runs[started.generation].stop()
    message = await bench.ended(started)
    assert message.status == "cancelled"
    assert len(terminal_of(await bench.log(started))) == 1


async def test_a_committed_cancel_is_seen_without_its_hint(bench: Bench) -> None:
    bench.provider.script = steps(words(1), asyncio.Event())
    ada = await bench.person()
    started = await bench.send(ada)
    async with (await db.pool()).connection() as connection:
        await connection.execute("UPDATE chat_generation SET cancel_requested = true")
    assert (await bench.ended(started)).status == "cancelled"


async def test_a_cancel_after_the_end_says_how_it_ended(bench: Bench) -> None:
    ada = await bench.person()
    started = await bench.send(ada)
    await bench.ended(started)
    result = await services.generation_cancel(principal=ada, generation=started.generation)
    assert result.status == "done"


async def test_cancels_that_race_the_end_leave_one_terminal_event(bench: Bench) -> None:
    ada = await bench.person()
    for pause in range(12):
        started = await bench.send(ada)
        for _ in range(pause):
            await asyncio.sleep(0.001)
        await services.generation_cancel(principal=ada, generation=started.generation)
        message = await bench.ended(started)
        ends = terminal_of(await bench.log(started))
        assert len(ends) == 1
        assert ends[0]["type"] == message.status


async def test_output_past_the_cap_is_incomplete(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source_module, "MAX_OUTPUT_BYTES", 1000)
    bench.provider.script = steps(*[[TextDelta("é" * 100)] for _ in range(50)])
    ada = await bench.person()
    started = await bench.send(ada)
    message = await bench.ended(started)
    assert (message.status, message.reason) == ("incomplete", "output_limit")
    assert message.text == fold(await bench.log(started)).parts[0].text
    assert len(message.text.encode()) <= 1000


async def test_an_answer_that_takes_too_long_is_incomplete(bench: Bench) -> None:
    bench.provider.script = steps(words(1), asyncio.Event())
    bench.host.settings = replace(FAST, wall_clock=0.2)
    ada = await bench.person()
    message = await bench.ended(await bench.send(ada))
    assert (message.status, message.reason, message.text) == ("incomplete", "time_limit", "tok0 ")


async def test_a_second_answer_is_a_sibling_with_another_model(bench: Bench) -> None:
    ada = await bench.person()
    first = await bench.send(ada, "one")
    old = await bench.ended(first)
    second = await bench.retry(ada, first.message, model="other")
    message = await bench.ended(second)
    assert message.parent == old.parent
    assert message.model == "other"
    assert message.seq > old.seq
    assert second.user_message is None
    assert bench.provider.calls[1].messages == [{"role": "user", "content": "one"}]


async def test_a_continued_answer_starts_with_the_old_parts_and_asks_for_the_rest(bench: Bench) -> None:
    bench.provider.script = steps([ReasoningDelta("hm")], words(2), asyncio.Event())
    ada = await bench.person()
    first = await bench.send(ada, "count")
    await bench.running(first, "tok1")
    with pytest.raises(Conflict, match="still being written"):
        await bench.retry(ada, first.message, "continue")
    await services.generation_cancel(principal=ada, generation=first.generation)
    await bench.ended(first)
    bench.provider.script = steps(words(2, 2), [Finish("stop")])
    second = await bench.retry(ada, first.message, "continue")
    message = await bench.ended(second)
    assert message.parts == [{"kind": "reasoning", "text": "hm"}, {"kind": "text", "text": "tok0 tok1 tok2 tok3 "}]
    request = bench.provider.calls[1]
    assert (request.continue_text, request.continuation) == ("tok0 tok1 ", "prefix")
    assert fold(await bench.log(second)).plain_parts() == message.parts


async def test_nothing_to_go_on_from_is_a_conflict(bench: Bench) -> None:
    bench.provider.script = steps([Finish("stop")])
    ada = await bench.person()
    first = await bench.send(ada)
    await bench.ended(first)
    with pytest.raises(Conflict):
        await bench.retry(ada, first.message, "continue")


async def test_a_checkpoint_is_never_ahead_of_the_log(bench: Bench) -> None:
    bench.provider.script = steps(*[step for n in range(40) for step in (words(1, n), 0.02)], [Finish("stop")])
    ada = await bench.person()
    started = await bench.send(ada)
    seen = 0
    while started.generation in bench.host.runs:
        stored = await bench.value("SELECT json_build_array(checkpoint, checkpoint_offset) FROM chat_generation")
        body, offset = stored
        if body:
            seen += 1
            log = (await bench.log(started))[:offset]
            assert len(log) == offset
            assert msgspec.json.decode(body)["parts"] == fold(log).plain_parts()
        await asyncio.sleep(0.05)
    assert seen >= 3


async def test_the_lease_of_a_running_answer_is_renewed(bench: Bench) -> None:
    bench.provider.script = steps(words(1), asyncio.Event())
    ada = await bench.person()
    started = await bench.send(ada)

    async def left() -> float:
        return float(await bench.value("SELECT extract(epoch FROM lease_until - now()) FROM chat_generation"))

    await asyncio.sleep(FAST.lease + FAST.renew)
    assert await left() > 0
    assert started.generation in bench.host.runs
