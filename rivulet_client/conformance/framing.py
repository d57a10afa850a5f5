"""§3, §9, §10: what is a frame, what ends a socket, and what is answered under a command's id."""

from rivulet_client.conformance.promise import expect, promise, same
from rivulet_client.conformance.site import Site
from rivulet_client.conformance.wire import checked

MAX_ID = 2**53 - 1


async def _ends(site: Site, raw: str | bytes, code: int) -> None:
    async with site.socket() as socket:
        await socket.text(raw)
        same(await socket.closed(), code, repr(raw[:60]))


@promise("§9", "4501 for what is no JSON object: text, an array, NaN, a key twice, nesting over 64")
async def _(site: Site) -> None:
    deep = '{"id":9,"cmd":"typing","conversation":' + "[" * 200 + "]" * 200 + "}"
    twice = '{"id":9,"id":10,"cmd":"typing"}'
    for raw in ("hello", "[1]", '"x"', '{"id":9,"cmd":"x","y":NaN}', '{"id":9,"cmd":"x","y":1e999}', twice, deep):
        await _ends(site, raw, 4501)


@promise("§9", "4501 for a frame without a usable id")
async def _(site: Site) -> None:
    for ident in ("", '"id":0,', '"id":-1,', '"id":"9",', '"id":1.5,', '"id":null,', f'"id":{MAX_ID + 1},'):
        await _ends(site, f'{{{ident}"cmd":"typing"}}', 4501)


@promise("§9", "4501 for an ack or a pong with a wrong field")
async def _(site: Site) -> None:
    for raw in ('{"cmd":"ack"}', '{"cmd":"ack","topic":"a.b","epoch":"e","offset":"1"}', '{"cmd":"pong","x":1}'):
        await _ends(site, raw, 4501)


@promise("§9", "1003 for a binary frame, 1007 for what is not UTF-8, 1009 for a frame over max_frame")
async def _(site: Site) -> None:
    async with site.socket() as socket:
        await socket.live.send(b'{"cmd":"pong"}')
        same(await socket.closed(), 1003, "binary")
    await _ends(site, b'{"id":9,"cmd":"\xff\xfe"}', 1007)
    async with site.raw() as socket:
        welcome = await socket.result("connect", v=1, token=site.key)
        await socket.text('{"id":9,"cmd":"typing","x":"' + "x" * welcome["max_frame"] + '"}')
        same(await socket.closed(), 1009, "too large")


@promise("§10", "an id that does not rise is bad_request under that id, and the socket lives on")
async def _(site: Site) -> None:
    async with site.socket() as socket:
        await socket.put(id=50, cmd="conformance.nothing")
        checked(await socket.reply(50), "bad_request")
        for number in (50, 7):
            await socket.put(id=number, cmd="unsubscribe", topic="user.x")
            checked(await socket.reply(number), "bad_request")
        await socket.put(id=MAX_ID, cmd="unsubscribe", topic="user.x")
        expect("result" in await socket.reply(MAX_ID), "the largest id was refused")


@promise("§3", "unknown commands and unknown, missing or wrong fields are bad_request and name the field")
async def _(site: Site) -> None:
    async with site.socket() as socket:
        await socket.refused("bad_request", "conformance.nothing")
        for fields, name in (
            ({"topic": "user.x", "conformance": 1}, "conformance"),
            ({}, "topic"),
            ({"topic": 5}, "topic"),
            ({"topic": "user.x", "since": {"epoch": "e"}}, "offset"),
            ({"topic": "user.x", "since": None}, "since"),
        ):
            error = await socket.refused("bad_request", "subscribe", **fields)
            expect(name in error["message"], f"{fields}: {error['message']!r} does not name {name}")
        error = await socket.refused("bad_request", "message.send", client_msg_id="c", content="x", conformance=1)
        expect("conformance" in error["message"], error)
        await socket.refused("bad_request", "message.send", content="x")
        await socket.refused("bad_request", "ack", topic="user.x", epoch="e", offset=1)


@promise("§10", "a command over 64 KiB is too_large, and the socket lives on")
async def _(site: Site) -> None:
    async with site.socket() as socket:
        await socket.refused("too_large", "message.send", client_msg_id="c", content="x" * 70_000)
        await socket.alive()


@promise("§10", "half of a surrogate pair is bad_request")
async def _(site: Site) -> None:
    async with site.socket() as socket:
        await socket.text('{"id":90,"cmd":"message.send","client_msg_id":"c","content":"\\ud83d"}')
        checked(await socket.reply(90), "bad_request")


@promise("§3", "no frame of the server was over 64 KiB", last=True)
async def _(site: Site) -> None:
    expect(0 < site.largest <= 64 * 1024, f"one had {site.largest} bytes")
