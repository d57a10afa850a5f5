"""Whatever a client does to the wire, it gets a clear answer or a cut, and other clients notice nothing."""

import asyncio
import json
import os
import time
from collections.abc import AsyncIterator

import pytest

from tests.integration.realtime_server.client import Raw, handshake, masked
from tests.integration.realtime_server.conftest import Running

TEXT, BINARY, CLOSE, PING = 1, 2, 8, 9
CODES = {400: "bad_request", 413: "too_large", 417: "bad_request", 426: "bad_request", 431: "too_large"}


@pytest.fixture(autouse=True)
async def other_users(server: Running) -> AsyncIterator[None]:
    """A bystander's WebSocket works before and after each test."""
    bystander = await Raw.websocket(server.port, "/echo")
    yield
    bystander.send(masked(TEXT, b"still here"))
    assert (await bystander.frame()).payload == b"still here"
    await bystander.close()
    assert server.process.returncode is None
    assert not any("Traceback" in line or "Error" in line for line in server.lines), server.lines


@pytest.mark.parametrize(
    ("wire", "code"),
    [
        pytest.param(b"\x81\x02hi", 1002, id="unmasked"),
        pytest.param(masked(3), 1002, id="unknown opcode"),
        pytest.param(b"\xc1\x80keyy", 1002, id="reserved bit"),
        pytest.param(masked(0, b"x"), 1002, id="continuation of nothing"),
        pytest.param(masked(PING, b"x" * 126), 1002, id="long ping"),
        pytest.param(masked(CLOSE, b"\x03"), 1002, id="half a close code"),
        pytest.param(masked(CLOSE, (1005).to_bytes(2, "big")), 1002, id="forbidden close code"),
        pytest.param(masked(TEXT, b"\xff\xfe"), 1007, id="invalid UTF-8"),
        pytest.param(masked(TEXT, b"\xed\xa0\x80"), 1007, id="a surrogate"),
        pytest.param(masked(TEXT, b"\xc3", final=False) + masked(0, b"("), 1007, id="invalid across fragments"),
        pytest.param(masked(BINARY, b"data"), 1003, id="binary, refused by the application"),
        pytest.param(masked(TEXT, b"", length=2**20 + 1), 1009, id="a message of 1 MiB + 1"),
        pytest.param(masked(TEXT, b"", length=2**62), 1009, id="a length beyond reason"),
    ],
)
async def test_a_broken_frame_closes_with_its_code(server: Running, wire: bytes, code: int) -> None:
    client = await Raw.websocket(server.port, "/echo")
    client.send(wire)
    frame = await client.frame()
    assert (frame.opcode, frame.code) == (CLOSE, code)
    if code == 1003:
        client.send(masked(CLOSE, frame.payload[:2]))
    assert await client.closed(within=1.5) == b"", "our side is closed at once, not by the time limit"
    await client.close()
    await server.says(f"status={code}")


async def test_the_client_of_a_huge_message_reads_why(server: Running) -> None:
    client = await Raw.websocket(server.port, "/echo")
    client.send(masked(TEXT, b"", length=48 * 2**20))
    for _ in range(48):
        client.send(os.urandom(2**20))
    frame = await client.frame()
    assert (frame.opcode, frame.code) == (CLOSE, 1009)


async def test_a_message_of_one_mebibyte_is_allowed_in_any_fragments(server: Running) -> None:
    client = await Raw.websocket(server.port, "/echo")
    text = b"0123456789abcdef" * 2**16
    pieces = [text[start : start + 1500] for start in range(0, len(text), 1500)]
    client.send(masked(TEXT, pieces[0], final=False))
    for index, piece in enumerate(pieces[1:], 2):
        client.send(masked(0, piece, final=index == len(pieces)))
        if index % 100 == 0:
            client.send(masked(PING, b"between"))
    answer = await client.frame()
    while answer.opcode == 10:
        assert answer.payload == b"between"
        answer = await client.frame()
    assert answer.payload == text


async def test_one_byte_fragments_without_end_are_capped_by_number(server: Running) -> None:
    client = await Raw.websocket(server.port, "/echo")
    client.send(masked(TEXT, b"x", final=False) + masked(0, b"x", final=False) * 2000)
    frame = await client.frame()
    assert (frame.opcode, frame.code) == (CLOSE, 1009)


async def test_one_byte_fragments_without_end_are_capped_by_time(server: Running) -> None:
    client = await Raw.websocket(server.port, "/echo")
    client.send(masked(TEXT, b"x", final=False))
    began = time.monotonic()
    closing = asyncio.create_task(client.frame(within=5))
    while not closing.done():
        client.send(masked(0, b"x", final=False))
        await asyncio.sleep(0.05)
    assert (await closing).code == 1008
    assert time.monotonic() - began < 3


async def test_a_frame_that_drips_is_capped_by_time(server: Running) -> None:
    client = await Raw.websocket(server.port, "/echo")
    client.send(masked(TEXT, b"hello")[:4])
    assert (await client.frame(within=3)).code == 1008


async def test_whole_messages_one_after_the_other_have_no_time_limit(server: Running) -> None:
    client = await Raw.websocket(server.port, "/echo")
    for _ in range(8):
        client.send(masked(TEXT, b"he", final=False))
        await asyncio.sleep(0.1)
        client.send(masked(0, b"llo"))
        assert (await client.frame()).payload == b"hello"
        await asyncio.sleep(0.1)


async def test_a_busy_client_that_is_always_in_mid_message_has_no_time_limit(server: Running) -> None:
    client = await Raw.websocket(server.port, "/echo")
    whole = masked(TEXT, b"hello")
    client.send(whole[:3])
    for _ in range(25):
        await asyncio.sleep(0.1)
        client.send(whole[3:] + whole[:3])
        assert (await client.frame()).payload == b"hello"


@pytest.mark.parametrize(
    "head",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"GET / HTTP/1.1\r\nHost: x\r\nX-Slow: ", id="headers"),
        pytest.param(handshake("/echo")[:-2], id="handshake"),
    ],
)
async def test_slowloris_in_the_head_is_cut_by_time(server: Running, head: bytes) -> None:
    client = await Raw.connect(server.port)
    began = time.monotonic()
    client.send(head)
    reading = asyncio.create_task(client.closed())
    while not reading.done():
        client.send(b"a" if head and not head.endswith(b"\r\n") else b"")
        await asyncio.sleep(0.1)
    answer = await reading
    assert time.monotonic() - began < 6
    assert answer.startswith(b"HTTP/1.1 408") if head else answer == b""
    if head:
        problem = json.loads(answer.partition(b"\r\n\r\n")[2])
        assert problem["code"] == "unavailable"
        assert b"x-request-id: " + problem["request_id"].encode() in answer
        await server.says(problem["request_id"])


@pytest.mark.parametrize("framing", ["Content-Length: 1000", "Transfer-Encoding: chunked"])
async def test_slowloris_in_the_body_is_cut_by_time(server: Running, framing: str) -> None:
    client = await Raw.connect(server.port)
    client.send(f"POST /body HTTP/1.1\r\nHost: x\r\n{framing}\r\n\r\n".encode())
    began = time.monotonic()
    reading = asyncio.create_task(client.response())
    while not reading.done():
        client.send(b"1\r\na\r\n" if "chunked" in framing else b"a")
        await asyncio.sleep(0.1)
    assert (await reading)[0] == 408
    assert time.monotonic() - began < 6


@pytest.mark.parametrize(
    ("request_head", "status"),
    [
        pytest.param(b"GET / HTTP/1.1\r\nHost: x\r\nX: a\x00b\r\n\r\n", 400, id="NUL in a header"),
        pytest.param(b"GET / HTTP/1.1\r\nHost: x\r\nX: a\x1bb\r\n\r\n", 400, id="escape in a header"),
        pytest.param(b"GET / HTTP/1.1\r\nHost: x\r\nX: a\x7fb\r\n\r\n", 400, id="DEL in a header"),
        pytest.param(b"GET / HTTP/1.1\r\nHost: x\r\nX: a\rb\r\n\r\n", 400, id="CR in a header"),
        pytest.param(b"GET / HTTP/1.1\r\nHost: x\r\nX: a\nb\r\n\r\n", 400, id="LF in a header"),
        pytest.param(b"GET / HTTP/1.1\r\nHost: x\r\nX: a\r\n folded\r\n\r\n", 400, id="folded header"),
        pytest.param(b"GET / HTTP/1.1\r\nHost: x\r\nB\x01d: a\r\n\r\n", 400, id="control byte in a name"),
        pytest.param(b"GET / HTTP/1.1\r\nHost: x\r\nSpace : a\r\n\r\n", 400, id="space before the colon"),
        pytest.param(b"GET / HTTP/1.1\r\nHost: x\r\nnothing\r\n\r\n", 400, id="no colon"),
        pytest.param(b"GET / HTTP/1.1\r\n\r\n", 400, id="no Host"),
        pytest.param(b"GET / HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n", 400, id="two Hosts"),
        pytest.param(b"GET /\xff HTTP/1.1\r\nHost: x\r\n\r\n", 400, id="path not ASCII"),
        pytest.param(b"nonsense\r\n\r\n", 400, id="no request line"),
        pytest.param(b"\x16\x03\x01\x02\x00\x01\x00\r\n\r\n", 400, id="TLS to a plain port"),
        pytest.param(
            b"POST /body HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
            400,
            id="two framings",
        ),
        pytest.param(b"POST /body HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n", 400, id="negative length"),
        pytest.param(b"POST /body HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999\r\n\r\n", 413, id="huge body"),
        pytest.param(b"GET /" + b"a" * 40_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n", 431, id="long path"),
        pytest.param(b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"a" * 40_000 + b"\r\n\r\n", 431, id="long header"),
        pytest.param(b"GET / HTTP/1.1\r\nHost: x\r\n" + b"X: a\r\n" * 200 + b"\r\n", 431, id="many headers"),
        pytest.param(b"GET / HTTP/1.1\r\nHost: x\r\n" + b"X" * 100_000, 431, id="endless line"),
        pytest.param(b"GET / HTTP/1.1\r\nHost: x\r\nExpect: cake\r\n\r\n", 417, id="an expectation"),
        pytest.param(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400, id="HTTP/2 to a plain port"),
        pytest.param(b"GET / HTTP/9.9\r\nHost: x\r\n\r\n", 400, id="a version from the future"),
        pytest.param(
            b"POST /body HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n", 400, id="no chunk"
        ),
        pytest.param(b"POST /body HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip\r\n\r\n", 400, id="unknown framing"),
        pytest.param(handshake("/echo", version="12"), 426, id="old WebSocket version"),
        pytest.param(handshake("/echo", key="short"), 400, id="bad WebSocket key"),
        pytest.param(handshake("/echo", extra="Sec-WebSocket-Protocol: a b\r\n"), 400, id="bad subprotocol"),
        pytest.param(handshake("/echo").replace(b"GET", b"POST"), 400, id="handshake by POST"),
        pytest.param(handshake("/echo", extra="X: \x00\r\n"), 400, id="NUL in a handshake"),
    ],
)
async def test_a_bad_request_is_refused_with_its_status(server: Running, request_head: bytes, status: int) -> None:
    client = await Raw.connect(server.port)
    client.send(request_head)
    got, head, body = await client.response()
    assert got == status
    assert "application/problem+json" in head
    problem = json.loads(body)
    assert (problem["status"], problem["code"]) == (status, CODES[status])
    assert f"x-request-id: {problem['request_id']}\r\n" in head.lower()
    assert "Unknown" not in head
    assert f"status={status}" in await server.says(problem["request_id"]), "it is in the log"


async def test_a_body_beyond_the_limit_is_refused_before_it_is_sent(server: Running) -> None:
    client = await Raw.connect(server.port)
    client.send(b"POST /body HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 99999999\r\n\r\n")
    assert (await client.response())[0] == 413


async def test_a_chunked_body_beyond_the_limit_is_refused_and_the_client_reads_it(server: Running) -> None:
    client = await Raw.connect(server.port)
    client.send(b"POST /body HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n")
    chunk = b"100000\r\n" + b"x" * 2**20 + b"\r\n"
    for _ in range(20):
        client.send(chunk)
    assert (await client.response())[0] == 413


async def test_an_application_that_does_not_answer_a_handshake_gives_503(server: Running) -> None:
    client = await Raw.connect(server.port)
    client.send(handshake("/silent"))
    assert (await client.response())[0] == 503
    await server.says("silent websocket.disconnect")


async def test_a_flood_of_pings_that_nobody_reads_the_pongs_of_is_bounded(server: Running) -> None:
    client = await Raw.websocket(server.port, "/echo", receive_buffer=4096)
    server.memory()
    flood = masked(PING, b"x" * 125) * 1000
    for _ in range(200):
        client.send(flood)
        await asyncio.sleep(0)
    await asyncio.sleep(1)
    assert server.growth() < 4 * 2**20
