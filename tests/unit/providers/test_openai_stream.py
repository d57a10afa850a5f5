"""What an OpenAI-compatible server sends, well or badly, becomes deltas and one clear end."""

import contextlib
import json
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backend.providers.base import Delta, Finish, ProviderError, ReasoningDelta, TextDelta, ToolDelta, Usage
from backend.providers.openai_wire import ChunkReader
from tests.support.scripted_http import CHUNKED_HEAD, SSE_HEAD, event, finish, http_chunk, scripted, status, text
from tests.unit.providers.conftest import ask, collect, collect_failing, said, thought

ANSWER = (
    b": keep-alive\n\n"
    + event({"choices": [{"index": 0, "delta": {"role": "assistant", "content": ""}, "finish_reason": None}]})
    + event({"choices": [{"index": 0, "delta": {"reasoning_content": "Hm… "}}]})
    + text("Grüße, ").replace(b"\n", b"\r\n")
    + b": OPENROUTER PROCESSING\n\n"
    + text("👩‍🚀!")
    + event({"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]})
    + event({"choices": [], "usage": {"prompt_tokens": 9, "completion_tokens": 4, "total_tokens": 13,
             "prompt_tokens_details": {"cached_tokens": 3}, "completion_tokens_details": {"reasoning_tokens": 2}}})
    + b"data: [DONE]\n\n"
)  # fmt: skip
EXPECTED: list[Delta] = [
    ReasoningDelta("Hm… "), TextDelta("Grüße, "), TextDelta("👩‍🚀!"), Usage(9, 4, 3, 2), Finish("stop"),
]  # fmt: skip


@settings(max_examples=300)
@given(st.lists(st.integers(1, len(ANSWER) - 1), max_size=12, unique=True))
def test_an_answer_is_the_same_however_its_bytes_are_cut(cuts) -> None:
    reader = ChunkReader(name="Upstream", key="")
    edges = [0, *sorted(cuts), len(ANSWER)]
    found = [delta for a, b in pairwise(edges) for delta in reader.feed(ANSWER[a:b])]
    assert found + reader.end() == EXPECTED


async def test_an_answer_that_comes_byte_by_byte_over_a_socket_is_whole(make) -> None:
    async with scripted([SSE_HEAD, *(bytes([byte]) for byte in ANSWER)]) as server:
        assert await collect(make(server.url)) == EXPECTED


async def test_tokens_of_one_network_read_come_as_one_list(make) -> None:
    body = b"".join(text(word) for word in "abcd") + finish()
    async with scripted([SSE_HEAD + body]) as server:
        reads = [deltas async for deltas in make(server.url).stream(ask())]
    assert [len(deltas) for deltas in reads] == [4, 1]


async def test_tool_calls_arrive_piece_by_piece(make) -> None:
    calls = [
        [{"index": 0, "id": "call_1", "type": "function", "function": {"name": "weather", "arguments": ""}}],
        [{"index": 0, "function": {"arguments": '{"city":'}}],
        [{"index": 0, "function": {"arguments": '"Bern"}'}}, {"index": 1, "id": "call_2", "function": {"name": "now"}}],
    ]
    body = b"".join(event({"choices": [{"index": 0, "delta": {"tool_calls": call}}]}) for call in calls)
    async with scripted([SSE_HEAD + body + finish("tool_calls")]) as server:
        found = await collect(make(server.url))
    assert found == [
        ToolDelta(0, "call_1", "weather", ""), ToolDelta(0, None, None, '{"city":'),
        ToolDelta(0, None, None, '"Bern"}'), ToolDelta(1, "call_2", "now", ""), Finish("tool_calls"),
    ]  # fmt: skip


def test_tool_calls_without_an_index_are_told_apart_by_their_ids() -> None:
    reader = ChunkReader(name="Upstream", key="")
    body = b"".join(
        event({"choices": [{"delta": {"tool_calls": [{"id": ident, "function": {"name": "f", "arguments": "{}"}}]}}]})
        for ident in ("a", "b")
    )
    assert [delta.index for delta in reader.feed(body) if isinstance(delta, ToolDelta)] == [0, 1]


@pytest.mark.parametrize("field", ["reasoning_content", "reasoning"])
def test_reasoning_is_read_by_either_of_its_names(field) -> None:
    reader = ChunkReader(name="Upstream", key="")
    assert thought(reader.feed(event({"choices": [{"delta": {field: "why"}}]}))) == "why"


def test_a_code_point_that_the_server_cut_in_two_is_joined() -> None:
    reader = ChunkReader(name="Upstream", key="")
    halves = [b'data: {"choices":[{"delta":{"content":"' + half + b'"}}]}\n\n' for half in (b"a\\ud83d", b"\\ude00b")]
    assert said(reader.feed(halves[0]) + reader.feed(halves[1])) == "a😀b"


def test_text_never_holds_lone_surrogates_or_nul() -> None:
    reader = ChunkReader(name="Upstream", key="")
    pieces = (b"a\\ud83d", b"b\\u0000")
    body = b"".join(b'data: {"choices":[{"delta":{"content":"' + piece + b'"}}]}\n\n' for piece in pieces)
    found = said(reader.feed(body + finish()) + reader.end())
    assert found == "a\ufffdb\ufffd"
    found.encode()


def test_content_as_a_list_of_parts_is_read() -> None:
    reader = ChunkReader(name="Upstream", key="")
    content = [{"type": "thinking", "thinking": [{"type": "text", "text": "hm"}]}, {"type": "text", "text": "yes"}]
    found = reader.feed(event({"choices": [{"delta": {"content": content}}]}))
    assert (thought(found), said(found)) == ("hm", "yes")


async def test_an_error_inside_the_stream_keeps_what_came_before_it(make) -> None:
    told = event({"error": {"message": "The GPU is on fire", "type": "server_error"}})
    async with scripted([SSE_HEAD + text("Half an ") + text("answer") + told]) as server:
        found, error = await collect_failing(make(server.url))
    assert said(found) == "Half an answer"
    assert error.started
    assert "The GPU is on fire" in error.message
    assert len(server.requests) == 1


async def test_an_error_event_before_the_first_token_is_tried_again(make) -> None:
    told = event({"error": {"message": "busy", "type": "server_error"}})
    async with scripted([SSE_HEAD + told], [SSE_HEAD + text("ok") + finish()]) as server:
        assert said(await collect(make(server.url))) == "ok"


async def test_a_line_that_is_not_json_is_told_and_nothing_is_silently_left_out(make) -> None:
    async with scripted(
        [SSE_HEAD + text("kept") + b'data: {"choices": [{"delta": {"conte\n\n' + text("late")]
    ) as server:
        found, error = await collect_failing(make(server.url))
    assert said(found) == "kept"
    assert "not JSON" in error.message
    assert (error.temporary, error.started) == (True, True)


async def test_half_a_line_at_the_end_is_a_cut_not_an_end(make) -> None:
    async with scripted([SSE_HEAD + text("kept") + text("lost")[:-9]]) as server:
        found, error = await collect_failing(make(server.url))
    assert said(found) == "kept"
    assert error.started


async def test_a_stream_that_ends_without_a_finish_is_a_cut(make) -> None:
    async with scripted([SSE_HEAD + text("kept")]) as server:
        _, error = await collect_failing(make(server.url))
    assert "mid-answer" in error.message


async def test_an_answer_that_is_finished_survives_a_broken_connection(make) -> None:
    body = text("all") + event({"choices": [{"delta": {}, "finish_reason": "length"}]})
    async with scripted([CHUNKED_HEAD + http_chunk(body), 0.05, "abort"]) as server:
        assert await collect(make(server.url)) == [TextDelta("all"), Finish("length")]


async def test_an_end_without_a_reason_counts_as_stop(make) -> None:
    async with scripted([SSE_HEAD + text("all") + b"data: [DONE]\n"]) as server:
        assert await collect(make(server.url)) == [TextDelta("all"), Finish("stop")]


async def test_a_server_that_does_not_stream_is_read_all_the_same(make) -> None:
    message = {"role": "assistant", "content": "whole", "reasoning_content": "why"}
    body = {"choices": [{"index": 0, "message": message, "finish_reason": "stop"}], "usage": {"prompt_tokens": 1}}
    async with scripted(status(200, body)) as server:
        found = await collect(make(server.url))
    assert found == [ReasoningDelta("why"), TextDelta("whole"), Usage(1, 0), Finish("stop")]


@pytest.mark.parametrize(
    "body",
    [{"error": {"message": "no such thing"}}, {"error": "no such thing"}, {"detail": "no such thing"},
     {"object": "error", "message": "no such thing"}],
)  # fmt: skip
async def test_an_error_as_a_json_body_with_status_200_is_an_error(make, body) -> None:
    async with scripted(status(200, body)) as server:
        _, error = await collect_failing(make(server.url))
    assert "no such thing" in error.message
    assert not error.started


def test_usage_on_every_chunk_is_handed_out_once() -> None:
    reader = ChunkReader(name="Upstream", key="")
    body = b"".join(
        event({"choices": [{"delta": {"content": "x"}}], "usage": {"prompt_tokens": 5, "completion_tokens": n}})
        for n in (1, 2, 3)
    )
    found = reader.feed(body + finish()) + reader.end()
    assert [delta for delta in found if isinstance(delta, Usage)] == [Usage(5, 3)]


def test_deepseek_counts_cached_tokens_by_its_own_name() -> None:
    reader = ChunkReader(name="Upstream", key="")
    reader.feed(
        event({"choices": [], "usage": {"prompt_tokens": 5, "completion_tokens": 1, "prompt_cache_hit_tokens": 4}})
    )
    assert reader.usage == Usage(5, 1, 4)


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(max_size=4), lambda inner: (
    st.lists(inner, max_size=3) | st.dictionaries(
        st.sampled_from(["choices", "delta", "content", "usage", "error", "tool_calls", "finish_reason", "index",
                         "message", "function"]), inner, max_size=3)), max_leaves=8))  # fmt: skip
def test_any_json_at_all_is_read_or_refused_with_a_provider_error(value) -> None:
    reader = ChunkReader(name="Upstream", key="")
    with contextlib.suppress(ProviderError):
        for delta in reader.feed(b"data: " + json.dumps(value).encode() + b"\n\n"):
            assert not isinstance(delta, TextDelta) or isinstance(delta.text, str)
