"""What every event log keeps: the same tests for the twin in memory and for the one in Redis."""

import asyncio
import time

import pytest

from realtime.log import Append, Appended, Batch, EventLog, Fenced, LogAway, Verdict

T, E = "generation.0199", "e1"
OK, FENCED, SEALED = Verdict.OK, Verdict.FENCED, Verdict.SEALED
MISSING, SHORT, CONFLICT = Verdict.MISSING, Verdict.SHORT, Verdict.CONFLICT


def item(
    *events: bytes,
    at: int = 0,
    fence: int = 1,
    last: bool = False,
    owned: float | None = None,
    topic: str = T,
    epoch: str = E,
) -> Append:
    """An append; `owned` in seconds ago."""
    return Append(topic, epoch, fence, at, list(events), time.monotonic() - (owned or 0.0), last)


async def one(log: EventLog, append: Append) -> Appended:
    """The outcome of a batch of one."""
    return (await log.append([append])).outcomes[0]


async def everything(log: EventLog, topic: str = T, epoch: str = E) -> list[bytes]:
    """All events of a log."""
    return (await log.read(topic=topic, epoch=epoch, after=0, max_events=10_000, max_bytes=1 << 30)).events


class LogContract:
    """Subclasses bring a fixture `log`, and `lose(log, end)`, which cuts the log or (None) wipes the store."""

    async def lose(self, log: EventLog, end: int | None) -> None:
        raise NotImplementedError

    async def test_appends_are_numbered_from_one_and_read_back_in_order(self, log):
        assert await one(log, item(b"a", b"b")) == Appended(OK, 2)
        assert await one(log, item(b"c", at=2)) == Appended(OK, 3)
        found = await log.read(topic=T, epoch=E, after=1, max_events=10, max_bytes=1000)
        assert (found.after, found.events, found.end, found.kept, found.complete) == (1, [b"b", b"c"], 3, True, True)

    async def test_a_read_stops_at_its_limits_but_brings_at_least_one(self, log):
        await one(log, item(*[b"%04d" % n for n in range(100)]))
        some = await log.read(topic=T, epoch=E, after=10, max_events=7, max_bytes=1000)
        assert some.events == [b"%04d" % n for n in range(10, 17)]
        assert not some.complete
        assert len((await log.read(topic=T, epoch=E, after=0, max_events=100, max_bytes=200)).events) == 50
        assert (await log.read(topic=T, epoch=E, after=99, max_events=5, max_bytes=1)).events == [b"0099"]

    async def test_a_read_beyond_the_end_says_that_nothing_is_kept(self, log):
        await one(log, item(b"a"))
        assert not (await log.read(topic=T, epoch=E, after=2, max_events=1, max_bytes=1)).kept
        nowhere = await log.read(topic="generation.none", epoch=E, after=0, max_events=1, max_bytes=1)
        assert (nowhere.events, nowhere.end) == ([], 0)

    async def test_a_later_attempt_fences_the_earlier_one_out(self, log):
        await one(log, item(b"a"))
        assert await log.claim(topic=T, epoch=E, fence=2) == 1
        assert await one(log, item(b"zombie", at=1)) == Appended(FENCED, 1)
        assert await one(log, item(b"b", at=1, fence=2)) == Appended(OK, 2)
        with pytest.raises(Fenced):
            await log.claim(topic=T, epoch=E, fence=1)
        assert await everything(log) == [b"a", b"b"]

    async def test_a_claim_of_nothing_says_so_and_makes_nothing(self, log):
        assert await log.claim(topic=T, epoch=E, fence=2) is None
        assert await one(log, item(b"a")) == Appended(OK, 1)

    async def test_an_append_whose_reply_was_lost_is_success_and_not_repeated(self, log):
        await one(log, item(b"a"))
        for _ in range(3):
            assert await one(log, item(b"b", b"c", at=1)) == Appended(OK, 3)
        assert await everything(log) == [b"a", b"b", b"c"]

    async def test_other_events_at_the_same_offsets_are_a_conflict(self, log):
        await one(log, item(b"a", b"b"))
        assert await one(log, item(b"x", at=1)) == Appended(CONFLICT, 2)
        assert await one(log, item(b"a", b"b", b"c", at=0)) == Appended(CONFLICT, 2)
        assert await everything(log) == [b"a", b"b"]

    async def test_an_append_behind_the_end_is_short_and_leaves_no_hole(self, log):
        await one(log, item(b"a"))
        assert await one(log, item(b"c", at=2)) == Appended(SHORT, 1)

    async def test_a_lost_tail_is_written_again_at_the_same_offsets(self, log):
        await one(log, item(b"a", b"b", b"c"))
        await self.lose(log, 1)
        assert await one(log, item(b"d", at=3)) == Appended(SHORT, 1)
        assert await one(log, item(b"b", b"c", b"d", at=1)) == Appended(OK, 4)
        assert await everything(log) == [b"a", b"b", b"c", b"d"]

    async def test_a_lost_log_is_written_again_only_whole_and_by_a_fresh_owner(self, log):
        await one(log, item(b"a", b"b"))
        await self.lose(log, None)
        assert await one(log, item(b"c", at=2)) == Appended(MISSING, 0)
        assert await one(log, item(b"a", b"b", b"c", owned=3.0)) == Appended(MISSING, 0)
        assert await everything(log) == []
        assert await one(log, item(b"a", b"b", b"c")) == Appended(OK, 3)

    async def test_a_new_log_needs_a_fresh_owner_too(self, log):
        assert await one(log, item(b"a", owned=3.0)) == Appended(MISSING, 0)
        assert await one(log, item(b"a", owned=0.5)) == Appended(OK, 1)

    async def test_an_owner_with_a_higher_fence_than_the_stored_one_must_bring_the_whole_log(self, log):
        await one(log, item(b"a", b"zombie"))
        assert await one(log, item(b"c", at=2, fence=2)) == Appended(MISSING, 2)
        assert await one(log, item(b"a", b"b", fence=2)) == Appended(OK, 2)
        assert await everything(log) == [b"a", b"b"]
        assert await one(log, item(b"z", at=2)) == Appended(FENCED, 2)

    async def test_nothing_follows_the_terminal_event(self, log):
        await one(log, item(b"a"))
        assert await one(log, item(b"done", at=1, last=True)) == Appended(OK, 2)
        assert await one(log, item(b"done", at=1, last=True)) == Appended(OK, 2)
        assert await one(log, item(b"late", at=2)) == Appended(SEALED, 2)
        assert await one(log, item(b"late", at=2, fence=9)) == Appended(SEALED, 2)
        with pytest.raises(Fenced):
            await log.claim(topic=T, epoch=E, fence=9)
        assert await everything(log) == [b"a", b"done"]

    async def test_anyone_may_append_exactly_the_terminal_event_where_it_is_missing(self, log):
        await one(log, item(b"a"))
        assert await log.seal(topic=T, epoch=E, offset=3, event=b"done") is SHORT
        assert await log.seal(topic=T, epoch=E, offset=1, event=b"done") is CONFLICT
        assert await log.seal(topic=T, epoch=E, offset=2, event=b"done") is OK
        assert await log.seal(topic=T, epoch=E, offset=2, event=b"done") is OK
        assert await log.seal(topic=T, epoch=E, offset=2, event=b"other") is SEALED
        assert await log.seal(topic="generation.none", epoch=E, offset=2, event=b"done") is MISSING
        assert await one(log, item(b"b", at=1)) == Appended(SEALED, 2)
        assert await everything(log) == [b"a", b"done"]

    async def test_a_refused_log_refuses_no_other_in_the_batch(self, log):
        await one(log, item(b"a"))
        await log.claim(topic=T, epoch=E, fence=5)
        batch = await log.append(
            [
                item(b"x", topic="generation.x"),
                item(b"zombie", at=1),
                item(b"y", b"yy", topic="generation.y"),
            ]
        )
        assert batch.outcomes == [Appended(OK, 1), Appended(FENCED, 1), Appended(OK, 2)]
        assert await everything(log, "generation.y") == [b"y", b"yy"]

    async def test_every_batch_that_appends_raises_the_counter_by_one_and_no_other_does(self, log):
        before = await log.counter()
        assert (await log.append([item(b"a"), item(b"b", topic="generation.b")])).count == before + 1
        assert (await log.append([item(b"x", at=7)])).count is None
        assert (await log.append([item(at=1)])).count is None
        assert await log.counter() == before + 1

    async def test_a_check_without_events_changes_nothing(self, log):
        await one(log, item(b"a"))
        assert await one(log, item(at=1)) == Appended(OK, 1)
        assert await one(log, item(at=2)) == Appended(SHORT, 1)
        assert await everything(log) == [b"a"]

    async def test_epochs_of_a_topic_are_logs_of_their_own_under_one_fence(self, log):
        await one(log, item(b"a"))
        await one(log, item(b"b", epoch="e2", fence=2))
        assert await everything(log, epoch="e2") == [b"b"]
        assert (await one(log, item(b"zombie", at=1))).verdict is FENCED

    async def test_ends_of_many_logs_come_at_once_without_those_that_are_not_there(self, log):
        await log.append([item(b"a", b"b"), item(b"c", topic="generation.c")])
        found = await log.ends([(T, E), ("generation.c", E), ("generation.none", E)])
        assert dict(found) == {(T, E): 2, ("generation.c", E): 1}

    async def test_an_expired_log_is_gone(self, log):
        await one(log, item(b"a", last=True))
        await log.expire(topic=T, epoch=E, seconds=0.01)
        await asyncio.sleep(0.05)
        assert await everything(log) == []

    async def test_an_owner_is_alive_for_as_long_as_it_said(self, log):
        assert await log.alive([]) == set()
        await log.beat(owner="one", seconds=30)
        await log.beat(owner="two", seconds=0.05)
        assert await log.alive(["one", "two", "three"]) == {"one", "two"}
        await asyncio.sleep(0.1)
        assert await log.alive(["one", "two", "three"]) == {"one"}

    async def test_a_submitted_batch_answers_once_on_the_loop(self, log):
        outcomes: asyncio.Queue[Batch | LogAway] = asyncio.Queue()
        log.submit([item(b"a")], outcomes.put_nowait)
        batch = await asyncio.wait_for(outcomes.get(), 2)
        assert isinstance(batch, Batch)
        assert batch.outcomes == [Appended(OK, 1)]
        await asyncio.sleep(0.02)
        assert outcomes.empty()

    async def test_events_keep_every_byte(self, log):
        event = '{"type":"part.delta","data":{"text":"\\u0000 ẞ 👩‍👩‍👧 \u202e"}}'.encode()
        await one(log, item(event))
        assert await everything(log) == [event]

    async def test_a_log_of_many_events_is_written_in_one_batch(self, log):
        events = [b"%d" % n for n in range(5000)]
        assert await one(log, item(*events)) == Appended(OK, 5000)
        assert await everything(log) == events
