"""§2, §9, §11: the handshake, who comes in and how, and what closes a socket before it is connected."""

import asyncio
import uuid

from rivulet_client.conformance.promise import Broken, Unseen, expect, promise, same
from rivulet_client.conformance.site import Site
from rivulet_client.conformance.wire import Socket, checked


async def _greeting(socket: Socket, **fields: object) -> None:
    result = await socket.result("connect", **{"v": 1, **fields})
    expect({"client", "user", "ping", "pong_timeout", "max_frame"} <= set(result), result)


@promise("§2", "the handshake selects the subprotocol rivulet.v1")
async def _(site: Site) -> None:
    async with site.raw() as socket:
        same(socket.subprotocol, "rivulet.v1")


@promise("§3", "connect answers {client, user, ping, pong_timeout, max_frame}, in seconds and bytes")
async def _(site: Site) -> None:
    async with site.raw() as socket:
        result = await socket.result("connect", v=1, token=site.key)
        uuid.UUID(str(result["user"]))
        expect(isinstance(result["client"], str) and result["client"], result)
        expect(all(result[name] > 0 for name in ("ping", "pong_timeout")), result)
        expect(result["max_frame"] >= 64 * 1024, result)


@promise("§3", "commands sent right behind connect wait for it")
async def _(site: Site) -> None:
    async with site.raw() as socket:
        numbers = [await socket.order("connect", v=1, token=site.key), await socket.order("typing")]
        replies = [await socket.reply(number) for number in numbers]
        expect("result" in replies[0], replies[0])
        checked(replies[1], "bad_request")


@promise("§3", "a second connect on a socket is refused, and the socket lives on")
async def _(site: Site) -> None:
    async with site.socket() as socket:
        await socket.refused("conflict", "connect", v=1, token=site.key)
        await socket.alive()


@promise("§10", "a command before connect is unauthenticated")
async def _(site: Site) -> None:
    async with site.raw() as socket:
        await socket.refused("unauthenticated", "subscribe", topic="user.x")


@promise("§11", "Authorization: Bearer on the handshake counts as well as a token in connect")
async def _(site: Site) -> None:
    async with site.raw(headers={"Authorization": f"Bearer {site.key}"}) as socket:
        await _greeting(socket)


@promise("§11", "a ticket connects a socket, once")
async def _(site: Site) -> None:
    ticket = (await site.api("POST", "tickets", {}))["ticket"]
    async with site.raw(subprotocols=("rivulet.v1", f"ticket.{ticket}")) as socket:
        same(socket.subprotocol, "rivulet.v1")
        await _greeting(socket)
    async with site.raw(subprotocols=("rivulet.v1", f"ticket.{ticket}")) as socket:
        await socket.refused("unauthenticated", "connect", v=1)
        same(await socket.closed(), 4500)


@promise("§2", "a foreign Origin with a browser's cookie is refused with 403 before the handshake ends")
async def _(site: Site) -> None:
    raise Unseen("needs a browser that is signed in; a key is no cookie")


@promise("§9", "4510 where the subprotocol was not offered")
async def _(site: Site) -> None:
    async with site.raw(subprotocols=()) as socket:
        same(await socket.closed(), 4510)


@promise("§9", "4510 for an unknown version, behind the error of its command")
async def _(site: Site) -> None:
    async with site.raw() as socket:
        await socket.refused("bad_request", "connect", v=2, token=site.key)
        same(await socket.closed(), 4510)


@promise("§9", "4500 for a token that is malformed, unknown or missing, behind the error of its command")
async def _(site: Site) -> None:
    unsigned = "eyJhbGciOiJub25lIn0.eyJzdWIiOiIxIn0."  # pragma: allowlist secret
    tokens = ("nonsense", "rvk_" + "0" * 48, unsigned)
    for fields in (*({"token": token} for token in tokens), {}):
        async with site.raw() as socket:
            await socket.refused("unauthenticated", "connect", v=1, **fields)
            same(await socket.closed(), 4500, str(fields))


@promise("§9", "4502 where no connect comes within 10 s", slow=True)
async def _(site: Site) -> None:
    async with site.raw() as socket:
        same(await socket.closed(within=16), 4502)


@promise("§8", "a ping comes in time; a client that is heard lives on, one that is not gets 4012", slow=True)
async def _(site: Site) -> None:
    async with site.raw(pongs=False) as deaf, site.raw() as good:
        welcome = await deaf.result("connect", v=1, token=site.key)
        await good.result("connect", v=1, token=site.key)
        limit = welcome["ping"] + 3
        await deaf.take(lambda frame: frame == {"type": "ping"}, within=limit)
        await good.take(lambda frame: frame.get("type") == "ping", within=limit)
        same(await deaf.closed(within=welcome["pong_timeout"] + 5), 4012)
        await asyncio.sleep(1)
        await good.alive()


@promise("§3", "refresh answers {expires_in?} for a token of the same user, and refuses nonsense")
async def _(site: Site) -> None:
    async with site.socket() as socket:
        result = await socket.result("refresh", token=site.key)
        expect(set(result) <= {"expires_in"}, result)
        await socket.refused("unauthenticated", "refresh", token="nonsense")
        await socket.alive()


@promise("§3", "refresh with another user's token is forbidden")
async def _(site: Site) -> None:
    other = site.other()
    async with site.socket() as socket:
        await socket.refused("forbidden", "refresh", token=other)
        await socket.alive()


@promise("§9", "4005 for a token that has expired")
async def _(site: Site) -> None:
    raise Unseen("needs a token that has expired; an API key does not")


@promise("§9", "goaway and 4001 when a node stops; 4507 for a closed account")
async def _(site: Site) -> None:
    raise Unseen("needs an operator's hand")


@promise("§9", "4013 for too many commands", last=True)
async def _(site: Site) -> None:
    if not site.limits:
        raise Unseen("this server counts nothing (LIMITS=off)")
    async with site.socket() as socket:
        for _ in range(1000):
            await socket.order("conformance.nothing")
        same(await socket.closed(), 4013)


@promise("§10", "4014 for the 33rd socket of a user on a node", last=True)
async def _(site: Site) -> None:
    if not site.limits:
        raise Unseen("this server counts nothing (LIMITS=off)")
    held: list[Socket] = []
    try:
        for _ in range(32 * 16):
            socket = await site.raw().__aenter__()
            held.append(socket)
            number = await socket.order("connect", v=1, token=site.key)
            closing = asyncio.create_task(socket.closed())
            reply = asyncio.create_task(socket.reply(number))
            await asyncio.wait([closing, reply], return_when=asyncio.FIRST_COMPLETED)
            closing.cancel()
            if not reply.done() or reply.exception() is not None:
                await asyncio.gather(reply, return_exceptions=True)
                same(await socket.closed(), 4014)
                expect(len(held) > 32, f"refused the {len(held)}th already")
                return
        raise Broken(f"{len(held)} sockets are open")
    finally:
        for socket in held:
            await socket.__aexit__()
