"""What a client that comes late is shown: one state at one position, and exactly the rest."""

import asyncio

import msgspec

from backend.chat import services, topics
from backend.chat.fold import fold
from backend.chat.host import GenerationHost
from backend.chat.schemas import ConversationUpdate
from backend.core import db, outbox
from realtime import Position, Slice
from tests.support.bench import Bench
from tests.support.scripted import steps, words


async def test_a_reload_in_mid_answer_shows_everything_and_goes_on(bench: Bench) -> None:
    more = asyncio.Event()
    bench.provider.script = steps(words(3), more, words(3, 3))
    ada = await bench.person()
    started = await bench.send(ada)
    await bench.running(started, "tok2")
    snapshot = await bench.kinds["generation"].snapshot(topic=started.topic)
    assert snapshot.data["status"] == "running"
    assert snapshot.data["parts"] == [{"kind": "text", "text": "tok0 tok1 tok2 "}]
    more.set()
    message = await bench.ended(started)
    log = await bench.log(started)
    rest = fold(log[: snapshot.position.offset])
    assert rest.plain_parts() == snapshot.data["parts"]
    for event in map(msgspec.json.decode, log[snapshot.position.offset :]):
        rest.apply(event["type"], event["data"])
    assert rest.plain_parts() == message.parts


async def test_every_source_of_a_snapshot_tells_the_same(bench: Bench) -> None:
    bench.provider.script = steps(words(3), asyncio.Event())
    ada = await bench.person()
    started = await bench.send(ada)
    await bench.running(started, "tok2")
    elsewhere = GenerationHost(node=bench.node, resolve=bench.registry.resolve)
    other = next(kind for kind in topics.kinds(elsewhere) if kind.name == "generation")
    own, folded = [await kind.snapshot(topic=started.topic) for kind in (bench.kinds["generation"], other)]
    assert own == folded
    await services.generation_cancel(principal=ada, generation=started.generation)
    await bench.ended(started)
    stored = await other.snapshot(topic=started.topic)
    log = await bench.log(started)
    assert stored.position == Position(started.position.epoch, len(log))
    assert stored.data == fold(log).snapshot()


async def test_a_conversation_that_is_open_shows_what_is_running(bench: Bench) -> None:
    bench.provider.script = steps(words(1), asyncio.Event())
    ada = await bench.person()
    started = await bench.send(ada)
    snapshot = await bench.kinds["conversation"].snapshot(topic=f"conversation.{started.conversation}")
    running = {
        "generation": str(started.generation),
        "message": str(started.message),
        "conversation": str(started.conversation),
        "topic": started.topic,
    }
    assert snapshot.data["running"] == [running]
    person = await bench.kinds["user"].snapshot(topic=f"user.{ada.user_id}")
    assert person.data == {"unread": 0, "running": [running]}


async def test_a_long_conversation_shows_its_last_fifty_messages_and_where_older_ones_are(bench: Bench) -> None:
    ada = await bench.person()
    started = await bench.send(ada, "0")
    await bench.ended(started)
    for number in range(1, 30):
        await bench.ended(await bench.send(ada, str(number), conversation=started.conversation))
    snapshot = await bench.kinds["conversation"].snapshot(topic=f"conversation.{started.conversation}")
    shown = snapshot.data["messages"]
    assert len(shown) == 50
    assert [m["seq"] for m in shown] == sorted(m["seq"] for m in shown)
    from backend.chat.selectors import message_page

    older = await message_page(conversation=started.conversation, cursor=snapshot.data["next"])
    assert len(older.items) == 10
    assert older.next is None
    assert older.items[0].text == "0"


async def test_the_owner_is_told_of_every_change_in_order(bench: Bench) -> None:
    ada = await bench.person()
    started = await bench.send(ada, "one")
    await bench.ended(started)
    for data in (ConversationUpdate(title="Renamed"), ConversationUpdate(pinned=True)):
        await db.in_thread(services.conversation_update, principal=ada, conversation=started.conversation, data=data)
    await db.in_thread(services.conversation_delete, principal=ada, conversation=started.conversation)
    await db.in_thread(
        services.conversation_update,
        principal=ada,
        conversation=started.conversation,
        data=ConversationUpdate(deleted=False),
    )
    await outbox.relay()
    topic = f"user.{ada.user_id}"
    kind = bench.kinds["user"]

    async def numbered() -> list[bytes] | None:
        state = await kind.state(topic=topic)
        found = await kind.read(topic=topic, epoch=state.epoch, after=0, max_events=99, max_bytes=10**6)
        return found.events if found.kept and len(found.events) == 6 else None

    events = [msgspec.json.decode(event) for event in await bench.until(numbered)]
    changes = [event["data"]["change"] for event in events]
    assert changes == ["created", "ended", "updated", "updated", "deleted", "restored"]
    assert events[3]["data"]["conversation"]["title"] == "Renamed"
    assert {event["data"]["id"] for event in events} == {str(started.conversation)}


async def test_many_nodes_number_a_persons_events_once_each(bench: Bench) -> None:
    ada = await bench.person()
    topic = f"user.{ada.user_id}"

    def tell(number: int) -> None:
        outbox.publish_later(topic=topic, type="notification", data={"n": number})

    for number in range(40):
        await db.in_thread(tell, number)
    await asyncio.gather(*(outbox.relay() for _ in range(4)))
    await outbox.relay()
    kind = bench.kinds["user"]
    state = await kind.state(topic=topic)
    found = await kind.read(topic=topic, epoch=state.epoch, after=0, max_events=99, max_bytes=10**6)
    assert state.end == 40
    assert sorted(msgspec.json.decode(event)["data"]["n"] for event in found.events) == list(range(40))


async def test_what_the_outbox_no_longer_has_is_not_kept(bench: Bench) -> None:
    ada = await bench.person()
    started = await bench.send(ada)
    await bench.ended(started)
    topic = f"conversation.{started.conversation}"
    kind = bench.kinds["conversation"]
    epoch = (await kind.state(topic=topic)).epoch
    async with (await db.pool()).connection() as connection:
        await connection.execute(
            "UPDATE core_outboxevent SET created = now() - interval '25 hours' WHERE \"offset\" <= 2"
        )
    await outbox.trim()

    async def read(epoch: str, after: int) -> Slice:
        return await kind.read(topic=topic, epoch=epoch, after=after, max_events=99, max_bytes=10**6)

    assert not (await read(epoch, 0)).kept
    assert not (await read("forged", 0)).kept
    rest = await read(epoch, 2)
    assert (rest.kept, len(rest.events)) == (True, 3)
    end = await read(epoch, 5)
    assert (end.kept, end.events, end.end) == (True, [], 5)
    small = await kind.read(topic=topic, epoch=epoch, after=2, max_events=99, max_bytes=1)
    assert len(small.events) == 1


async def test_a_deleted_conversation_ends_its_answers_and_is_not_found(bench: Bench) -> None:
    bench.provider.script = steps(words(1), asyncio.Event())
    ada = await bench.person()
    started = await bench.send(ada)
    before = await topics.topic_versions(
        users=[ada.user], topics=[f"conversation.{started.conversation}", started.topic]
    )
    assert set(before) == {f"user.{ada.user_id}", f"conversation.{started.conversation}", started.topic}
    await db.in_thread(services.conversation_delete, principal=ada, conversation=started.conversation)
    run = bench.host.runs[started.generation]
    assert run.task is not None
    await asyncio.wait([run.task], timeout=5)
    assert run.outcome is not None
    assert run.outcome.status == "cancelled"
    after = await topics.topic_versions(
        users=[ada.user], topics=[f"conversation.{started.conversation}", started.topic]
    )
    assert set(after) == {f"user.{ada.user_id}"}
    answers = await bench.kinds["conversation"].authorized(
        [(ada, f"conversation.{started.conversation}"), (ada, "conversation.x")]
    )
    assert answers == [False, False]
    assert await bench.kinds["generation"].authorized([(ada, started.topic), (ada, "generation.x")]) == [False, False]


async def test_an_event_of_a_message_too_long_for_a_frame_says_where_the_rest_is(bench: Bench) -> None:
    ada = await bench.person()
    started = await bench.send(ada, "x" * 100_000)
    await bench.ended(started)
    topic = f"conversation.{started.conversation}"
    kind = bench.kinds["conversation"]
    epoch = (await kind.state(topic=topic)).epoch
    events = (await kind.read(topic=topic, epoch=epoch, after=0, max_events=9, max_bytes=10**7)).events
    assert max(map(len, events)) < 60 * 1024
    first = msgspec.json.decode(events[0])["data"]["message"]
    assert (first["truncated"], first["text"]) == (True, "")
    snapshot = await kind.snapshot(topic=topic)
    assert len(snapshot.data["messages"][0]["text"]) == 100_000
