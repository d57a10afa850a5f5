"""A send is stored once, streamed to its end, and stored exactly as it was streamed."""

import asyncio
from typing import Any
from uuid import uuid4

import msgspec
import pytest

from backend.chat import services
from backend.chat.fold import fold
from backend.chat.schemas import MessageOut, MessageSend, Started
from backend.chat.selectors import message_get, message_page
from backend.core import db
from backend.core.errors import BadRequest, KeyReused, ModelUnavailable, NotFound, Unavailable
from backend.providers.base import Finish, ProviderError, ReasoningDelta, TextDelta, ToolDelta, Usage
from tests.support.bench import Bench
from tests.support.scripted import steps, words


async def test_a_send_streams_to_its_end_and_the_stored_text_equals_the_log(bench: Bench) -> None:
    bench.provider.script = steps([ReasoningDelta("hm ")], words(3), words(2, 3), [Usage(10, 5), Finish("stop")])
    ada = await bench.person()
    started = await bench.send(ada, "count to five")
    message = await bench.ended(started)
    events = [msgspec.json.decode(event) for event in await bench.log(started)]
    answer = fold(await bench.log(started))
    assert [event["type"] for event in events][:3] == ["created", "started", "part.added"]
    assert [event["type"] for event in events if event["type"] in ("done", "error", "incomplete", "cancelled")] == [
        "done"
    ]
    assert events[-1] == {"type": "done", "data": {"finish_reason": "stop"}}
    assert answer.plain_parts() == message.parts
    assert message.text == "tok0 tok1 tok2 tok3 tok4 "
    assert message.status == "done"
    assert message.reason == "stop"
    assert message.usage == {"input_tokens": 10, "output_tokens": 5, "cached_tokens": 0, "reasoning_tokens": 0}
    assert message.cost == pytest.approx((10 * 2 + 5 * 10) / 1e6)
    assert message.timings is not None
    assert message.timings["first_token_ms"] is not None
    assert bench.provider.calls[0].messages == [{"role": "user", "content": "count to five"}]


async def test_the_database_keeps_the_position_of_the_terminal_event(bench: Bench) -> None:
    ada = await bench.person()
    started = await bench.send(ada)
    await bench.ended(started)
    state = await bench.kinds["generation"].state(topic=started.topic)
    events = await bench.log(started)
    assert state.ended is not None
    assert (state.ended.offset, state.ended.event) == (len(events), events[-1])


async def test_the_events_of_a_conversation_have_no_holes_and_number_its_messages(bench: Bench) -> None:
    ada = await bench.person()
    first = await bench.send(ada, "one")
    await bench.ended(first)
    second = await bench.send(ada, "two", conversation=first.conversation)
    await bench.ended(second)
    events = await bench.events(first.conversation)
    kinds = ["message.created", "message.created", "generation.started", "message.updated", "generation.ended"]
    assert [event["type"] for event in events] == kinds * 2
    assert len(events) == 10
    page = await message_page(conversation=first.conversation)
    created = {e["data"]["message"]["id"]: n for n, e in enumerate(events, 1) if e["type"] == "message.created"}
    assert {str(m.id): m.seq for m in page.items} == created
    assert all(e["data"]["message"]["seq"] == n for n, e in enumerate(events, 1) if e["type"] == "message.created")


async def test_the_last_events_of_messages_equal_what_is_stored(bench: Bench) -> None:
    ada = await bench.person()
    started = await bench.send(ada, "état \U0001f469\u200d\U0001f52c\u202e", params={"temperature": 0.5})
    await bench.ended(started)
    topic = f"conversation.{started.conversation}"
    told = {}
    events = await bench.events(started.conversation)
    for event in events:
        if event["type"].startswith("message."):
            told[event["data"]["message"]["id"]] = event["data"]["message"]
    snapshot = await bench.kinds["conversation"].snapshot(topic=topic)
    assert [told[message["id"]] for message in snapshot.data["messages"]] == snapshot.data["messages"]
    assert snapshot.position.offset == len(events)
    assert snapshot.data["running"] == []


async def test_the_same_key_gives_the_first_reply_and_one_call(bench: Bench) -> None:
    ada = await bench.person()
    first = await bench.send(ada, "once", key="k1")
    again = await bench.send(ada, "once", key="k1")
    await bench.ended(first)
    later = await bench.send(ada, "once", key="k1")
    assert first == again == later
    assert len(bench.provider.calls) == 1


async def test_the_same_key_with_another_body_is_refused(bench: Bench) -> None:
    ada = await bench.person()
    await bench.send(ada, "once", key="k1")
    with pytest.raises(KeyReused):
        await bench.send(ada, "twice", key="k1")


async def test_another_person_has_keys_of_their_own(bench: Bench) -> None:
    ada, bob = await bench.person(), await bench.person("bob@example.org")
    first = await bench.send(ada, "once", key="k1")
    second = await bench.send(bob, "once", key="k1")
    assert first.conversation != second.conversation


@pytest.mark.parametrize("known", [False, True])
async def test_calls_at_the_same_moment_with_one_key_store_one_message(bench: Bench, known: bool) -> None:
    ada = await bench.person()
    place = {}
    if known:
        opened = await bench.send(ada, "first")
        await bench.ended(opened)
        place = {"conversation": opened.conversation}
    before = len(bench.provider.calls)
    replies = await asyncio.gather(*(bench.send(ada, "once", key="same", **place) for _ in range(8)))
    await asyncio.gather(*(bench.ended(reply) for reply in replies))
    assert len({reply.generation for reply in replies}) == 1
    assert len(bench.provider.calls) == before + 1
    page = await message_page(conversation=replies[0].conversation)
    assert len([m for m in page.items if m.text == "once"]) == 1


async def test_many_sends_into_one_conversation_leave_no_hole(bench: Bench) -> None:
    ada = await bench.person()
    opened = await bench.send(ada, "first")
    await bench.ended(opened)
    replies = await asyncio.gather(*(bench.send(ada, f"m{n}", conversation=opened.conversation) for n in range(12)))
    await asyncio.gather(*(bench.ended(reply) for reply in replies))
    topic = f"conversation.{opened.conversation}"
    state = await bench.kinds["conversation"].state(topic=topic)
    found = await bench.kinds["conversation"].read(
        topic=topic, epoch=state.epoch, after=0, max_events=500, max_bytes=10**7
    )
    assert found.kept
    assert len(found.events) == state.end == 13 * 5


async def test_an_error_leaves_the_key_free(bench: Bench) -> None:
    ada = await bench.person()
    with pytest.raises(ModelUnavailable):
        await bench.send(ada, "x", key="k1", model="nowhere")
    started = await bench.send(ada, "x", key="k1")
    assert (await bench.ended(started)).status == "done"


async def test_a_key_whose_conversation_went_away_is_not_found(bench: Bench) -> None:
    ada = await bench.person()
    first = await bench.send(ada, "once", key="k1")
    await bench.ended(first)
    from backend.core.db import in_thread

    await in_thread(services.conversation_delete, principal=ada, conversation=first.conversation)
    with pytest.raises(NotFound):
        await bench.send(ada, "once", key="k1")


async def test_a_provider_error_is_told_at_the_message_and_the_text_is_kept(bench: Bench) -> None:
    bench.provider.script = steps(words(2), ProviderError("The key was refused. Check it in the settings."))
    ada = await bench.person()
    started = await bench.send(ada)
    message = await bench.ended(started)
    assert message.status == "error"
    assert message.error == {"code": "provider_error", "message": "The key was refused. Check it in the settings."}
    assert message.text == "tok0 tok1 "
    assert msgspec.json.decode((await bench.log(started))[-1])["type"] == "error"


async def test_a_defect_in_an_adapter_ends_the_answer_as_internal(bench: Bench) -> None:
    bench.provider.script = steps(words(1), ValueError("secret detail"))
    ada = await bench.person()
    message = await bench.ended(await bench.send(ada))
    assert (message.status, message.error and message.error["code"]) == ("error", "internal")
    assert "secret" not in str(message.error)


async def test_a_tool_call_is_a_part_of_json_text(bench: Bench) -> None:
    bench.provider.script = steps(
        [ToolDelta(0, "c1", "weather", "")],
        [ToolDelta(0, None, None, '{"city":')],
        [ToolDelta(0, None, None, ' "Köln"}'), Finish("tool_calls")],
    )
    ada = await bench.person()
    message = await bench.ended(await bench.send(ada, tools=[{"type": "function", "function": {"name": "weather"}}]))
    assert message.reason == "tool_calls"
    call = msgspec.json.decode(message.parts[0]["text"])
    assert call == {"id": "c1", "name": "weather", "arguments": '{"city": "Köln"}'}
    assert bench.provider.calls[0].tools == [{"type": "function", "function": {"name": "weather"}}]


async def test_the_text_is_stored_byte_for_byte(bench: Bench) -> None:
    text = ['a\r\n\t"\\', "\U0001f469\u200d", "\U0001f52c", "\u202eabc\u202c\ufeff", "\x7f\x01", "é" * 40_000]
    bench.provider.script = steps(*[[TextDelta(piece)] for piece in text], [Finish("stop")])
    ada = await bench.person()
    started = await bench.send(ada)
    message = await bench.ended(started)
    assert message.text == "".join(text)
    assert fold(await bench.log(started)).parts[0].text == "".join(text)


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"content": "x", "parent": "0192a000-0000-7000-8000-000000000000"}, "parent"),
        ({"content": "   "}, "content"),
        ({"content": [{"type": "text", "text": " "}]}, "content"),
        ({}, "content"),
    ],
)
async def test_a_send_that_makes_no_sense_names_its_field(bench: Bench, fields: dict[str, Any], field: str) -> None:
    ada = await bench.person()
    with pytest.raises(BadRequest) as caught:
        await services.message_send(principal=ada, command=MessageSend.model_validate(fields), key="k", fields=fields)
    assert caught.value.field == field


async def test_a_conversation_goes_on_under_its_newest_answer(bench: Bench) -> None:
    ada = await bench.person()
    first = await bench.send(ada, "one")
    await bench.ended(first)
    second = await bench.send(ada, "two", conversation=first.conversation)
    await bench.ended(second)
    page = await message_page(conversation=first.conversation)
    by_id = {message.id: message for message in page.items}
    assert second.user_message is not None
    assert by_id[second.user_message].parent == first.message
    assert bench.provider.calls[1].messages == [
        {"role": "user", "content": "one"},
        {"role": "assistant", "content": "tok0 tok1 tok2 "},
        {"role": "user", "content": "two"},
    ]


async def test_an_edit_is_a_sibling_and_nothing_is_lost(bench: Bench) -> None:
    ada = await bench.person()
    first = await bench.send(ada, "one")
    await bench.ended(first)
    edited = await bench.send(ada, "uno", conversation=first.conversation, parent=None)
    await bench.ended(edited)
    page = await message_page(conversation=first.conversation)
    roots = [message.text for message in page.items if message.parent is None]
    assert roots == ["one", "uno"]
    assert bench.provider.calls[1].messages == [{"role": "user", "content": "uno"}]


async def test_a_parent_of_another_conversation_is_refused(bench: Bench) -> None:
    ada = await bench.person()
    first, other = await bench.send(ada, "one"), await bench.send(ada, "two")
    with pytest.raises(BadRequest):
        await bench.send(ada, "x", conversation=first.conversation, parent=other.message)


async def test_what_is_anothers_is_not_found_like_what_never_was(bench: Bench) -> None:
    ada, bob = await bench.person(), await bench.person("bob@example.org")
    started = await bench.send(ada)
    await bench.ended(started)
    from backend.core.db import in_thread

    for conversation in (started.conversation, uuid4()):
        with pytest.raises(NotFound):
            await bench.send(bob, "x", conversation=conversation)
        with pytest.raises(NotFound):
            await in_thread(services.conversation_delete, principal=bob, conversation=conversation)
    for message in (started.message, uuid4()):
        with pytest.raises(NotFound):
            await bench.retry(bob, message)
    for generation in (started.generation, uuid4()):
        with pytest.raises(NotFound):
            await services.generation_cancel(principal=bob, generation=generation)
        with pytest.raises(NotFound):
            await bench.kinds["generation"].authorize(principal=bob, topic=f"generation.{generation}")
    with pytest.raises(NotFound):
        await bench.kinds["conversation"].authorize(principal=bob, topic=f"conversation.{started.conversation}")
    with pytest.raises(NotFound):
        await bench.kinds["user"].authorize(principal=bob, topic=f"user.{ada.user_id}")
    await bench.kinds["generation"].authorize(principal=ada, topic=started.topic)


async def test_an_empty_conversation_gets_title_and_model_from_its_first_message(bench: Bench) -> None:
    from backend.chat.schemas import ConversationCreate
    from backend.chat.selectors import conversation_get
    from backend.core.db import in_thread

    ada = await bench.person()
    made = await in_thread(services.conversation_create, principal=ada, data=ConversationCreate())
    started = await bench.send(ada, "How do I resume?", conversation=made.id)
    await bench.ended(started)
    found, _ = await conversation_get(conversation=made.id)
    assert (found.title, found.model) == ("How do I resume?", "scripted")
    events = await bench.events(made.id)
    changed = [e["data"] for e in events if e["type"] == "conversation.updated"]
    assert changed == [{"title": "How do I resume?", "model": "scripted"}]


async def test_a_conversation_that_is_deleted_at_the_same_moment_takes_no_message_and_no_key(bench: Bench) -> None:
    ada = await bench.person()
    opened = await bench.send(ada, "first")
    await bench.ended(opened)
    async with (await db.pool()).connection() as other, other.transaction():
        await other.execute("UPDATE chat_conversation SET deleted_at = now()")
        late = asyncio.create_task(bench.send(ada, "late", key="k1", conversation=opened.conversation))
        await asyncio.sleep(0.3)
        assert not late.done()
    with pytest.raises(NotFound):
        await late
    assert await bench.value("SELECT count(*) FROM core_idempotencykey WHERE key = 'k1'") == 0
    assert await bench.value("SELECT count(*) FROM chat_message") == 2


async def cut_off() -> None:
    """What a restart of PostgreSQL does to everyone else's connections."""
    async with (await db.pool()).connection() as connection:
        await connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND application_name = 'rivulet' AND pid <> pg_backend_pid()"
        )


async def test_a_database_that_restarts_is_told_as_temporary_and_the_same_key_sends_once(bench: Bench) -> None:
    ada = await bench.person()
    await asyncio.gather(*(bench.value("SELECT pg_sleep(0.05)") for _ in range(4)))
    await cut_off()
    refused: list[Unavailable] = []

    async def sent() -> Started | None:
        try:
            return await bench.send(ada, "once", key="k1")
        except Unavailable as error:
            refused.append(error)
            return None

    await bench.ended(await bench.until(sent))
    assert refused
    assert await bench.value("SELECT count(*) FROM chat_message WHERE role = 'user'") == 1
    assert len(bench.provider.calls) == 1


async def test_an_answer_outlives_a_restart_of_the_database(bench: Bench) -> None:
    more = asyncio.Event()
    bench.provider.script = steps(words(2), more, words(2, 2), [Finish("stop")])
    ada = await bench.person()
    started = await bench.send(ada)
    await bench.running(started, "tok1")
    await cut_off()
    more.set()
    run = bench.host.runs[started.generation]
    assert run.task is not None
    await asyncio.wait([run.task], timeout=10)
    found = await bench.until(lambda: stored(started))
    assert (found.status, found.text) == ("done", "tok0 tok1 tok2 tok3 ")


async def stored(started: Started) -> MessageOut | None:
    try:
        return (await message_get(message=started.message))[0]
    except Unavailable:
        return None


async def test_who_subscribes_right_after_the_reply_meets_the_source(bench: Bench) -> None:
    """The reply may be read, and a subscription made, before the answer's task has run at all."""
    ada = await bench.person()
    gate = asyncio.Event()
    bench.provider.script = steps(words(2), gate, words(1, 2), [Finish("stop")])

    def met(started: Started) -> None:
        held = bench.node.writer.held(started.topic)
        assert held is not None, "the source is open before anyone knows of it"
        assert held.source.epoch == started.position.epoch
        assert bench.host.source(started.generation) is held.source

    first = await bench.send(ada)
    met(first)
    gate.set()
    assert (await bench.ended(first)).status == "done"
    second = await bench.retry(ada, first.message)
    met(second)
    assert (await bench.ended(second)).status == "done"
