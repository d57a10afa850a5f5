"""A completion that was kept is asked again word for word: after a takeover, and by a retry."""

import asyncio
from dataclasses import replace
from typing import Any

from backend.accounts.principal import Principal
from backend.chat.schemas import Started
from backend.chat.services.stored import completion_store
from backend.providers.base import Finish
from tests.integration.chat.test_left_behind import abandon, swept
from tests.support.bench import FAST, Bench
from tests.support.scripted import steps, words

IMAGE = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AA", "detail": "low"}}
MESSAGES: list[dict[str, Any]] = [
    {"role": "system", "content": "Be brief."},
    {"role": "developer", "content": [{"type": "text", "text": "Use the tools."}], "name": "ops"},
    {"role": "user", "name": "ada", "content": [{"type": "text", "text": "a "}, IMAGE, {"type": "text", "text": "b"}]},
    {
        "role": "assistant",
        "content": None,
        "tool_calls": [{"id": "c1", "type": "function", "function": {"name": "look", "arguments": '{"z":1,"a":2}'}}],
    },
    {"role": "tool", "tool_call_id": "c1", "content": "a cat and \U0001f9d1"},
    {"role": "user", "content": ""},
]
SCHEMA = {"type": "object", "properties": {"zeta": {"type": "string"}, "alpha": {"type": "number"}}}
PARAMS: dict[str, Any] = {
    "temperature": 0.25,
    "stop": ["\n\n"],
    "tool_choice": "auto",
    "response_format": {"type": "json_schema", "json_schema": {"name": "answer", "schema": SCHEMA}},
}
TOOLS = [{"type": "function", "function": {"name": "look", "parameters": SCHEMA}}]


async def store(bench: Bench, ada: Principal) -> Started:
    return await completion_store(principal=ada, messages=MESSAGES, model=None, params=PARAMS, tools=TOOLS)


def asked(bench: Bench, number: int) -> tuple[str, str]:
    """What the provider was asked, the order of keys included; and what it was to go on from."""
    call = bench.provider.calls[number]
    fields = (call.messages, call.params, call.tools, call.tool_choice, call.response_format)
    return repr(fields), call.continue_text or ""


async def test_whoever_takes_it_over_asks_the_very_same(bench: Bench) -> None:
    bench.provider.script = steps(words(2), asyncio.Event())
    started = await store(bench, await bench.person())
    await bench.running(started, "tok1")
    bench.provider.script = steps(words(1, 2), [Finish("stop")])
    await abandon(bench, started)
    message = await swept(bench, started)
    assert message.text == "tok0 tok1 tok2 "
    assert [asked(bench, 0)[0], "tok0 tok1 "] == list(asked(bench, 1))


async def test_a_retry_and_its_takeover_ask_the_very_same(bench: Bench) -> None:
    ada = await bench.person()
    started = await store(bench, ada)
    await bench.ended(started)
    bench.provider.script = steps(words(1), asyncio.Event())
    again = await bench.retry(ada, started.message)
    await bench.running(again, "tok0")
    bench.provider.script = steps([Finish("stop")])
    await abandon(bench, again)
    await swept(bench, again)
    assert [asked(bench, number)[0] for number in (1, 2)] == [asked(bench, 0)[0]] * 2


async def test_a_takeover_gives_it_no_title_of_its_own(bench: Bench) -> None:
    await bench.host.stop()
    await bench.node.stop()
    await bench.start(replace(FAST, titles=True))
    bench.provider.script = steps(words(1), asyncio.Event())
    one = [{"role": "user", "content": "hello"}]
    started = await completion_store(principal=await bench.person(), messages=one, model=None, params={})
    await bench.running(started, "tok0")
    bench.provider.script = steps([Finish("stop")])
    await abandon(bench, started)
    await swept(bench, started)
    await bench.until(lambda: _idle(bench))
    assert len(bench.provider.calls) == 2


async def _idle(bench: Bench) -> bool:
    return not bench.host.runs and not bench.host._side
