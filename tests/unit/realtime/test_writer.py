"""The log writer: the first token at once, then batches that clock themselves; nothing lost while the log is away."""

import asyncio
import time
from dataclasses import replace
from typing import Any

import pytest

from realtime import LogAway, LogWriter, Refused
from realtime.log import Append, Batch
from realtime.log.memory import MemoryLog
from realtime.positions import Position
from tests.support.realtime import FAST, Writer, delta, event, until


class SlowLog(MemoryLog):
    """Answers when it is told to."""

    def __init__(self) -> None:
        super().__init__()
        self.waiting: list[Any] = []
        self.batches: list[list[Append]] = []

    def submit(self, appends, done):
        self.batches.append(list(appends))
        self.waiting.append((appends, done))

    def answer(self, *, lost: bool = False) -> None:
        appends, done = self.waiting.pop(0)
        outcome = self._batch(appends)
        done(LogAway("the reply was lost") if lost else outcome)


class Bench:
    """A writer on a log; `published` is what the hub would get."""

    def __init__(self, log: MemoryLog) -> None:
        self.log = log
        self.published: list[Any] = []
        self.writer = LogWriter(log, publish=lambda *call: self.published.append(call), settings=FAST)

    def source(self, topic: str = "generation.1", **more) -> Writer:
        return Writer(self, topic, **more)  # type: ignore[arg-type]

    async def events(self, topic: str = "generation.1", epoch: str = "e1") -> list[bytes]:
        self.log.away = False
        return (await self.log.read(topic=topic, epoch=epoch, after=0, max_events=9999, max_bytes=1 << 30)).events


@pytest.fixture
def slow():
    return Bench(SlowLog())


@pytest.fixture
def quick():
    return Bench(MemoryLog())


async def turn() -> None:
    """Let what is ready run."""
    for _ in range(5):
        await asyncio.sleep(0)


async def test_the_first_token_waits_for_nothing_and_the_next_share_a_batch(slow):
    one, two = slow.source(), slow.source("generation.2")
    one.say("a")
    await turn()
    assert [[item.events for item in batch] for batch in slow.log.batches] == [[[delta("a")]]]
    one.say("b")
    two.say("x")
    one.say("c")
    await turn()
    assert len(slow.log.batches) == 1
    slow.log.answer()
    await turn()
    assert [item.events for item in slow.log.batches[1]] == [[delta("b"), delta("c")], [delta("x")]]


async def test_the_log_comes_before_delivery_and_the_source_before_the_hub(slow):
    source = slow.source()
    order = []
    source.committed = lambda first, events: order.append(("source", first))
    slow.writer._publish = lambda topic, epoch, first, events: order.append(("hub", first))
    source.say("a", "b")
    await turn()
    assert order == []
    slow.log.answer()
    assert order == [("source", 1), ("hub", 1)]


async def test_a_source_that_fails_harms_no_other(quick, caplog):
    bad, good = quick.source(), quick.source("generation.2")

    def fails(*_):
        raise ZeroDivisionError

    bad.committed = fails
    bad.say("a")
    good.say("b")
    await good.drain()
    assert [call[0] for call in quick.published] == ["generation.1", "generation.2"]
    bad.take = fails
    bad.say("x")
    good.say("c")
    await good.drain()
    assert good.done == [(1, delta("b")), (2, delta("c"))]
    with pytest.raises(Refused, match="broken"):
        await bad.drain()


async def test_drain_returns_where_the_log_ends_with_all_that_was_there(slow):
    source = slow.source()
    source.say("a")
    await turn()
    source.waiting.append(delta("b"))  # not woken for
    waiting = asyncio.create_task(source.drain())
    await turn()
    slow.log.answer()
    await turn()
    assert not waiting.done()
    slow.log.answer()
    assert await waiting == Position("e1", 2)


async def test_an_idle_source_drains_at_once(quick):
    source = quick.source()
    source.say("a")
    await source.drain()
    assert await source.drain() == Position("e1", 1)


async def test_a_lost_reply_is_answered_by_the_same_append_again_and_delivered_once(slow):
    source = slow.source()
    source.say("a")
    await turn()
    slow.log.answer(lost=True)
    source.say("b")
    await until(lambda: len(slow.log.batches) == 2)
    assert slow.log.batches[1][0].events == [delta("a")]
    slow.log.answer()
    await turn()
    slow.log.answer()
    assert source.done == [(1, delta("a")), (2, delta("b"))]
    assert [call[2:] for call in slow.published] == [(1, [delta("a")]), (2, [delta("b")])]


async def test_while_the_log_is_away_sources_are_told_and_nothing_more_is_taken(quick):
    source = quick.source()
    source.say("a")
    await source.drain()
    quick.log.away = True
    source.say("b")
    await until(lambda: source.away == [True])
    assert quick.writer.away
    for number in range(100):
        source.say(str(number))
    await asyncio.sleep(0.05)
    assert len(source.waiting) == 100  # it stays with the source, which merges and bounds it
    late = quick.source("generation.2")
    assert late.away == [True]
    quick.log.away = False
    await source.drain()
    assert source.away == [True, False]
    assert not quick.writer.away
    assert await quick.events() == [delta("a"), delta("b"), *[delta(str(number)) for number in range(100)]]


async def test_no_answer_for_a_while_means_away_before_the_connection_is_given_up(slow):
    slow.writer._settings = replace(FAST, degraded_after=0.02)
    source = slow.source()
    source.say("a")
    await asyncio.sleep(0.05)
    slow.writer.tick()
    assert source.away == [True]
    slow.log.answer()
    assert source.away == [True, False]


async def test_a_lost_tail_is_written_again_at_the_same_offsets(quick):
    source = quick.source()
    source.say("a", "b", "c")
    await source.drain()
    quick.log.cut("generation.1", "e1", 1)
    source.say("d")
    await source.drain()
    assert await quick.events() == [delta(text) for text in "abcd"]
    assert [call[2] for call in quick.published] == [1, 4]
    assert source.confirmations == 0


async def test_a_wiped_log_is_written_again_after_the_database_confirmed_the_owner(quick):
    source = quick.source()
    source.say("a", "b")
    await source.drain()
    quick.log.wipe()
    source.owned_at = time.monotonic() - 60
    source.say("c")
    await source.drain()
    assert source.confirmations == 1
    assert await quick.events() == [delta(text) for text in "abc"]
    assert [call[2:] for call in quick.published] == [(1, [delta("a"), delta("b")]), (3, [delta("c")])]


async def test_a_wiped_log_of_a_source_that_says_nothing_is_written_again_on_verify(quick):
    source = quick.source()
    source.say("a")
    await source.drain()
    quick.log.wipe()
    quick.writer.verify()
    await until(lambda: quick.log._logs)
    assert await quick.events() == [delta("a")]
    assert len(quick.published) == 1


async def test_verify_changes_nothing_where_nothing_is_lost(quick):
    source, ended = quick.source(), quick.source("generation.2")
    source.say("a")
    ended.end()
    await source.drain()
    await ended.drain()
    quick.writer.verify()
    source.say("b")
    await source.drain()
    assert source.refusals == ended.refusals == []
    assert await quick.events() == [delta("a"), delta("b")]


async def test_whoever_owns_the_answer_no_more_is_refused_when_the_log_is_gone(quick):
    source = quick.source()
    source.say("a")
    await source.drain()
    quick.log.wipe()
    source.owner = False
    source.owned_at = time.monotonic() - 60
    source.say("b")
    with pytest.raises(Refused, match="fenced"):
        await source.drain()
    assert source.refusals == [("fenced", 0)]
    assert await quick.events() == []


async def test_a_log_that_stays_missing_is_not_asked_for_without_end(quick):
    source = quick.source()
    source.owned_at = time.monotonic() - 60

    async def confirm():
        source.confirmations += 1
        return True  # but too long ago

    source.confirm = confirm
    source.say("a")
    await asyncio.sleep(0.12)
    assert 1 <= source.confirmations <= 4
    quick.writer.close(source)


async def test_a_database_that_is_away_too_is_asked_again(quick):
    source = quick.source()
    source.say("a")
    await source.drain()
    quick.log.wipe()
    source.owned_at = time.monotonic() - 60
    answers = [OSError("away"), OSError("away"), True]

    async def confirm():
        answer = answers.pop(0)
        source.owned_at = time.monotonic()
        if isinstance(answer, OSError):
            raise answer
        return answer

    source.confirm = confirm
    source.say("b")
    await source.drain()
    assert answers == []
    assert await quick.events() == [delta("a"), delta("b")]


async def test_a_zombie_is_refused_and_lands_nothing_however_often_it_tries(quick):
    source, other = quick.source(), quick.source("generation.2")
    source.say("a")
    await source.drain()
    await quick.log.claim(topic="generation.1", epoch="e1", fence=2)
    source.say("b")
    other.say("x")
    with pytest.raises(Refused, match="fenced"):
        await source.drain()
    source.say("c")
    await other.drain()
    with pytest.raises(Refused):
        await source.drain()
    assert source.refusals == [("fenced", 1)]
    assert await quick.events() == [delta("a")]
    assert other.done == [(1, delta("x"))]
    quick.writer.close(source)
    assert len(quick.writer) == 1


async def test_a_takeover_goes_on_behind_the_whole_log(quick):
    first = quick.source()
    first.say("a")
    await first.drain()
    assert await quick.log.claim(topic="generation.1", epoch="e1", fence=2) == 1
    second = quick.source(fence=2)
    quick.writer.open(second, await quick.events())
    second.say("b")
    await second.drain()
    assert second.done == [(2, delta("b"))]
    held = quick.writer.held("generation.1")
    assert held is not None
    assert held.events == [delta("a"), delta("b")]


async def test_the_terminal_event_seals_the_log(quick):
    source = quick.source()
    source.say("a")
    source.end()
    assert await source.drain() == Position("e1", 2)
    source.put(event("late"))
    assert await source.drain() == Position("e1", 2)
    assert await quick.events() == [delta("a"), event("done")]
    zombie = quick.source(fence=9)
    zombie.say("late")
    with pytest.raises(Refused, match="sealed"):
        await zombie.drain()


async def test_a_full_store_degrades_and_goes_on_when_there_is_room(quick):
    source = quick.source()
    batch = quick.log._batch
    from realtime.log import Appended, Verdict

    quick.log._batch = lambda appends: Batch([Appended(Verdict.FULL, 0) for _ in appends], None)
    source.say("a")
    await until(lambda: source.away == [True])
    quick.log._batch = batch
    await source.drain()
    assert source.away == [True, False]
    assert await quick.events() == [delta("a")]


async def test_a_batch_has_a_size_and_the_rest_comes_in_the_next(slow):
    slow.writer._settings = replace(FAST, batch_bytes=1000)
    sources = [slow.source(f"generation.{number}") for number in range(5)]
    for source in sources:
        source.say("x" * 600)
    await turn()
    for _ in range(3):
        slow.log.answer()
        await turn()
    assert [len(batch) for batch in slow.log.batches] == [2, 2, 1]


async def test_closing_frees_what_was_held_and_ends_whoever_waits(slow):
    source = slow.source()
    source.say("a")
    waiting = asyncio.create_task(source.drain())
    await turn()
    slow.writer.close(source)
    with pytest.raises(Refused, match="closed"):
        await waiting
    slow.log.answer()
    assert slow.published == [("generation.1", "e1", 1, [delta("a")])]
    assert len(slow.writer) == 0
    assert slow.writer.held("generation.1") is None
