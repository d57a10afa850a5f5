"""The socket's commands and topics over the whole site: what one device does, every other one sees."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

from backend.providers.base import Finish
from tests.support.live import LiveSite
from tests.support.scripted import steps, words
from tests.support.sockets import Client


@contextlib.asynccontextmanager
async def device(live: LiveSite, key: str) -> AsyncIterator[Client]:
    client = await live.socket(key)
    try:
        yield client
    finally:
        await client.leave()


async def send(client: Client, content: str = "hello", **more) -> dict[str, Any]:
    fields = {"client_msg_id": str(uuid4()), "content": content, **more}
    reply = await client.call("message.send", **fields)
    assert "result" in reply, reply
    result: dict[str, Any] = reply["result"]
    return result


async def answer(client: Client, topic: str) -> list[dict[str, Any]]:
    """The events of a topic until its end."""
    frames: list[dict[str, Any]] = []
    while not frames or frames[-1]["type"] not in ("done", "error", "cancelled", "incomplete"):
        frame = await client.next(5)
        if frame.get("topic") == topic:
            frames.append(frame)
    return frames


def text(frames: list[dict[str, Any]]) -> str:
    shown = ""
    for frame in frames:
        if frame["type"] == "snapshot":
            shown = "".join(part["text"] for part in frame["data"]["parts"])
        elif frame["type"] == "part.delta":
            shown += frame["data"]["text"]
    return shown


async def test_a_sender_sees_its_answer_from_the_first_event_to_the_last(live: LiveSite) -> None:
    _, key = await live.someone()
    async with device(live, key) as ada:
        result = await send(ada)
        frames = await answer(ada, result["topic"])
        assert [frame["offset"] for frame in frames] == list(range(1, len(frames) + 1))
        assert {frame["epoch"] for frame in frames} == {result["position"]["epoch"]}
        assert result["position"]["offset"] == 0
        assert text(frames) == "tok0 tok1 tok2 "
        assert frames[0]["data"] == {
            "generation": result["generation"],
            "message": result["message"],
            "conversation": result["conversation"],
            "model": "scripted",
        }


async def test_a_second_device_that_joins_in_the_middle_sees_the_same_text(live: LiveSite) -> None:
    more = asyncio.Event()
    live.provider.script = steps(words(3), more, words(3, 3), [Finish("stop")])
    _, key = await live.someone()
    async with device(live, key) as phone, device(live, key) as desk:
        result = await send(phone)
        first = [await phone.next() for _ in range(4)]
        reply = await desk.subscribe(result["topic"])
        assert reply["recovered"] is False
        more.set()
        on_phone = first + await answer(phone, result["topic"])
        on_desk = await answer(desk, result["topic"])
        shown = {"type": "snapshot", "data": reply["snapshot"]} if "snapshot" in reply else None
        assert text(on_phone) == text(([shown] if shown else []) + on_desk) == "".join(f"tok{n} " for n in range(6))
        assert on_phone[-1]["offset"] == on_desk[-1]["offset"]


async def test_a_socket_that_leaves_changes_nothing(live: LiveSite) -> None:
    more = asyncio.Event()
    live.provider.script = steps(words(2), more, words(2, 2), [Finish("stop")])
    script, key = await live.someone()
    async with device(live, key) as ada:
        result = await send(ada)
        seen = [await ada.next() for _ in range(4)]
    more.set()
    async with device(live, key) as again:
        last = seen[-1]
        reply = await again.call(
            "subscribe", topic=result["topic"], since={"epoch": last["epoch"], "offset": last["offset"]}
        )
        assert reply["result"]["recovered"] is True
        rest = await answer(again, result["topic"])
    assert rest[0]["offset"] == last["offset"] + 1
    stored = (await script.get(f"/api/v1/messages/{result['message']}")).json()
    assert text(seen + rest) == stored["text"] == "tok0 tok1 tok2 tok3 "


async def test_a_reply_that_was_lost_is_given_again_and_the_answer_with_it(live: LiveSite) -> None:
    _, key = await live.someone()
    fields = {"client_msg_id": "one", "content": "hello"}
    async with device(live, key) as ada:
        first = (await ada.call("message.send", **fields))["result"]
        await answer(ada, first["topic"])
    async with device(live, key) as ada:
        again = (await ada.call("message.send", **fields))["result"]
        assert again == first
        frame = await ada.next()
        assert (frame["type"], frame["topic"]) == ("snapshot", first["topic"])
        assert text([frame]) == "tok0 tok1 tok2 "
        other = await ada.call("message.send", **{**fields, "content": "bye"})
        assert other["error"]["code"] == "key_reused"
    assert len(live.provider.calls) == 1


async def test_an_open_conversation_follows_what_another_device_sends(live: LiveSite) -> None:
    _, key = await live.someone()
    async with device(live, key) as phone, device(live, key) as desk:
        first = await send(phone)
        await answer(phone, first["topic"])
        topic = f"conversation.{first['conversation']}"
        shown = await desk.subscribe(topic)
        assert [m["role"] for m in shown["snapshot"]["messages"]] == ["user", "assistant"]
        second = await send(phone, "again", conversation=first["conversation"])
        frames = [frame for frame in await desk.until("generation.ended") if "offset" in frame]
        assert [frame["type"] for frame in frames] == [
            "message.created",
            "message.created",
            "generation.started",
            "message.updated",
            "generation.ended",
        ]
        assert [frame["offset"] for frame in frames] == list(range(6, 11))
        assert frames[2]["data"]["topic"] == second["topic"]
        assert frames[3]["data"]["message"]["text"] == "tok0 tok1 tok2 "


async def test_a_persons_list_follows_every_device(live: LiveSite) -> None:
    script, key = await live.someone()
    me = (await script.get("/api/v1/me")).json()["id"]
    async with device(live, key) as desk:
        await desk.subscribe(f"user.{me}")
        made = (await script.post("/api/v1/conversations", json={"title": "Plans"})).json()
        event = (await desk.until("conversation.changed"))[-1]
        assert event["data"]["conversation"]["title"] == "Plans"
        assert event["data"]["id"] == made["id"]


async def test_typing_is_seen_by_who_has_the_conversation_open(live: LiveSite) -> None:
    script, key = await live.someone()
    me = (await script.get("/api/v1/me")).json()["id"]
    made = (await script.post("/api/v1/conversations", json={})).json()
    async with device(live, key) as phone, device(live, key) as desk:
        await desk.subscribe(f"conversation.{made['id']}")
        assert (await phone.call("typing", conversation=made["id"]))["result"] == {}
        event = (await desk.until("typing"))[-1]
        assert event["data"] == {"user": me}
        assert "offset" not in event


async def test_a_cancel_on_one_device_ends_the_answer_on_all(live: LiveSite) -> None:
    live.provider.script = steps(words(2), asyncio.Event())
    _, key = await live.someone()
    async with device(live, key) as phone, device(live, key) as desk:
        result = await send(phone)
        seen = [await phone.next() for _ in range(4)]
        reply = await desk.call("generation.cancel", generation=result["generation"])
        assert reply["result"] == {"status": "cancelling"}
        assert (await answer(phone, result["topic"]))[-1]["type"] == "cancelled"
        again = await desk.call("generation.cancel", generation=result["generation"])
        assert again["result"] == {"status": "cancelled"}
        assert text(seen) == "tok0 tok1 "


async def test_a_retry_streams_a_sibling_and_continue_starts_with_the_old_text(live: LiveSite) -> None:
    _, key = await live.someone()
    async with device(live, key) as ada:
        first = await send(ada)
        await answer(ada, first["topic"])
        live.provider.script = steps(words(2, 3), [Finish("stop")])
        reply = await ada.call(
            "generation.retry", client_msg_id="r1", message=first["message"], mode="continue", model="other"
        )
        second = reply["result"]
        assert second["user_message"] is None
        frames = await answer(ada, second["topic"])
        assert text(frames) == "".join(f"tok{n} " for n in range(5))


async def test_a_deleted_conversation_is_taken_from_open_sockets(live: LiveSite) -> None:
    script, key = await live.someone()
    async with device(live, key) as ada:
        result = await send(ada)
        await answer(ada, result["topic"])
        await ada.subscribe(f"conversation.{result['conversation']}")
        await script.delete(f"/api/v1/conversations/{result['conversation']}")
        gone = (await ada.until("unsubscribed"))[-1]
        assert gone["code"] == "not_found"
        reply = await ada.call("subscribe", topic=f"conversation.{result['conversation']}")
        assert reply["error"]["code"] == "not_found"


async def test_anothers_things_are_the_same_not_found_as_what_never_was(live: LiveSite) -> None:
    _, ada_key = await live.someone()
    _, bob_key = await live.someone("bob@example.org")
    async with device(live, ada_key) as ada, device(live, bob_key) as bob:
        mine = await send(ada)
        await answer(ada, mine["topic"])
        never = str(uuid4())
        tries = [
            [("subscribe", {"topic": f"generation.{x}"}) for x in (mine["generation"], never)],
            [("subscribe", {"topic": f"conversation.{x}"}) for x in (mine["conversation"], never)],
            [("generation.cancel", {"generation": x}) for x in (mine["generation"], never)],
            [("typing", {"conversation": x}) for x in (mine["conversation"], never)],
            [
                ("generation.retry", {"client_msg_id": str(uuid4()), "message": x, "mode": "again"})
                for x in (mine["message"], never)
            ],
            [
                ("message.send", {"client_msg_id": str(uuid4()), "content": "x", "conversation": x})
                for x in (mine["conversation"], never)
            ],
        ]
        for pair in tries:
            errors = [(await bob.call(name, **fields))["error"] for name, fields in pair]
            assert errors[0] == errors[1]
            assert errors[0]["code"] == "not_found"


WRONG: list[tuple[str, dict[str, Any], str]] = [
    ("message.send", {"content": "x"}, "client_msg_id"),
    ("message.send", {"client_msg_id": 7, "content": "x"}, "client_msg_id"),
    ("message.send", {"client_msg_id": "", "content": "x"}, "client_msg_id"),
    ("message.send", {"client_msg_id": "k" * 201, "content": "x"}, "client_msg_id"),
    ("message.send", {"client_msg_id": "k"}, "content"),
    ("message.send", {"client_msg_id": "k", "content": None}, "content"),
    ("message.send", {"client_msg_id": "k", "content": 5}, "content"),
    ("message.send", {"client_msg_id": "k", "content": ""}, "content"),
    ("message.send", {"client_msg_id": "k", "content": []}, "content"),
    ("message.send", {"client_msg_id": "k", "content": "a\0b"}, "content"),
    ("message.send", {"client_msg_id": "k", "content": [{"type": "video", "url": "x"}]}, "content"),
    (
        "message.send",
        {"client_msg_id": "k", "content": [{"type": "image_url", "image_url": {"url": "file:///etc/passwd"}}]},
        "content",
    ),
    ("message.send", {"client_msg_id": "k", "content": "x", "conversation": "nope"}, "conversation"),
    ("message.send", {"client_msg_id": "k", "content": "x", "params": {"temperature": "hot"}}, "params"),
    ("message.send", {"client_msg_id": "k", "content": "x", "params": {"n": 5}}, "params"),
    ("message.send", {"client_msg_id": "k", "content": "x", "surprise": 1}, "surprise"),
    ("generation.retry", {"client_msg_id": "k", "message": str(uuid4()), "mode": "maybe"}, "mode"),
    ("generation.retry", {"client_msg_id": "k", "mode": "again"}, "message"),
    ("generation.cancel", {"generation": 5}, "generation"),
    ("generation.cancel", {}, "generation"),
    ("typing", {"conversation": None}, "conversation"),
]


async def test_a_field_that_is_wrong_is_named_and_the_socket_stays(live: LiveSite) -> None:
    _, key = await live.someone()
    async with device(live, key) as ada:
        for cmd, fields, named in WRONG:
            error = (await ada.call(cmd, **fields))["error"]
            assert error["code"] == "bad_request", (cmd, fields)
            assert named in error["message"], (cmd, fields)
            assert error["temporary"] is False
        assert await send(ada)
    assert len(live.provider.calls) == 1


async def test_an_unknown_model_is_refused_and_the_key_stays_free(live: LiveSite) -> None:
    _, key = await live.someone()
    async with device(live, key) as ada:
        reply = await ada.call("message.send", client_msg_id="k", content="x", model="nowhere")
        assert reply["error"]["code"] == "model_unavailable"
        assert "result" in await ada.call("message.send", client_msg_id="k", content="x", model="other")


async def test_a_key_that_may_only_read_can_follow_but_not_send(live: LiveSite) -> None:
    user = await live.person()
    _, writing = await live.key(user)
    _, reading = await live.key(user, scopes=["chat:read"])
    async with device(live, writing) as ada, device(live, reading) as screen:
        result = await send(ada)
        await answer(ada, result["topic"])
        assert "error" not in await screen.subscribe(result["topic"])
        for cmd, fields in (
            ("message.send", {"client_msg_id": "k", "content": "x"}),
            ("generation.cancel", {"generation": result["generation"]}),
            ("generation.retry", {"client_msg_id": "k", "message": result["message"], "mode": "again"}),
        ):
            assert (await screen.call(cmd, **fields))["error"]["code"] == "forbidden"
