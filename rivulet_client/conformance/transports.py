"""§2: the same events at the same positions over WebSocket, server-sent events and long poll."""

import asyncio
import re
import time

from rivulet_client.conformance.promise import Broken, expect, promise, same, short
from rivulet_client.conformance.site import Site, ended, text_of
from rivulet_client.conformance.wire import Frame


@promise("§2", "SSE: text/event-stream, no buffering, retry: 1000, id epoch:offset, no event: line")
async def _(site: Site) -> None:
    told = await site.finished()
    async with site.sse(told.topic, last_event_id=f"{told.epoch}:0") as stream:
        headers = stream.reply.headers
        same(headers["content-type"].split(";")[0], "text/event-stream")
        same(headers.get("cache-control"), "no-store")
        same(await stream.until(), told.events, "SSE's data and the WebSocket's frames")
        expect(b"retry: 1000" in stream.raw, "no `retry: 1000`")
        expect(b"\nevent:" not in stream.raw, "an `event:` line")
        ids = re.findall(rb"^id: (.*)$", stream.raw, re.MULTILINE)
        same([one.decode() for one in ids], [f"{told.epoch}:{event['offset']}" for event in told.events])


@promise("§2", "SSE: Last-Event-ID and ?after= mean the same, and the header beats the query")
async def _(site: Site) -> None:
    told = await site.finished()
    at, half = f"{told.epoch}:{told.end - 2}", f"{told.epoch}:{told.end // 2}"
    async with site.sse(told.topic, f"?after={at}") as stream:
        same(await stream.until(), told.events[-2:])
    async with site.sse(told.topic, f"?after={half}", last_event_id=at) as stream:
        same(await stream.until(), told.events[-2:])


@promise("§2", "SSE: without a position, or with an unusable one, a snapshot; it ends with the answer")
async def _(site: Site) -> None:
    told = await site.finished()
    for position in ("", "nonsense", "forged:3", f"{told.epoch}:{told.end + 5}", f"{told.epoch}:-1"):
        headers = {"last_event_id": position} if position else {}
        async with site.sse(told.topic, **headers) as stream:
            frames = await stream.until()
            same([frame["type"] for frame in frames], ["snapshot"], position)
            same(frames[0]["offset"], told.end)
            same(text_of(frames), told.message["text"])


@promise("§2", "SSE: resuming at the terminal event is 204")
async def _(site: Site) -> None:
    told = await site.finished()
    async with site.sse(told.topic, last_event_id=f"{told.epoch}:{told.end}") as stream:
        same(stream.reply.status_code, 204)


@promise("§2", "*/* means SSE")
async def _(site: Site) -> None:
    told = await site.finished()
    async with site.sse(told.topic, accept="*/*") as stream:
        same(stream.reply.headers["content-type"].split(";")[0], "text/event-stream")


@promise("§2", "SSE: a comment comes every 15 s", slow=True)
async def _(site: Site) -> None:
    me = (await site.api("GET", "me"))["id"]
    async with site.sse(f"user.{me}") as stream:
        until = time.monotonic() + 17
        while not re.search(rb"^:", stream.raw, re.MULTILINE):
            expect(time.monotonic() < until, "none in 17 s")
            async with asyncio.timeout(17):
                stream.raw += await anext(stream._pieces)


@promise("§2", "long poll: {position, recovered, events, ended}, no-store, Vary: Accept")
async def _(site: Site) -> None:
    told = await site.finished()
    path = f"/api/v1/topics/{told.topic}/events"
    headers = {"accept": "application/json", "last-event-id": f"{told.epoch}:{told.end - 2}"}
    reply = await site.request("GET", path, headers=headers)
    same(reply.headers.get("cache-control"), "no-store")
    expect("accept" in reply.headers.get("vary", "").lower(), reply.headers.get("vary"))
    same(
        reply.json(),
        {"position": told.since(told.end), "recovered": True, "events": told.events[-2:], "ended": True},
    )
    same(await site.poll(told.topic, f"?after={told.epoch}:{told.end - 2}"), reply.json(), "?after=")


@promise("§2", "long poll: pages of at most 500 events or 64 KiB, `more` until the end")
async def _(site: Site) -> None:
    told = await site.finished()
    at, events = f"{told.epoch}:0", []
    for _ in range(100):
        answer = await site.poll(told.topic, last_event_id=at)
        expect(len(answer["events"]) <= 500, len(answer["events"]))
        events += answer["events"]
        at = f"{answer['position']['epoch']}:{answer['position']['offset']}"
        if answer.get("ended"):
            break
        expect(answer.get("more"), short(answer))
    same(events, told.events)


@promise("§2", "long poll: a snapshot without a position or with an unusable one")
async def _(site: Site) -> None:
    told = await site.finished()
    for headers in ({}, {"last_event_id": "forged:1"}):
        answer = await site.poll(told.topic, **headers)
        same((answer["recovered"], answer["position"], answer["events"]), (False, told.since(told.end), []))
        same(text_of([{"type": "snapshot", "data": answer["snapshot"]}]), told.message["text"])
        same(answer.get("ended"), True)


@promise("§2", "long poll: waits for `wait` seconds, then 200 with events: []; other waits are bad_request")
async def _(site: Site) -> None:
    made = await site.api("POST", "conversations", {"title": "conformance"})
    topic = f"conversation.{made['id']}"
    first = await site.poll(topic)
    at = f"{first['position']['epoch']}:{first['position']['offset']}"
    began = time.monotonic()
    answer = await site.poll(topic, "?wait=1", last_event_id=at)
    same((answer["events"], answer["recovered"], answer["position"]), ([], True, first["position"]))
    expect(0.15 < time.monotonic() - began < 5, f"{time.monotonic() - began:.1f} s")
    for wrong in ("26", "-1", "nan", "soon"):
        reply = await site.request(
            "GET", f"/api/v1/topics/{topic}/events?wait={wrong}", headers={"accept": "application/json"}
        )
        same(reply.json().get("code"), "bad_request", wrong)


@promise("§2", "long poll: what happens meanwhile is answered at once")
async def _(site: Site) -> None:
    made = await site.api("POST", "conversations", {"title": "conformance"})
    topic = f"conversation.{made['id']}"
    first = await site.poll(topic)
    at = f"{first['position']['epoch']}:{first['position']['offset']}"
    waiting = asyncio.create_task(site.poll(topic, "?wait=20", last_event_id=at))
    await asyncio.sleep(0.3)
    began = time.monotonic()
    await site.api("PATCH", f"conversations/{made['id']}", {"title": "renamed"})
    answer = await waiting
    expect(time.monotonic() - began < 3, f"only after {time.monotonic() - began:.1f} s")
    same(answer["events"][0]["type"], "conversation.updated")


@promise("§2", "a client may change between WebSocket, SSE and long poll in mid-answer, at the same positions")
async def _(site: Site) -> None:
    async with site.socket() as watcher:
        started = await watcher.result("message.send", **site.fields(site.prompt))
        topic = started["topic"]
        events: list[Frame] = []

        def since() -> dict[str, object]:
            return {"epoch": started["position"]["epoch"], "offset": len(events)}

        def header() -> str:
            return f"{started['position']['epoch']}:{len(events)}"

        async def by_socket() -> list[Frame]:
            async with site.socket() as socket:
                same((await socket.result("subscribe", topic=topic, since=since()))["recovered"], True)
                return await socket.until(topic, lambda frame: ended(frame) or frame["offset"] >= len(events) + 6)

        async def by_sse() -> list[Frame]:
            async with site.sse(topic, last_event_id=header()) as stream:
                return await stream.until(6)

        async def by_poll() -> list[Frame]:
            answer = await site.poll(topic, "?wait=5", last_event_id=header())
            same(answer["recovered"], True)
            found: list[Frame] = answer["events"]
            return found

        changes = 0
        while not (events and ended(events[-1])):
            turn = (by_socket, by_sse, by_poll)[changes % 3]
            found = await turn()
            expect(found or turn is by_poll, f"{turn.__name__} brought nothing")
            events += found
            changes += 1
        seen = await watcher.until(topic, ended)
    same(events, seen)
    if changes < 4:
        raise Broken(f"the answer was over after {changes} changes")
    same(text_of(events), (await site.stored(started["message"]))["text"])


@promise("§2", "events are read with GET, unknown parameters are refused by name")
async def _(site: Site) -> None:
    told = await site.finished()
    path = f"/api/v1/topics/{told.topic}/events"
    same((await site.request("POST", path)).status_code, 405)
    reply = await site.request("GET", f"{path}?since=1")
    same((reply.status_code, reply.json()["errors"][0]["field"]), (422, "since"))
