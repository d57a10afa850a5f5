"""An answer whose owner is gone does not hang: it is carried on, or ended with all the text that is known, once."""

import asyncio
from dataclasses import replace

import redis

from backend.chat.claim import claim
from backend.chat.fold import fold
from backend.chat.run import Run
from backend.chat.schemas import MessageOut, Started
from backend.chat.selectors import message_get
from backend.core import db
from realtime import Position
from tests.support.bench import Bench
from tests.support.scripted import steps, words


async def abandon(bench: Bench, started: Started) -> Run:
    """What a SIGKILL leaves: rows, a lease that runs out, a log, no owner."""
    run = bench.host.runs.pop(started.generation)
    assert run.task is not None
    run.task.cancel()
    await asyncio.gather(run.task, return_exceptions=True)
    async with (await db.pool()).connection() as connection:
        await connection.execute(
            "UPDATE chat_generation SET lease_owner = 'dead', lease_until = now() - interval '1 minute' WHERE id = %s",
            [started.generation],
        )
    return run


async def hopeless(bench: Bench) -> None:
    """Nobody brought it on for too long."""
    async with (await db.pool()).connection() as connection:
        await connection.execute("UPDATE chat_generation SET updated = now() - interval '6 minutes'")


async def swept(bench: Bench, started: Started) -> MessageOut:
    """The message, once a sweep has ended it."""

    async def over() -> MessageOut | None:
        message = (await message_get(message=started.message))[0]
        return message if message.status not in ("queued", "running") else None

    found: MessageOut = await bench.until(over)
    return found


async def begin(bench: Bench) -> Started:
    bench.provider.script = steps(words(3), asyncio.Event())
    ada = await bench.person()
    started = await bench.send(ada)
    await bench.running(started, "tok2")
    return started


async def checkpointed(bench: Bench) -> None:
    async def there() -> bool:
        return bool(await bench.value("SELECT checkpoint_offset > 0 FROM chat_generation"))

    await bench.until(there)


async def test_what_nobody_can_finish_is_ended_with_the_whole_log(bench: Bench) -> None:
    started = await begin(bench)
    await hopeless(bench)
    await abandon(bench, started)
    message = await swept(bench, started)
    assert (message.status, message.reason, message.text) == ("incomplete", "interrupted", "tok0 tok1 tok2 ")

    async def sealed() -> list[bytes] | None:
        events = await bench.log(started)
        return events if b"incomplete" in events[-1] else None

    events = await bench.until(sealed)
    assert fold(events).plain_parts() == message.parts
    state = await bench.kinds["generation"].state(topic=started.topic)
    assert state.epoch == started.position.epoch
    assert state.ended is not None
    assert (state.ended.offset, state.ended.event) == (len(events), events[-1])


async def test_a_cancel_that_was_asked_for_survives_its_owner(bench: Bench) -> None:
    started = await begin(bench)
    async with (await db.pool()).connection() as connection:
        await connection.execute("UPDATE chat_generation SET lease_owner = 'dead'")
    await abandon(bench, started)
    async with (await db.pool()).connection() as connection:
        await connection.execute("UPDATE chat_generation SET cancel_requested = true")
    message = await swept(bench, started)
    assert (message.status, message.text) == ("cancelled", "tok0 tok1 tok2 ")


async def test_a_zombie_can_neither_append_nor_end_what_was_taken_from_it(bench: Bench) -> None:
    started = await begin(bench)
    await hopeless(bench)
    run = await abandon(bench, started)
    await swept(bench, started)
    before = await bench.log(started)
    run.source.feed(words(1, 9))
    bench.node.writer.wake(run.source)
    await asyncio.sleep(0.3)
    assert await bench.log(started) == before
    from backend.chat import finish
    from backend.chat.order import done

    assert not await finish.store(run._ending(done("stop"), run.source.offset + 1))
    assert (await message_get(message=started.message))[0].status == "incomplete"


async def test_with_its_log_gone_it_ends_under_a_new_epoch_from_the_checkpoint(bench: Bench) -> None:
    started = await begin(bench)
    await checkpointed(bench)
    await hopeless(bench)
    await abandon(bench, started)
    with redis.Redis.from_url(bench.redis_url) as client:
        client.flushall()
    message = await swept(bench, started)
    assert (message.status, message.text) == ("incomplete", "tok0 tok1 tok2 ")
    state = await bench.kinds["generation"].state(topic=started.topic)
    assert state.epoch != started.position.epoch
    assert state.ended is not None
    assert state.ended.offset == 1
    snapshot = await bench.kinds["generation"].snapshot(topic=started.topic)
    assert snapshot.position == Position(state.epoch, 1)
    assert snapshot.data["parts"] == message.parts


async def test_a_log_shorter_than_the_checkpoint_is_not_believed(bench: Bench) -> None:
    started = await begin(bench)
    await checkpointed(bench)
    await hopeless(bench)
    await abandon(bench, started)
    async with (await db.pool()).connection() as connection:
        await connection.execute("UPDATE chat_generation SET checkpoint_offset = checkpoint_offset + 5")
    await swept(bench, started)
    state = await bench.kinds["generation"].state(topic=started.topic)
    assert state.epoch != started.position.epoch


async def test_what_another_owner_still_holds_is_left_alone(bench: Bench) -> None:
    started = await begin(bench)
    await abandon(bench, started)
    async with (await db.pool()).connection() as connection:
        await connection.execute("UPDATE chat_generation SET lease_until = now() + interval '1 minute'")
    assert await claim(node=bench.node, owner="other", mine=[], lease=15) == []
    assert (await message_get(message=started.message))[0].status == "running"


async def test_many_sweepers_end_it_once(bench: Bench) -> None:
    started = await begin(bench)
    await hopeless(bench)
    await abandon(bench, started)
    sweeper = bench.host._sweeper
    await asyncio.gather(*(replace(sweeper, owner=name).sweep(mine=[]) for name in ("a", "b", "c")))
    await swept(bench, started)
    events = await bench.events(started.conversation)
    assert len([e for e in events if e["type"] == "generation.ended"]) == 1


async def test_a_database_that_lost_the_end_takes_it_from_the_log(bench: Bench) -> None:
    ada = await bench.person()
    started = await bench.send(ada)
    await bench.ended(started)
    log = await bench.log(started)
    async with (await db.pool()).connection() as connection:
        await connection.execute(
            "UPDATE chat_generation SET status = 'running', terminal_offset = NULL, terminal_event = '', "
            "lease_owner = 'dead', lease_until = now() - interval '1 minute'"
        )
        await connection.execute("UPDATE chat_message SET status = 'running', text = '' WHERE role = 'assistant'")
    message = await swept(bench, started)
    assert (message.status, message.reason, message.text) == ("done", "stop", "tok0 tok1 tok2 ")
    assert await bench.log(started) == log
