"""A node dies while a model's tools run: what was found is kept, what was not is looked for anew."""

import asyncio

from backend.chat.fold import fold
from backend.chat.schemas import Started
from backend.providers.base import Finish, Remote, Usage
from tests.integration.chat.test_left_behind import abandon, swept
from tests.integration.chat.test_tool_loop import CALLS, asked, booked, calls_in, events, find, has_event, says, text
from tests.support.bench import Bench
from tests.support.tools import FakeTool, call

__all__ = ["find"]


async def test_a_takeover_keeps_what_was_found_and_runs_it_no_second_time(bench: Bench, find: FakeTool) -> None:
    says(bench, [[call("Nile")], [Usage(10, 5)], CALLS], [text("It is "), asyncio.Event()])
    started = await asked(bench)
    await bench.running(started, "It is ")
    before = await bench.log(started)
    says(bench, [text("long [1]."), [Usage(20, 6)], [Finish("stop")]])
    await abandon(bench, started)
    message = await swept(bench, started)
    assert (message.status, message.text) == ("done", "It is long [1].")
    assert find.asked == ["Nile"]
    request = bench.provider.calls[-1]
    assert (request.continue_text, request.continuation) == ("It is ", "prefix")
    assert [one["role"] for one in request.messages] == ["system", "user", "assistant", "tool"]
    assert (await bench.log(started))[: len(before)] == before
    assert [one["number"] for one in map(dict, message.sources or ())] == [1, 2]
    assert await booked(bench) == "settled 5, lost 2, settled 6"


async def test_a_takeover_in_mid_tool_takes_the_unfinished_call_back_and_keeps_the_other(
    bench: Bench, find: FakeTool
) -> None:
    find.held["Congo"] = asyncio.Event()
    says(bench, [text("So. "), [call("Nile"), call("Congo", index=1)], CALLS])
    started = await asked(bench)

    async def one_is_there() -> bool:
        return (
            await has_event(bench, started, "part.done")
            and len(find.asked) == 2
            and await _nile_is_over(bench, started)
        )

    await bench.until(one_is_there)
    says(bench, [text("And "), [call("Congo", ident="c7")], CALLS], [text("Both are long."), [Finish("stop")]])
    find.held.clear()
    await abandon(bench, started)
    message = await swept(bench, started)
    assert (message.status, message.text) == ("done", "So. And Both are long.")
    assert [part["kind"] for part in message.parts] == ["text", "search", "text", "search", "text"]
    assert [one["arguments"] for one in calls_in(message)] == ['{"query": "Nile"}', '{"query": "Congo"}']
    assert [one["id"] for one in calls_in(message)] == ["c0", "c7"]
    assert find.asked == ["Nile", "Congo", "Congo"]
    assert [one["number"] for one in message.parts[1]["items"]] == [1, 2]
    assert fold(await bench.log(started)).plain_parts() == message.parts


async def _nile_is_over(bench: Bench, started: Started) -> bool:
    return any(event["type"] == "part.done" and event["data"]["part"] == 1 for event in await events(bench, started))


async def test_an_answer_whose_node_died_between_result_and_question_goes_on(bench: Bench, find: FakeTool) -> None:
    bench.registry.entries["scripted"].continuation = "background"
    says(bench, [[Remote("r1")], [call("Nile")], CALLS], [asyncio.Event()])
    started = await asked(bench)
    await bench.until(lambda: _second_call(bench))
    await bench.until(lambda: bench.value("SELECT remote->>'id' = 'r1' FROM chat_generation"))
    says(bench, [text("It is long."), [Finish("stop")]])
    await abandon(bench, started)
    message = await swept(bench, started)
    assert (message.status, message.reason, message.text) == ("done", "stop", "It is long.")
    assert bench.provider.calls[-1].held is None, "what the provider wrote before the tool ran is over"
    assert find.asked == ["Nile"]


async def _second_call(bench: Bench) -> bool:
    return len(bench.provider.calls) == 2
