"""The frame reader takes any client's bytes, whole or in pieces, and says exactly what is wrong with them."""

import os
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from realtime.server import frames
from realtime.server.frames import FrameError, FrameReader


def client_frame(opcode: int, payload: bytes, *, final: bool = True, key: bytes = b"\x01\x02\x03\x04") -> bytes:
    plain = frames.encode(opcode, payload)
    head = bytearray(plain[: len(plain) - len(payload)])
    head[0] = opcode | (0x80 if final else 0)
    head[1] |= 0x80
    return bytes(head) + key + bytes(byte ^ key[index % 4] for index, byte in enumerate(payload))


def reader(*, max_size: int = 1000, max_fragments: int = 8) -> FrameReader:
    return FrameReader(max_size=max_size, max_fragments=max_fragments)


def read(data: bytes, each: FrameReader | None = None) -> list[tuple[int, bytes]]:
    each = each or reader()
    each.feed(data)
    return list(iter(each.next, None))


messages = st.lists(
    st.tuples(st.sampled_from([frames.TEXT, frames.BINARY, frames.PING]), st.binary(max_size=125)), max_size=8
)


@given(messages, st.integers(0, 2**32))
def test_frames_cut_anywhere_come_out_whole(sent: list[tuple[int, bytes]], seed: int) -> None:
    wire = b"".join(client_frame(opcode, payload, key=os.urandom(4)) for opcode, payload in sent)
    chance, each, got = random.Random(seed), reader(), []
    while wire:
        size = chance.randint(1, 40)
        got += read(wire[:size], each)
        wire = wire[size:]
    assert got == sent
    assert not each.partial


@pytest.mark.parametrize("length", [0, 125, 126, 65535, 65536, 200_000])
def test_every_form_of_the_length_is_written_and_read(length: int) -> None:
    payload = os.urandom(length)
    assert read(client_frame(frames.BINARY, payload), reader(max_size=200_000)) == [(frames.BINARY, payload)]


def test_a_text_frame_is_what_encode_makes() -> None:
    for length in (0, 1, 125, 126, 70_000):
        assert frames.text_frame(b"x" * length) == frames.encode(frames.TEXT, b"x" * length)


def test_fragments_make_one_message_and_control_frames_pass_between_them() -> None:
    wire = (
        client_frame(frames.TEXT, b"one ", final=False)
        + client_frame(frames.PING, b"!")
        + client_frame(frames.CONTINUATION, b"two ", final=False)
        + client_frame(frames.CONTINUATION, b"three")
    )
    assert read(wire) == [(frames.PING, b"!"), (frames.TEXT, b"one two three")]


@pytest.mark.parametrize(
    ("wire", "code"),
    [
        (frames.encode(frames.TEXT, b"unmasked"), 1002),
        (client_frame(3, b""), 1002),
        (client_frame(11, b""), 1002),
        (bytes([0xC1, 0x80]) + b"keyy", 1002),
        (client_frame(frames.CONTINUATION, b"nothing to continue"), 1002),
        (client_frame(frames.TEXT, b"", final=False) + client_frame(frames.TEXT, b""), 1002),
        (client_frame(frames.PING, b"", final=False), 1002),
        (client_frame(frames.PING, b"x" * 126), 1002),
        (client_frame(frames.TEXT, b"x" * 1001), 1009),
        (bytes([0x82, 0xFF]) + (2**63).to_bytes(8, "big") + b"keyy", 1009),
        (client_frame(frames.TEXT, b"x" * 600, final=False) + client_frame(frames.CONTINUATION, b"x" * 600), 1009),
    ],
)
def test_a_breach_of_the_protocol_has_its_code(wire: bytes, code: int) -> None:
    with pytest.raises(FrameError) as raised:
        read(wire)
    assert raised.value.code == code


def test_the_limit_itself_is_allowed() -> None:
    assert read(client_frame(frames.TEXT, b"x" * 1000)) == [(frames.TEXT, b"x" * 1000)]


def test_a_frame_too_large_is_refused_before_its_payload_arrives() -> None:
    with pytest.raises(FrameError, match="over 1000 bytes"):
        read(client_frame(frames.BINARY, b"x" * 2000)[:14])


def test_one_byte_fragments_without_end_are_refused() -> None:
    wire = client_frame(frames.TEXT, b"x", final=False) + client_frame(frames.CONTINUATION, b"", final=False) * 7
    with pytest.raises(FrameError, match="more than 8 fragments") as raised:
        read(wire)
    assert raised.value.code == 1009


def test_partial_says_that_something_has_begun() -> None:
    each = reader()
    whole = client_frame(frames.TEXT, b"hello")
    read(whole[:3], each)
    begun = each.partial
    read(whole[3:], each)
    ended = not each.partial
    read(client_frame(frames.TEXT, b"", final=False), each)
    assert (begun, ended, each.partial) == (True, True, True)


@pytest.mark.parametrize(
    ("payload", "code"),
    [(b"", 1005), (b"\x03\xe8", 1000), (b"\x0f\xa1bye", 4001), ((1012).to_bytes(2, "big"), 1012)],
)
def test_a_close_frame_says_its_code(payload: bytes, code: int) -> None:
    assert frames.parse_close(payload) == code


@pytest.mark.parametrize(
    ("payload", "code"),
    [
        (b"\x03", 1002),
        *((code.to_bytes(2, "big"), 1002) for code in (0, 999, 1004, 1005, 1006, 1015, 2999, 5000)),
        (b"\x03\xe8\xff", 1007),
    ],
)
def test_a_close_frame_that_may_not_be_sent_is_refused(payload: bytes, code: int) -> None:
    with pytest.raises(FrameError) as raised:
        frames.parse_close(payload)
    assert raised.value.code == code


def test_a_close_reason_is_cut_at_a_character() -> None:
    payload = frames.close_payload(4001, "é" * 100)
    assert len(payload) <= 125
    assert payload[2:].decode() == "é" * 61
