"""HTTP/1.1 as clients expect it: keep-alive, pipelining, honest endings."""

import asyncio
import socket

import pytest

from tests.integration.realtime_server.client import Raw
from tests.integration.realtime_server.conftest import Running, Start

HELLO = b"GET /hello HTTP/1.1\r\nHost: x\r\n\r\n"


async def test_a_connection_is_kept_for_the_next_request(server: Running) -> None:
    client = await Raw.connect(server.port)
    for _ in range(3):
        client.send(HELLO)
        assert (await client.response())[2] == b"hello at startup"


async def test_pipelined_requests_are_answered_in_order(server: Running) -> None:
    client = await Raw.connect(server.port)
    body = b"POST /body HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello"
    client.send((HELLO + body + b"GET /sse?2x20 HTTP/1.1\r\nHost: x\r\n\r\n") * 20)
    for _ in range(20):
        assert (await client.response())[2] == b"hello at startup"
        assert (await client.response())[2] == b"5"
        assert (await client.response())[2].count(b"data: ") == 2


async def test_a_bad_request_behind_a_good_one_costs_the_good_one_nothing(server: Running) -> None:
    for bad in (b"GET / HTTP/1.1\r\n\r\n", b"nonsense\r\n\r\n"):
        client = await Raw.connect(server.port)
        client.send(HELLO + HELLO + bad)
        assert [(await client.response())[0] for _ in range(3)] == [200, 200, 400]


async def test_an_idle_connection_is_closed_after_its_time(server: Running) -> None:
    client = await Raw.connect(server.port)
    client.send(HELLO)
    await client.response()
    assert await client.closed(within=4) == b""


async def test_connection_close_and_http_1_0_close(server: Running) -> None:
    for request in (
        b"GET /hello HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
        b"GET /hello HTTP/1.0\r\n\r\n",
    ):
        client = await Raw.connect(server.port)
        client.send(request)
        assert (await client.response())[0] == 200
        assert await client.closed(within=2) == b""


async def test_a_head_response_has_no_body_in_however_many_pieces(server: Running) -> None:
    client = await Raw.connect(server.port)
    client.send(b"HEAD /pieces HTTP/1.1\r\nHost: x\r\n\r\n")
    assert "Content-Length: 8" in await client.head()
    client.send(HELLO)
    assert (await client.response())[2] == b"hello at startup"


async def test_no_header_of_the_server_gives_it_away(server: Running) -> None:
    client = await Raw.connect(server.port)
    client.send(HELLO)
    _, head, _ = await client.response()
    assert "server:" not in head.lower()


async def test_a_crash_before_the_response_is_a_500_at_once(server: Running) -> None:
    client = await Raw.connect(server.port)
    client.send(b"GET /crash HTTP/1.1\r\nHost: x\r\n\r\n")
    status, _, body = await asyncio.wait_for(client.response(), 2)
    assert status == 500
    assert b"as asked" not in body


async def test_a_crash_in_mid_response_does_not_look_like_its_end(server: Running) -> None:
    client = await Raw.connect(server.port)
    client.send(b"GET /half HTTP/1.1\r\nHost: x\r\n\r\n")
    assert b"0\r\n\r\n" not in await client.closed()


async def test_the_application_learns_that_its_client_left(server: Running) -> None:
    client = await Raw.connect(server.port)
    client.send(b"GET /wait HTTP/1.1\r\nHost: x\r\n\r\n")
    await asyncio.sleep(0.2)
    await client.close()
    await server.says("waited http.disconnect")


async def test_the_client_is_the_sockets_other_end_whatever_headers_say(server: Running) -> None:
    client = await Raw.connect(server.port)
    client.send(
        b"GET /scope?a=%20b HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: 6.6.6.6\r\nDaphne-Root-Path: /evil\r\n"
        b"X-Request-Id: mine\r\nUnder_Score: spoofed\r\n\r\n"
    )
    body = (await client.response())[2].decode()
    assert "'client': ('127.0.0.1', " in body
    assert "'root_path': ''" in body
    assert "(b'x-request-id', b'mine')" in body
    assert "'query_string': b'a=%20b'" in body
    assert "spoofed" not in body


async def test_it_serves_a_unix_socket(start: Start, tmp_path) -> None:
    path = str(tmp_path / "web.sock")
    start("--unix", path)
    reader, writer = await asyncio.open_unix_connection(path)
    client = Raw(reader, writer)
    client.send(HELLO)
    assert (await client.response())[2] == b"hello at startup"


async def test_all_bodies_together_are_bounded(start: Start) -> None:
    server = start(max_bodies=100_000)
    first, second = await Raw.connect(server.port), await Raw.connect(server.port)
    first.send(b"POST /body HTTP/1.1\r\nHost: x\r\nContent-Length: 90000\r\n\r\n" + b"x" * 80_000)
    await asyncio.sleep(0.2)
    second.send(b"POST /body HTTP/1.1\r\nHost: x\r\nContent-Length: 50000\r\n\r\n")
    assert (await second.response())[0] == 503
    first.send(b"x" * 10_000)
    assert (await first.response())[2] == b"90000"
    third = await Raw.connect(server.port)
    third.send(b"POST /body HTTP/1.1\r\nHost: x\r\nContent-Length: 50000\r\n\r\n" + b"x" * 50_000)
    assert (await third.response())[2] == b"50000"


@pytest.mark.parametrize("without_uvloop", [False, True])
async def test_it_serves_an_inherited_socket(start: Start, *, without_uvloop: bool) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.set_inheritable(True)
        server = start("--fd", str(listening.fileno()), pass_fds=(listening.fileno(),), without_uvloop=without_uvloop)
        client = await Raw.connect(listening.getsockname()[1])
        client.send(HELLO)
        assert (await client.response())[2] == b"hello at startup"
        assert server.port == listening.getsockname()[1]


async def test_it_serves_without_uvloop(start: Start) -> None:
    server = start(without_uvloop=True)
    client = await Raw.websocket(server.port, "/lean?2000x1000", receive_buffer=4096)
    for index in range(2000):
        assert int((await client.frame()).payload[:8]) == index
    server.terminate()
    assert (await client.frame()).code == 1000
