"""The splitter gives what the standard's own algorithm gives, however the bytes are cut."""

import re
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.providers.sse import MAX_PENDING, SseOverflow, SseSplitter

LINE = st.sampled_from(
    ["data: a", "data:b", 'data: {"x": 1}', "data", "data:", "data:  two spaces", ": comment", ":", "event: ping",
     "id: 7", "retry: 10", "nonsense", "", "", "", "data: ünï😀"]
)  # fmt: skip


def by_the_book(stream: bytes) -> list[bytes]:
    """The event stream algorithm of the HTML standard, for data alone."""
    text = stream.decode("utf-8").removeprefix("\ufeff")
    lines = re.split(r"\r\n|\n|\r", text)[:-1]
    found: list[bytes] = []
    data: list[str] = []
    for line in lines:
        if not line:
            if data:
                found.append("\n".join(data).encode())
            data = []
            continue
        name, _, value = line.partition(":")
        if name == "data":
            data.append(value.removeprefix(" "))
    return found


@given(
    lines=st.lists(st.tuples(LINE, st.sampled_from(["\n", "\r\n"])), max_size=30),
    cuts=st.lists(st.integers(0, 400), max_size=20),
    bom=st.booleans(),
)
def test_any_cut_of_any_stream_gives_the_events_of_the_standard(lines, cuts, bom) -> None:
    stream = (b"\xef\xbb\xbf" if bom else b"") + "".join(line + end for line, end in lines).encode()
    splitter = SseSplitter()
    edges = sorted({0, len(stream), *(cut for cut in cuts if cut < len(stream))})
    found = [payload for a, b in pairwise(edges) for payload in splitter.feed(stream[a:b])]
    assert found == by_the_book(stream)


@given(st.lists(st.binary(min_size=1, max_size=6), min_size=1, max_size=8))
def test_one_byte_at_a_time_is_the_same_as_all_at_once(pieces) -> None:
    clean = [re.sub(rb"[\r\n]", b".", piece) for piece in pieces]
    stream = b"".join(b"data: " + piece + b"\r\n\r\n" for piece in clean)
    whole, single = SseSplitter(), SseSplitter()
    one_by_one = [payload for byte in stream for payload in single.feed(bytes([byte]))]
    assert one_by_one == whole.feed(stream) == clean


def test_carriage_returns_alone_end_lines() -> None:
    splitter = SseSplitter()
    assert splitter.feed(b"data: a\rdata: b\r\rdata: c\r\r:") == [b"a\nb", b"c"]


def test_a_last_event_without_its_blank_line_is_found_at_the_end() -> None:
    splitter = SseSplitter()
    assert splitter.feed(b"data: [DONE]\n") == []
    assert splitter.flush() == [b"[DONE]"]


def test_half_a_last_line_is_not_taken_for_a_whole_one() -> None:
    splitter = SseSplitter()
    assert splitter.feed(b'data: {"a"') == []
    assert splitter.flush() == []


def test_an_event_without_an_end_is_refused_instead_of_kept() -> None:
    splitter = SseSplitter()
    for _ in range(MAX_PENDING // 65536):
        splitter.feed(b"x" * 65536)
    with pytest.raises(SseOverflow):
        splitter.feed(b"x")
