"""§1, §4, §5: logs, events, subscriptions: what a position is worth."""

import asyncio
import re
import uuid

from rivulet_client.conformance.promise import expect, promise, same
from rivulet_client.conformance.site import SHORT, Site, ended, in_a_row, text_of
from rivulet_client.conformance.wire import Frame
from rivulet_client.wire import TERMINAL

_DELTA = 16 * 1024


@promise("§1", "an answer's offsets are 1, 2, 3 … in one epoch of [A-Za-z0-9_-]{1,32}")
async def _(site: Site) -> None:
    told = await site.finished()
    in_a_row(told.events, first=1)
    expect(re.fullmatch(r"[A-Za-z0-9_-]{1,32}", told.epoch), told.epoch)
    expect({event["epoch"] for event in told.events} == {told.epoch}, "another epoch than the reply's")


@promise("§4", "created comes first, then started; exactly one terminal event, at the end")
async def _(site: Site) -> None:
    kinds = [event["type"] for event in (await site.finished()).events]
    same(kinds[0], "created")
    expect("started" in kinds, kinds)
    same([kind for kind in kinds if kind in TERMINAL], kinds[-1:])


@promise("§4", "parts count from 0, deltas are at most 16 KiB, and the text equals the stored message")
async def _(site: Site) -> None:
    told = await site.finished()
    deltas = [event["data"] for event in told.events if event["type"] == "part.delta"]
    expect(deltas and all(len(delta["text"].encode()) <= _DELTA for delta in deltas), "no deltas, or too large")
    same(text_of(told.events), told.message["text"])
    same(told.message["status"], told.events[-1]["type"])


@promise("§4", "usage is cumulative {input_tokens, output_tokens, cost}; done has a finish_reason")
async def _(site: Site) -> None:
    told = await site.finished()
    usages = [event["data"] for event in told.events if event["type"] == "usage"]
    for usage in usages:
        expect({"input_tokens", "output_tokens", "cost"} <= set(usage), usage)
    expect([one["output_tokens"] for one in usages] == sorted(one["output_tokens"] for one in usages), usages)
    expect("finish_reason" in told.events[-1]["data"], told.events[-1])


@promise("§5", "without since: recovered false, and a snapshot at its position that equals the log")
async def _(site: Site) -> None:
    told = await site.finished()
    async with site.socket() as socket:
        result = await socket.result("subscribe", topic=told.topic)
        same((result["topic"], result["recovered"]), (told.topic, False))
        same(result["position"], told.since(told.end))
        snapshot = result["snapshot"]
        expect({"status", "parts", "usage", "model", "attempt"} <= set(snapshot), sorted(snapshot))
        same(text_of([{"type": "snapshot", "data": snapshot}]), told.message["text"])
        await socket.quiet(told.topic)


@promise("§5", "since within the log: recovered true, position is since, and exactly the rest follows")
async def _(site: Site) -> None:
    told = await site.finished()
    async with site.socket() as socket:
        for offset in (0, 1, told.end // 2, told.end - 1):
            result = await socket.result("subscribe", topic=told.topic, since=told.since(offset))
            same((result["recovered"], result["position"]), (True, told.since(offset)))
            expect("snapshot" not in result, result)
            same(await socket.until(told.topic, ended), told.events[offset:], f"since {offset}")
        await socket.quiet(told.topic)


@promise("§1", "since the terminal event: recovered true, and no events")
async def _(site: Site) -> None:
    told = await site.finished()
    async with site.socket() as socket:
        result = await socket.result("subscribe", topic=told.topic, since=told.since(told.end))
        same((result["recovered"], result["position"]), (True, told.since(told.end)))
        await socket.quiet(told.topic)


@promise("§5", "a forged epoch, an offset beyond the end, a negative one: a snapshot, no error")
async def _(site: Site) -> None:
    told = await site.finished()
    wrong = [
        {"epoch": "forged", "offset": 1},
        {"epoch": "not an epoch!", "offset": 1},
        told.since(told.end + 1),
        told.since(-1),
    ]
    async with site.socket() as socket:
        for since in wrong:
            result = await socket.result("subscribe", topic=told.topic, since=since)
            same((result["recovered"], result["position"]), (False, told.since(told.end)), str(since))
            expect("snapshot" in result, result)


@promise("§3", "subscribe again on a topic restarts at since; unsubscribe ends it; both may come twice")
async def _(site: Site) -> None:
    told = await site.finished()
    async with site.socket() as socket:
        for _ in range(2):
            await socket.result("subscribe", topic=told.topic, since=told.since(told.end - 3))
            same(await socket.until(told.topic, ended), told.events[-3:])
        for _ in range(2):
            same(await socket.result("unsubscribe", topic=told.topic), {})
    async with site.socket() as socket:
        started = await socket.result("message.send", **site.fields(site.prompt))
        await socket.until(started["topic"], lambda frame: frame["type"] == "part.delta")
        number = await socket.order("unsubscribe", topic=started["topic"])
        await socket.reply(number)
        at = next(place for place, frame in enumerate(socket.frames) if frame.get("id") == number)
        await asyncio.sleep(0.3)
        expect(not any(frame.get("topic") == started["topic"] for frame in socket.frames[at:]), "events went on")
        await socket.result("generation.cancel", generation=started["generation"])


@promise("§5", "joining an answer at any moment, with or without since, has neither gap nor double")
async def _(site: Site) -> None:
    async with site.socket() as sender:
        started = await sender.result("message.send", **site.fields(site.prompt))
        topic = started["topic"]

        async def join(number: int) -> list[Frame]:
            await asyncio.sleep(number * 0.07)
            async with site.socket() as socket:
                since = {"since": {**started["position"], "offset": number % 3}} if number % 2 else {}
                result = await socket.result("subscribe", topic=topic, **since)
                snapshot = {"type": "snapshot", "data": result.get("snapshot"), **result["position"]}
                first = [snapshot] if "snapshot" in result else []
                if first and ended(snapshot):
                    return first
                rest = await socket.until(topic, ended, within=60)
                in_a_row(rest, first=result["position"]["offset"] + 1)
                return [*first, *rest]

        seen = await asyncio.gather(sender.until(topic, ended, within=60), *(join(number) for number in range(12)))
    text = (await site.stored(started["message"]))["text"]
    for frames in seen:
        whole = frames[0]["type"] == "snapshot" or frames[0]["offset"] == 1
        same(text_of(frames) if whole else text, text)
        skipped = frames[0]["offset"] - 1
        events = [frame for frame in frames if frame["type"] != "snapshot"]
        same(events, seen[0][len(seen[0]) - len(events) :], f"joined at {skipped}")


@promise("§4", "a conversation: snapshot {conversation, messages, running}; its events have offsets without holes")
async def _(site: Site) -> None:
    made = await site.api("POST", "conversations", {"title": "conformance"})
    topic = f"conversation.{made['id']}"
    async with site.socket() as socket:
        result = await socket.result("subscribe", topic=topic)
        expect({"conversation", "messages", "running"} <= set(result["snapshot"]), sorted(result["snapshot"]))
        started = await socket.result("message.send", **site.fields(SHORT, conversation=made["id"]))
        events = await socket.until(topic, lambda frame: frame["type"] == "generation.ended", within=60)
        logged = [event for event in events if "offset" in event]
        in_a_row(logged, first=result["position"]["offset"] + 1)
        kinds = [event["type"] for event in logged]
        same(kinds.count("message.created"), 2)
        begun = next(event["data"] for event in logged if event["type"] == "generation.started")
        same({name: begun[name] for name in ("generation", "message", "topic")}, {
            name: started[name] for name in ("generation", "message", "topic")
        })  # fmt: skip
        same(begun["epoch"], started["position"]["epoch"])
        same(logged[-1]["data"]["status"], (await site.stored(started["message"]))["status"])
        again = await socket.result("subscribe", topic=topic, since=result["position"])
        same(again["recovered"], True)
        replay = await socket.until(topic, lambda frame: frame["type"] == "generation.ended")
        same([event for event in replay if "offset" in event], logged)


@promise("§4", "a user's topic: snapshot {unread, running}, and conversation.changed when one is made")
async def _(site: Site) -> None:
    async with site.socket() as socket:
        me = (await site.api("GET", "me"))["id"]
        result = await socket.result("subscribe", topic=f"user.{me}")
        expect({"unread", "running"} <= set(result["snapshot"]), result["snapshot"])
        made = await site.api("POST", "conversations", {"title": "conformance"})
        event = await socket.take(
            lambda frame: frame.get("type") == "conversation.changed" and frame["data"]["id"] == made["id"]
        )
        expect(event["topic"] == f"user.{me}" and event["offset"] > 0, event)


@promise("§4", "typing reaches who has the conversation open, without an offset")
async def _(site: Site) -> None:
    made = await site.api("POST", "conversations", {"title": "conformance"})
    topic = f"conversation.{made['id']}"
    async with site.socket() as writer, site.socket() as reader:
        await reader.result("subscribe", topic=topic)
        same(await writer.result("typing", conversation=made["id"]), {})
        frame = await reader.take(lambda frame: frame.get("type") == "typing")
        expect(frame["topic"] == topic and "offset" not in frame and "user" in frame["data"], frame)


@promise("§10", "what may not be seen is not_found like what does not exist, on every command")
async def _(site: Site) -> None:
    never = uuid.uuid4()
    told = await site.finished()
    stranger = site.other()
    conversation, generation = told.started["conversation"], told.started["generation"]
    async with site.socket(key=stranger) as socket:
        for mine, nobody in (
            (told.topic, f"generation.{never}"),
            (f"conversation.{conversation}", f"conversation.{never}"),
            (f"user.{(await site.api('GET', 'me'))['id']}", f"user.{never}"),
        ):
            same(
                await socket.refused("not_found", "subscribe", topic=mine),
                await socket.refused("not_found", "subscribe", topic=nobody),
            )
        for cmd, one, other in (
            ("generation.cancel", {"generation": generation}, {"generation": str(never)}),
            ("typing", {"conversation": conversation}, {"conversation": str(never)}),
            ("message.send", site.fields("x", conversation=conversation), site.fields("x", conversation=str(never))),
        ):
            same(await socket.refused("not_found", cmd, **one), await socket.refused("not_found", cmd, **other))


@promise("§5", "a topic that never was, and another spelling of one that is, are not_found")
async def _(site: Site) -> None:
    told = await site.finished()
    ident = told.topic.partition(".")[2]
    async with site.socket() as socket:
        for topic in (f"generation.{uuid.uuid4()}", f"generation.{ident.upper()}", "nothing.1", "no topic at all"):
            await socket.refused("not_found", "subscribe", topic=topic)
