"""The client takes no redirect, keeps no cookie, reads no proxy from its surroundings and bounds what it reads."""

import asyncio

import pytest

from backend.outbound import (
    BodyTooLarge,
    ConnectFailed,
    ConnectionLost,
    OutboundClient,
    RedirectRefused,
    TimedOut,
    Timeouts,
)
from tests.support.scripted_http import ABORT, CHUNKED_HEAD, HANG, http_chunk, scripted, status


@pytest.fixture
async def client():
    made = OutboundClient()
    yield made
    await made.close()


@pytest.mark.parametrize("code", [301, 302, 303, 307, 308])
async def test_a_redirect_is_refused_and_not_followed(client, code) -> None:
    async with scripted(status(code, b"", "Location: http://169.254.169.254/")) as server:
        with pytest.raises(RedirectRefused):
            await client.request("POST", server.url, json={}, trusted=True)
    assert len(server.requests) == 1


async def test_cookies_are_not_kept(client) -> None:
    async with scripted(status(200, {}, "Set-Cookie: a=b; Path=/")) as server:
        await client.request("GET", server.url, trusted=True)
        await client.request("GET", server.url, trusted=True)
    assert "cookie" not in server.requests[1].headers


async def test_a_proxy_in_the_environment_is_ignored(client, monkeypatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    async with scripted(status(200, {"ok": 1})) as server:
        assert (await client.request("GET", server.url, trusted=True)).json() == {"ok": 1}


async def test_the_operators_own_proxy_is_used() -> None:
    async with scripted(status(200, {"via": "proxy"})) as proxy:
        client = OutboundClient(proxy=proxy.url)
        answer = await client.request("GET", "http://provider.example/v1/models", trusted=True)
        await client.close()
    assert answer.json() == {"via": "proxy"}
    assert proxy.requests[0].line.startswith("GET http://provider.example/v1/models")


async def test_a_body_over_the_limit_is_cut_off(client) -> None:
    async with scripted([CHUNKED_HEAD, *[http_chunk(b"x" * 65536)] * 400]) as server:
        with pytest.raises(BodyTooLarge):
            await client.request("GET", server.url, trusted=True, limit=100_000)
        await asyncio.wait_for(server.left.wait(), 20)


async def test_limits_of_time_name_their_stage(client) -> None:
    async with scripted([HANG]) as server:
        with pytest.raises(TimedOut) as caught:
            await client.request("GET", server.url, trusted=True, timeouts=Timeouts(first_byte=0.3))
    assert caught.value.stage == "first_byte"
    async with scripted([CHUNKED_HEAD + http_chunk(b"x"), HANG]) as server:
        with pytest.raises(TimedOut) as caught:
            await client.request("GET", server.url, trusted=True, timeouts=Timeouts(first_byte=9, silence=0.05))
    assert caught.value.stage == "silence"


async def test_a_connection_that_is_never_accepted_times_out(client, monkeypatch) -> None:
    loop = asyncio.get_running_loop()

    async def never(*_):
        await asyncio.sleep(30)

    monkeypatch.setattr(loop, "sock_connect", never)
    with pytest.raises(TimedOut) as caught:
        await client.request("GET", "http://127.0.0.1:9", trusted=True, timeouts=Timeouts(connect=0.1))
    assert caught.value.stage == "connect"


async def test_errors_name_the_host_and_neither_path_nor_query(client) -> None:
    with pytest.raises(ConnectFailed) as refused:
        await client.request("GET", "http://127.0.0.1:9/secret?key=abc", trusted=True)
    async with scripted([ABORT]) as server:
        with pytest.raises(ConnectionLost) as lost:
            await client.request("GET", server.url + "/secret?key=abc", trusted=True)
    for error in (refused.value, lost.value):
        assert "127.0.0.1" in str(error)
        assert "secret" not in str(error)
        assert "abc" not in str(error)


async def test_a_compressed_body_is_capped_by_what_it_unpacks_to(client) -> None:
    import gzip

    bomb = gzip.compress(b"\0" * 20_000_000)
    async with scripted(status(200, bomb, "Content-Encoding: gzip")) as server:
        with pytest.raises(BodyTooLarge):
            await client.request("GET", server.url, trusted=True)
