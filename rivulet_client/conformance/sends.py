"""§6, §7: sends that happen once, retries and cancels; and what a client that does not acknowledge gets."""

import asyncio
from typing import Any

from rivulet_client.conformance.promise import expect, promise, same
from rivulet_client.conformance.site import SHORT, Site, ended, text_of
from rivulet_client.conformance.wire import Frame, Socket, checked

_LARGE = "All work and no play makes a dull stream. " * 750
_WINDOW_EVENTS, _WINDOW_BYTES = 512, 256 * 1024
_RESULT = {"conversation", "user_message", "message", "generation", "topic", "position"}


@promise("§3", "message.send answers its six ids, and the socket is subscribed from offset 0")
async def _(site: Site) -> None:
    async with site.socket() as socket:
        started = await socket.result("message.send", **site.fields(SHORT))
        expect(set(started) >= _RESULT, sorted(started))
        same(started["topic"], f"generation.{started['generation']}")
        same(started["position"]["offset"], 0)
        events = await socket.until(started["topic"], ended, within=60)
        same([event["offset"] for event in events], list(range(1, len(events) + 1)))


@promise("§7", "the same key and body again: the first reply, on another socket too, and one message")
async def _(site: Site) -> None:
    fields = site.fields(SHORT)
    async with site.socket() as socket:
        first = await socket.result("message.send", **fields)
        await socket.until(first["topic"], ended, within=60)
    async with site.socket() as socket:
        same(await socket.result("message.send", **fields), first)
        frames = await socket.until(first["topic"], ended)
        same(frames[0]["type"], "snapshot", "a finished log answers by")
    page = await site.api("GET", f"conversations/{first['conversation']}/messages")
    same(len(page["items"]), 2, "messages")


@promise("§7", "socket and REST share one space of keys: the twin with the same key and fields gives the same ids")
async def _(site: Site) -> None:
    made = await site.api("POST", "conversations", {"title": "conformance"})
    fields = site.fields(SHORT)
    key = fields.pop("client_msg_id")
    path = f"conversations/{made['id']}/messages"
    first = await site.api("POST", path, fields, **{"idempotency-key": key})
    async with site.socket() as socket:
        given = {**fields, "conversation": made["id"], "client_msg_id": key}
        same(await socket.result("message.send", **given), first)
    reply = await site.request("POST", f"/api/v1/{path}", json=fields, headers={"idempotency-key": key})
    same((reply.status_code, reply.json()), (202, first))


@promise("§7", "the same key with another body: key_reused, 422 over REST")
async def _(site: Site) -> None:
    fields = site.fields(SHORT)
    async with site.socket() as socket:
        first = await socket.result("message.send", **fields)
        await socket.refused("key_reused", "message.send", **{**fields, "content": "something else"})
    path = f"/api/v1/conversations/{first['conversation']}/messages"
    headers = {"idempotency-key": fields["client_msg_id"]}
    reply = await site.request("POST", path, json={"content": "something else"}, headers=headers)
    same((reply.status_code, reply.json().get("code")), (422, "key_reused"))


@promise("§7", "two sends at the same moment under one key are one message")
async def _(site: Site) -> None:
    made = await site.api("POST", "conversations", {"title": "conformance"})
    fields = site.fields(SHORT, conversation=made["id"])
    async with site.socket() as one, site.socket() as two:
        first, second = await asyncio.gather(*(each.result("message.send", **fields) for each in (one, two)))
    same(first, second)
    same(len((await site.api("GET", f"conversations/{made['id']}/messages"))["items"]), 2, "messages")


@promise("§7", "an error leaves the key free")
async def _(site: Site) -> None:
    fields = site.fields(SHORT)
    async with site.socket() as socket:
        await socket.refused("model_unavailable", "message.send", **{**fields, "model": "conformance-nothing"})
        expect("generation" in await socket.result("message.send", **fields))


@promise("§3", "generation.retry makes a sibling under the same parent, once for its key")
async def _(site: Site) -> None:
    told = await site.finished()
    path = f"messages/{told.started['message']}/retry"
    fields = {"client_msg_id": site.fields("")["client_msg_id"], "message": told.started["message"], "mode": "again"}
    async with site.socket() as socket:
        first = await socket.result("generation.retry", **fields)
        same(await socket.result("generation.retry", **fields), first)
        key = {"idempotency-key": fields["client_msg_id"]}
        same(await site.api("POST", path, {"mode": "again"}, **key), first, "its REST twin")
        await socket.refused("key_reused", "generation.retry", **{**fields, "mode": "continue"})
        await socket.result("generation.cancel", generation=first["generation"])
    sibling = await site.stored(first["message"])
    same(sibling["parent"], told.message["parent"])
    expect(sibling["id"] != told.message["id"], "the same message")


async def _interrupted(site: Site, socket: Socket) -> tuple[dict[str, Any], list[Frame]]:
    started = await socket.result("message.send", **site.fields(site.prompt))
    events = await socket.until(started["topic"], lambda frame: frame["offset"] > 12)
    result = await socket.result("generation.cancel", generation=started["generation"])
    expect(result["status"] in {"cancelling", "cancelled"}, result)
    return started, events + await socket.until(started["topic"], ended)


@promise("§3", "generation.cancel ends an answer with `cancelled`, once; what was written is kept")
async def _(site: Site) -> None:
    async with site.socket() as socket:
        started, events = await _interrupted(site, socket)
        same(events[-1]["type"], "cancelled")
        again = await socket.result("generation.cancel", generation=started["generation"])
        same(again, {"status": "cancelled"})
        same(await site.api("POST", f"generations/{started['generation']}/cancel"), {"status": "cancelled"})
        await socket.quiet(started["topic"])
    message = await site.stored(started["message"])
    same((message["status"], message["text"]), ("cancelled", text_of(events)))


@promise("§3", "continue starts with the old parts as its first events")
async def _(site: Site) -> None:
    async with site.socket() as socket:
        started, before = await _interrupted(site, socket)
        fields = {"client_msg_id": site.fields("")["client_msg_id"], "message": started["message"]}
        more = await socket.result("generation.retry", **fields, mode="continue")
        events = await socket.until(more["topic"], lambda frame: ended(frame) or frame["offset"] > 12, within=60)
        kept = text_of(before)
        expect(text_of(events).startswith(kept), f"{text_of(events)[:80]!r} instead of {kept[:80]!r} …")
        await socket.result("generation.cancel", generation=more["generation"])


@promise("§6", "an ack ahead of what was sent is 4501")
async def _(site: Site) -> None:
    told = await site.finished()
    async with site.socket() as socket:
        await socket.result("subscribe", topic=told.topic, since=told.since(told.end - 1))
        await socket.until(told.topic, ended)
        await socket.put(cmd="ack", topic=told.topic, epoch=told.epoch, offset=told.end + 1)
        same(await socket.closed(), 4501)


@promise("§6", "an ack for another epoch, a left topic or a lower offset is ignored")
async def _(site: Site) -> None:
    told = await site.finished()
    async with site.socket() as socket:
        await socket.result("subscribe", topic=told.topic, since=told.since(told.end - 3))
        await socket.until(told.topic, ended)
        await socket.put(cmd="ack", topic=told.topic, epoch=told.epoch, offset=told.end)
        await socket.put(cmd="ack", topic=told.topic, epoch=told.epoch, offset=1)
        await socket.put(cmd="ack", topic=told.topic, epoch="another", offset=10**6)
        await socket.result("unsubscribe", topic=told.topic)
        await socket.put(cmd="ack", topic=told.topic, epoch=told.epoch, offset=told.end + 9)
        await socket.alive()


class Pages:
    """Conversations whose snapshots are longer than a frame, made once."""

    _made: "dict[int, asyncio.Task[list[str]]]" = {}  # noqa: RUF012 - by site

    @classmethod
    async def of(cls, site: Site) -> list[str]:
        """Their topics."""
        if id(site) not in cls._made:
            cls._made[id(site)] = asyncio.create_task(cls._make(site))
        return await asyncio.shield(cls._made[id(site)])

    @classmethod
    async def _make(cls, site: Site) -> list[str]:
        async def one() -> str:
            made = await site.api("POST", "conversations", {"title": "conformance"})
            for _ in range(3):
                fields = site.fields(_LARGE)
                del fields["client_msg_id"]
                started = await site.api("POST", f"conversations/{made['id']}/messages", fields)
                await site.api("POST", f"generations/{started['generation']}/cancel")
                await site.stored(started["message"])
            return f"conversation.{made['id']}"

        return list(await asyncio.gather(one(), one(), one(), one()))


@promise("§3", "a long snapshot comes as pages at one position, page from 0, more on all but the last")
async def _(site: Site) -> None:
    topic = (await Pages.of(site))[0]
    async with site.socket() as socket:
        result = await socket.result("subscribe", topic=topic)
        expect("snapshot" not in result and not result["recovered"], sorted(result))
        pages = await socket.until(topic, lambda frame: frame["type"] == "snapshot" and not frame.get("more"))
        pages = [page for page in pages if page["type"] == "snapshot"]
        same([page["page"] for page in pages], list(range(len(pages))))
        expect(len(pages) > 1, "one page")
        same([bool(page.get("more")) for page in pages], [True] * (len(pages) - 1) + [False])
        for page in pages:
            same({name: page[name] for name in ("epoch", "offset")}, result["position"])
        whole = (await site.poll(topic))["snapshot"]
        ids = [message["id"] for page in pages for message in page["data"].get("messages", [])]
        same(list(dict.fromkeys(ids)), [message["id"] for message in whole["messages"]])


@promise("§6", "at most 512 events or 256 KiB are sent and not acknowledged; an ack opens the window")
async def _(site: Site) -> None:
    topics = await Pages.of(site)
    async with site.socket() as socket:
        orders = [await socket.order("subscribe", topic=topic) for topic in topics]
        for number in orders:
            await socket.reply(number)

        def sizes_now() -> list[int]:
            pairs = zip(socket.frames, socket.sizes, strict=True)
            return [size for frame, size in pairs if frame.get("topic") in topics]

        async with asyncio.timeout(10):
            while sum(sizes_now()) < _WINDOW_BYTES // 2:  # noqa: ASYNC110 - frames come by themselves
                await asyncio.sleep(0.05)
        await asyncio.sleep(0.7)
        sizes = sizes_now()
        expect(sum(sizes) <= _WINDOW_BYTES and len(sizes) <= _WINDOW_EVENTS, f"{len(sizes)} of {sum(sizes)} bytes")
        complete: set[str] = set()
        async with asyncio.timeout(20):
            while complete != set(topics):
                frame = await socket.take(lambda frame: frame.get("topic") in topics and "offset" in frame)
                page = {"page": frame["page"]} if "page" in frame else {}
                await socket.put(cmd="ack", topic=frame["topic"], epoch=frame["epoch"], offset=frame["offset"], **page)
                if not frame.get("more"):
                    complete.add(frame["topic"])
        await socket.alive()


@promise("§6", "full and no advancing ack for 60 s: 4008, then the transport is cut", slow=True)
async def _(site: Site) -> None:
    topics = await Pages.of(site)
    async with site.socket() as socket:
        for topic in topics:
            await socket.order("subscribe", topic=topic)
        code = await socket.closed(within=80)
        expect(code in {4008, 1006}, code)


@promise("§10", "more than 100 subscriptions of a socket are refused", last=True)
async def _(site: Site) -> None:
    made = await asyncio.gather(*(site.api("POST", "conversations", {"title": "conformance"}) for _ in range(101)))
    async with site.socket() as socket:
        for one in made[:100]:
            await socket.result("subscribe", topic=f"conversation.{one['id']}")
        checked(await socket.call("subscribe", topic=f"conversation.{made[100]['id']}"), "conflict")
        await socket.result("unsubscribe", topic=f"conversation.{made[0]['id']}")
        await socket.result("subscribe", topic=f"conversation.{made[100]['id']}")
    for one in made:
        await site.api("DELETE", f"conversations/{one['id']}")
