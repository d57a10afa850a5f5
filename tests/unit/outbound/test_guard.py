"""An address that a person typed reaches public machines only, however it is written and whatever its name means."""

import asyncio
import socket

import pytest

from backend.outbound import AddressRefused, Guard, OutboundClient, OutboundError, Timeouts, UrlRefused
from backend.outbound.guard import is_public
from tests.support.scripted_http import scripted, status

REFUSED = """
127.0.0.1 127.255.255.254 0.0.0.0 0.1.2.3 10.0.0.1 10.255.255.255 172.16.0.1 172.31.255.255 192.168.1.1
169.254.169.254 100.64.0.1 100.127.255.255 192.0.0.1 192.0.2.1 198.18.0.1 198.19.255.255 198.51.100.7 203.0.113.9
192.88.99.1 224.0.0.1 239.255.255.255 240.0.0.1 255.255.255.255 :: ::1 ::ffff:127.0.0.1 ::ffff:10.0.0.1
::ffff:a9fe:a9fe ::127.0.0.1 ::ffff:0:127.0.0.1 64:ff9b::127.0.0.1 64:ff9b::10.1.2.3 64:ff9b::a9fe:a9fe 64:ff9b:1::1
2002:7f00:1:: 2002:0a00:0001::1 2002:808:808:: 2001::1 2001:0:7f00:1:: 2001:db8::1 2001:10::1 3fff::1 fc00::1
fd12:3456::1 fe80::1 fe80::1%eth0 fec0::1 ff02::1 100::1 5f00::1
"""
ALLOWED = """
1.1.1.1 8.8.8.8 93.184.216.34 172.15.255.255 172.32.0.1 100.63.255.255 100.128.0.1 192.167.255.255 11.0.0.1
2606:4700:4700::1111 2a00:1450:4001:80e::200e ::ffff:8.8.8.8 64:ff9b::8.8.8.8
"""
WRITTEN = """
http://127.0.0.1 http://127.1 http://127.0.1 http://0x7f000001 http://0x7f.0.0.1 http://0177.0.0.1 http://2130706433
http://017700000001 http://0 http://0.0.0.0 http://localhost http://LOCALHOST http://127.0.0.1. http://[::1]
http://[::] http://[::ffff:127.0.0.1] http://[0:0:0:0:0:ffff:7f00:1] http://[64:ff9b::7f00:1] http://[2002:7f00:1::]
http://①②⑦.⓪.⓪.① http://169.254.169.254/latest/meta-data http://[fe80::1%25lo] http://[fd00:ec2::254]
http://0x7f000001:80@127.0.0.1 http://127.0.0.1#@example.org
"""
SOON = Timeouts(connect=1, first_byte=2, silence=2)


@pytest.mark.parametrize("address", REFUSED.split())
def test_an_address_that_is_not_public_is_refused(address) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", ALLOWED.split())
def test_a_public_address_is_allowed(address) -> None:
    assert is_public(address)


@pytest.mark.parametrize("url", WRITTEN.split())
async def test_no_way_of_writing_a_local_address_gets_through(url) -> None:
    client = OutboundClient()
    with pytest.raises(OutboundError) as caught:
        await client.request("GET", url, timeouts=SOON)
    await client.close()
    assert isinstance(caught.value, (AddressRefused, UrlRefused)), repr(caught.value)


@pytest.mark.parametrize(
    "url",
    ["file:///etc/passwd", "ftp://example.org", "gopher://x", "javascript:alert(1)", "//example.org", "example.org", "",
     "http://", "http://user@example.org", "http://user" + ":pw@example.org", "http://exa mple.org", "http://example.org:0",
     "http://example.org:99999", "http://[::1", "unix:///run/x.sock"],
)  # fmt: skip
async def test_what_is_no_plain_http_url_is_refused_with_a_sentence(url) -> None:
    client = OutboundClient()
    with pytest.raises(UrlRefused, match=r"\.$"):
        await client.request("GET", url, trusted=True)
    await client.close()


async def test_a_name_that_means_a_local_address_is_refused_where_the_socket_is_made(monkeypatch) -> None:
    """A resolver that answers publicly first and locally afterwards gains nothing: what is checked is what is used."""
    answers = iter(["127.0.0.1"])

    def resolve(host, port, *_, **__):
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (next(answers, "8.8.8.8"), port or 0))]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    async with scripted(status(200, {})) as server:
        client = OutboundClient()
        with pytest.raises(AddressRefused):
            await client.request("GET", f"http://rebind.example:{server.port}/", timeouts=SOON)
        await client.close()
    assert server.requests == []


async def test_what_the_operator_names_may_be_local() -> None:
    async with scripted(status(200, {"ok": True})) as server:
        for allow in (["127.0.0.1"], [f"127.0.0.1:{server.port}"], ["127.0.0.0/8"]):
            client = OutboundClient(guard=Guard(allow))
            assert (await client.request("GET", server.url)).json() == {"ok": True}
            await client.close()
        other = OutboundClient(guard=Guard([f"127.0.0.1:{server.port + 1}", "10.0.0.0/8", "localhost"]))
        with pytest.raises(AddressRefused):
            await other.request("GET", server.url)
        await other.close()


async def test_trusted_and_untrusted_calls_share_no_connection() -> None:
    """A kept connection to a local server that a trusted call opened is not there for an untrusted one."""

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while await reader.readuntil(b"\r\n\r\n"):
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")

    listener = await asyncio.start_server(handle, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{listener.sockets[0].getsockname()[1]}"
    client = OutboundClient()
    assert (await client.request("GET", url, trusted=True)).body == b"ok"
    with pytest.raises(AddressRefused):
        await client.request("GET", url)
    await client.close()
    listener.close()
