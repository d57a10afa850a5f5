"""Before the first token a temporary fault is tried again, after it it is told; what can't help is told at once."""

import asyncio
import time
from contextlib import aclosing

import pytest

from backend.outbound import Timeouts
from backend.providers.base import Finish, ProviderError, TextDelta
from backend.providers.retry import RetryPolicy
from tests.support.scripted_http import ABORT, CHUNKED_HEAD, HANG, SSE_HEAD, finish, http_chunk, scripted, status, text
from tests.unit.providers.conftest import KEY, QUICK, ask, collect, collect_failing, said

GOOD = [SSE_HEAD + text("ok") + finish()]


@pytest.mark.parametrize("code", [500, 502, 503, 504, 529, 408])
async def test_a_server_error_before_the_first_token_is_tried_again(make, code) -> None:
    async with scripted(status(code), status(code), GOOD) as server:
        assert said(await collect(make(server.url))) == "ok"
    assert len(server.requests) == 3


async def test_attempts_are_bounded_and_the_last_error_is_told(make) -> None:
    async with scripted(status(503, {"error": {"message": "overloaded"}})) as server:
        _, error = await collect_failing(make(server.url))
    assert len(server.requests) == QUICK.attempts
    assert (error.status, error.temporary, error.started) == (503, True, False)
    assert "overloaded" in error.message


async def test_retry_after_is_waited_for(make) -> None:
    async with scripted(status(429, {}, "Retry-After: 0.2"), GOOD) as server:
        begun = time.monotonic()
        assert said(await collect(make(server.url))) == "ok"
    assert time.monotonic() - begun >= 0.2


async def test_a_long_retry_after_is_passed_on_instead_of_waited_for(make) -> None:
    async with scripted(status(429, {}, "Retry-After: 120")) as server:
        _, error = await collect_failing(make(server.url))
    assert (error.code, error.retry_after, len(server.requests)) == ("rate_limited", 120.0, 1)


async def test_retry_after_as_a_date_is_understood(make) -> None:
    async with scripted(status(429, {}, "Retry-After: Wed, 21 Oct 2065 07:28:00 GMT")) as server:
        _, error = await collect_failing(make(server.url))
    assert error.retry_after is not None
    assert error.retry_after > 1e6


@pytest.mark.parametrize(
    ("code", "body", "expected"),
    [
        (401, {}, "model_unavailable"),
        (403, {}, "model_unavailable"),
        (404, {}, "model_unavailable"),
        (402, {}, "quota_exceeded"),
        (
            429,
            {"error": {"message": "You exceeded your current quota", "code": "insufficient_quota"}},
            "quota_exceeded",
        ),
        (413, {}, "too_large"),
        (400, {"error": {"message": "too long", "code": "context_length_exceeded"}}, "too_large"),
        (400, {"error": {"message": "what is that"}}, "provider_error"),
    ],
)
async def test_what_trying_again_can_not_help_is_told_at_once_by_its_code(make, code, body, expected) -> None:
    async with scripted(status(code, body)) as server:
        _, error = await collect_failing(make(server.url))
    assert (error.code, error.temporary, len(server.requests)) == (expected, False, 1)


async def test_the_key_is_never_in_an_error(make) -> None:
    async with scripted(status(401, {"error": {"message": f"Incorrect API key provided: {KEY}."}})) as server:
        _, error = await collect_failing(make(server.url))
    assert KEY not in error.message
    assert "Incorrect API key" in error.message


async def test_a_page_of_html_is_not_shown_as_the_providers_words(make) -> None:
    async with scripted(status(502, b"<html><h1>Bad gateway</h1></html>", kind="text/html")) as server:
        _, error = await collect_failing(make(server.url))
    assert "<" not in error.message


@pytest.mark.parametrize("cut", [b"", b"HTTP/1.1 200", CHUNKED_HEAD, CHUNKED_HEAD + b"5\r\nda"])
async def test_a_reset_before_the_first_token_is_tried_again(make, cut) -> None:
    async with scripted([cut, 0.02, ABORT], GOOD) as server:
        assert said(await collect(make(server.url))) == "ok"
    assert len(server.requests) == 2


async def test_a_reset_in_mid_answer_keeps_the_text_and_is_not_tried_again(make) -> None:
    async with scripted([CHUNKED_HEAD + http_chunk(text("kept")), 0.05, ABORT], GOOD) as server:
        found, error = await collect_failing(make(server.url))
    assert said(found) == "kept"
    assert (error.started, error.temporary, len(server.requests)) == (True, True, 1)


@pytest.mark.parametrize("between", [[], [0.05]])
async def test_what_came_before_a_break_of_http_is_kept_even_in_the_same_packet(make, between) -> None:
    first, last = http_chunk(text("kept")), b"zz\r\nnonsense"
    steps = [first, *between, last] if between else [first + last]
    async with scripted([CHUNKED_HEAD + http_chunk(b": hello\n\n"), 0.05, *steps]) as server:
        begun = time.monotonic()
        limits = Timeouts(first_byte=30, silence=30)
        found, error = await collect_failing(make(server.url, timeouts=limits))
    assert said(found) == "kept"
    assert error.started
    assert time.monotonic() - begun < 15, "the break was only noticed as silence"


async def test_a_server_that_never_answers_is_given_up_within_its_time(make) -> None:
    limits = Timeouts(first_byte=0.5, silence=5)
    async with scripted([HANG]) as server:
        begun = time.monotonic()
        _, error = await collect_failing(make(server.url, timeouts=limits))
    assert len(server.requests) == QUICK.attempts
    assert time.monotonic() - begun < 20
    assert not error.started


async def test_a_head_without_a_body_is_not_a_first_byte(make) -> None:
    limits = Timeouts(first_byte=0.5, silence=5)
    async with scripted([SSE_HEAD, HANG], GOOD) as server:
        assert said(await collect(make(server.url, timeouts=limits))) == "ok"


async def test_silence_in_mid_answer_ends_it_and_keeps_the_text(make) -> None:
    limits = Timeouts(first_byte=30, silence=0.15)
    async with scripted([SSE_HEAD + text("kept"), HANG]) as server:
        begun = time.monotonic()
        found, error = await collect_failing(make(server.url, timeouts=limits))
        await asyncio.wait_for(server.left.wait(), 20)
    assert said(found) == "kept"
    assert "silent" in error.message
    assert error.started
    assert time.monotonic() - begun < 15


async def test_keep_alives_hold_off_the_silence_limit(make) -> None:
    limits = Timeouts(first_byte=30, silence=1.0)
    waiting = [step for _ in range(5) for step in (0.3, b": ping\n\n")]
    async with scripted([SSE_HEAD + text("a"), *waiting, text("b") + finish()]) as server:
        assert said(await collect(make(server.url, timeouts=limits))) == "ab"


async def test_a_slow_reader_is_not_taken_for_a_silent_server(make) -> None:
    limits = Timeouts(first_byte=30, silence=0.5)
    async with scripted([SSE_HEAD + text("a"), 0.02, text("b") + finish()]) as server:
        found = []
        async for deltas in make(server.url, timeouts=limits).stream(ask()):
            found += deltas
            await asyncio.sleep(1.0)
    assert said(found) == "ab"


async def test_leaving_early_closes_the_connection_so_that_the_server_stops(make) -> None:
    async with scripted([SSE_HEAD + text("a"), HANG]) as server:
        async with aclosing(make(server.url).stream(ask())) as reads:
            assert await anext(reads) == [TextDelta("a")]
        await asyncio.wait_for(server.left.wait(), 20)


async def test_cancelling_the_reader_closes_the_connection(make) -> None:
    async with scripted([SSE_HEAD + text("a"), HANG]) as server:
        task = asyncio.create_task(collect(make(server.url)))
        await asyncio.sleep(0.1)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await asyncio.wait_for(server.left.wait(), 20)


async def test_a_connection_that_is_refused_is_told_with_the_host(make) -> None:
    _, error = await collect_failing(make("http://127.0.0.1:9"))
    assert "127.0.0.1" in error.message
    assert error.temporary


async def test_a_finished_connection_is_used_again(make) -> None:
    whole = CHUNKED_HEAD + http_chunk(text("ok") + finish()) + b"0\r\n\r\n"
    ports: list[int] = []

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        ports.append(writer.get_extra_info("peername")[1])
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                size = next(line for line in head.decode().split("\r\n") if line.lower().startswith("content-length"))
                await reader.readexactly(int(size.split(":")[1]))
                writer.write(whole)
        except asyncio.IncompleteReadError:
            writer.close()

    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    provider = make(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}")
    for _ in range(3):
        assert await collect(provider) == [TextDelta("ok"), Finish("stop")]
    server.close()
    assert len(ports) == 1


@pytest.mark.parametrize("failures", [1, 2, 3, 6])
def test_waits_grow_with_jitter_and_stay_under_their_cap(failures) -> None:
    policy = RetryPolicy(attempts=10, base=0.5, cap=4)
    waits = [policy.wait(failures, ProviderError("x"), chance=chance) for chance in (0.0, 0.999)]
    full = min(4.0, 0.5 * 2 ** (failures - 1))
    assert waits[0] == full / 2
    assert waits[1] == pytest.approx(full, rel=0.01)


def test_an_error_after_the_first_token_is_never_tried_again() -> None:
    assert RetryPolicy().wait(1, ProviderError("x", started=True), chance=0) is None
