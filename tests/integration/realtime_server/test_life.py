"""Opening, closing and the life of the process: every socket ends with the code that was meant."""

import asyncio
import socket
import sys
import time

import pytest

from tests.integration.realtime_server.client import Raw, handshake, masked
from tests.integration.realtime_server.conftest import ROOT, Running, Start

TEXT, CLOSE, PING, PONG = 1, 8, 9, 10


@pytest.mark.parametrize("status", [401, 403, 404, 503])
async def test_the_application_chooses_the_status_of_a_refused_handshake(server: Running, status: int) -> None:
    client = await Raw.connect(server.port)
    client.send(handshake(f"/refuse?{status}"))
    got, _, body = await client.response()
    assert (got, body) == (status, b"refused")
    client.send(b"GET /hello HTTP/1.1\r\nHost: x\r\n\r\n")
    assert (await client.response())[0] == 200


async def test_closing_before_accepting_is_a_403(server: Running) -> None:
    client = await Raw.connect(server.port)
    client.send(handshake("/deny"))
    assert (await client.response())[0] == 403


async def test_the_subprotocol_is_the_one_the_application_chose(server: Running) -> None:
    client = await Raw.connect(server.port)
    client.send(handshake("/echo", extra="Sec-WebSocket-Protocol: rivulet.v1, ticket.x\r\n"))
    assert "Sec-WebSocket-Protocol: rivulet.v1\r\n" in await client.head()


async def test_frames_sent_right_behind_the_handshake_are_not_lost(server: Running) -> None:
    client = await Raw.connect(server.port)
    client.send(handshake("/echo") + masked(TEXT, b"early"))
    assert "101" in await client.head()
    assert (await client.frame()).payload == b"early"


async def test_a_client_that_leaves_in_mid_handshake_leaves_nothing_behind(server: Running) -> None:
    client = await Raw.connect(server.port)
    client.send(handshake("/silent"))
    await asyncio.sleep(0.2)
    await client.close()
    await server.says("silent websocket.disconnect")


async def test_a_ping_is_answered_with_its_payload(server: Running) -> None:
    client = await Raw.websocket(server.port, "/echo")
    client.send(masked(PING, b"are you there"))
    frame = await client.frame()
    assert (frame.opcode, frame.payload) == (PONG, b"are you there")


@pytest.mark.parametrize(("payload", "code"), [((4000).to_bytes(2, "big") + b"bye", 4000), (b"", 1005)])
async def test_a_client_that_closes_is_answered_and_the_application_told(
    server: Running, payload: bytes, code: int
) -> None:
    client = await Raw.websocket(server.port, "/echo")
    client.send(masked(CLOSE, payload))
    frame = await client.frame()
    assert (frame.opcode, frame.payload) == (CLOSE, payload[:2])
    assert await client.closed(within=1.5) == b""
    await server.says(f"disconnect {code}")


async def test_a_client_that_vanishes_is_1006(server: Running) -> None:
    client = await Raw.websocket(server.port, "/echo")
    await client.close()
    await server.says("disconnect 1006")


async def test_the_application_closes_with_code_and_reason(server: Running) -> None:
    client = await Raw.websocket(server.port, "/close")
    frame = await client.frame()
    assert (frame.code, frame.payload[2:]) == (4008, b"too slow")
    client.send(masked(CLOSE, frame.payload[:2]))
    assert await client.closed(within=1.5) == b""
    await server.says("closed 4008")


async def test_a_client_that_does_not_answer_the_close_is_cut(server: Running) -> None:
    client = await Raw.websocket(server.port, "/close")
    assert (await client.frame()).code == 4008
    assert await client.closed(within=6) == b""
    await server.says("closed 4008")


async def test_a_crash_of_the_application_is_1011_at_once(server: Running) -> None:
    client = await Raw.websocket(server.port, "/crash")
    assert (await client.frame(within=1.5)).code == 1011


async def test_abort_cuts_without_ceremony(server: Running) -> None:
    client = await Raw.websocket(server.port, "/abort")
    assert await client.closed(within=4) == b""
    await server.says("aborted 1006")


async def test_an_application_that_outlives_its_client_is_cancelled(own: Running) -> None:
    client = await Raw.websocket(own.port, "/stuck")
    await client.close()
    await own.says("stuck was cancelled")


async def test_the_application_starts_before_the_first_client_and_shares_its_state(server: Running) -> None:
    client = await Raw.connect(server.port)
    client.send(b"GET /hello HTTP/1.1\r\nHost: x\r\n\r\n")
    assert (await client.response())[2] == b"hello at startup"


async def test_sigterm_lets_the_application_say_goodbye_and_exits_0(own: Running) -> None:
    first, second = await Raw.websocket(own.port, "/echo"), await Raw.websocket(own.port, "/echo")
    idle = await Raw.connect(own.port)
    idle.send(b"GET /hello HTTP/1.1\r\nHost: x\r\n\r\n")
    await idle.response()
    own.terminate()
    for client in (first, second):
        frame = await client.frame()
        assert (frame.code, frame.payload[2:]) == (4001, b"goaway")
        client.send(masked(CLOSE, frame.payload[:2]))
        assert await client.closed(within=2) == b""
    assert await idle.closed(within=2) == b""
    assert await own.exit_code(within=8) == 0
    assert await own.says("lifespan.shutdown 2")


async def test_sockets_that_the_application_forgot_are_closed_with_4001(own: Running) -> None:
    client = await Raw.websocket(own.port, "/slow")
    own.terminate()
    assert (await client.frame()).code == 4001
    client.send(masked(CLOSE, (4001).to_bytes(2, "big")))
    assert await own.exit_code() == 0


async def test_a_request_under_way_is_answered_at_shutdown(own: Running) -> None:
    client = await Raw.connect(own.port)
    client.send(b"GET /sleep HTTP/1.1\r\nHost: x\r\n\r\n")
    await asyncio.sleep(0.2)
    own.terminate()
    await asyncio.sleep(0.1)
    with pytest.raises(OSError):
        await Raw.connect(own.port)
    _, head, body = await client.response()
    assert body == b"slept"
    assert "connection: close" in head.lower()
    assert await own.exit_code() == 0


async def test_a_response_that_has_begun_is_ended_at_shutdown_and_its_connection_closed(own: Running) -> None:
    client = await Raw.connect(own.port)
    client.send(b"GET /begun HTTP/1.1\r\nHost: x\r\n\r\n")
    head = await client.head()
    own.terminate()
    assert b" and ended\r\n0\r\n\r\n" in await client.closed(within=2), head
    assert await own.exit_code(within=8) == 0


@pytest.mark.alone
async def test_the_stop_takes_no_longer_than_its_time(start: Start) -> None:
    server = start(shutdown_timeout=1, close_timeout=30)
    await Raw.websocket(server.port, "/stuck")
    began = time.monotonic()
    server.terminate()
    assert await server.exit_code(within=5) == 0
    assert time.monotonic() - began < 4
    await server.says("stuck was cancelled")


async def test_asked_twice_it_stops_at_once(start: Start) -> None:
    server = start(shutdown_timeout=30, close_timeout=1)
    client = await Raw.connect(server.port)
    client.send(b"GET /wait HTTP/1.1\r\nHost: x\r\n\r\n")
    await asyncio.sleep(0.2)
    server.terminate()
    await asyncio.sleep(0.3)
    server.terminate()
    assert await server.exit_code(within=8) == 0


async def test_a_taken_port_is_said_in_a_sentence(start: Start) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "realtime.server",
            "tests.integration.realtime_server.app:application",
            f"--port={taken.getsockname()[1]}",
            cwd=ROOT,
            stderr=asyncio.subprocess.PIPE,
        )
        assert process.stderr
        output = (await process.stderr.read()).decode()
        assert await process.wait() == 1
    assert "Can't listen on 127.0.0.1:" in output
    assert "Traceback" not in output
