"""REST is the same as the socket: the same services, the same keys, the same events."""

import asyncio
from typing import Any
from uuid import uuid4

import httpx
import orjson
import pytest

from backend.providers.base import Finish
from tests.integration.chat.test_sockets import answer, device, text
from tests.support.live import LiveSite
from tests.support.scripted import steps, words


async def conversation(script: httpx.AsyncClient, **fields) -> dict[str, Any]:
    reply = await script.post("/api/v1/conversations", json=fields)
    assert reply.status_code == 201, reply.text
    found: dict[str, Any] = reply.json()
    return found


async def finished(script: httpx.AsyncClient, message: str) -> dict[str, Any]:
    found: dict[str, Any]
    async with asyncio.timeout(10):
        while (found := (await script.get(f"/api/v1/messages/{message}")).json())["status"] == "running":  # noqa: ASYNC110
            await asyncio.sleep(0.02)
    return found


async def sent(script: httpx.AsyncClient, place: str, **fields) -> dict[str, Any]:
    reply = await script.post(f"/api/v1/conversations/{place}/messages", json={"content": "hello", **fields})
    assert reply.status_code == 202, reply.text
    found: dict[str, Any] = reply.json()
    return found


def stream(body: str) -> list[dict[str, Any]]:
    """The frames of an SSE body, checked against their ids."""
    found = []
    for block in body.split("\n\n"):
        lines = dict(line.split(": ", 1) for line in block.splitlines() if ": " in line and not line.startswith(":"))
        if "data" in lines:
            frame = orjson.loads(lines["data"])
            assert lines["id"] == f"{frame['epoch']}:{frame['offset']}"
            found.append(frame)
    return found


async def test_a_message_is_sent_followed_and_read(live: LiveSite) -> None:
    script, _ = await live.someone()
    made = await conversation(script)
    started = await sent(script, made["id"])
    message = await finished(script, started["message"])
    assert (message["status"], message["text"]) == ("done", "tok0 tok1 tok2 ")
    assert message["generation"] == started["generation"]
    listed = (await script.get(f"/api/v1/conversations/{made['id']}/messages")).json()
    assert [entry["role"] for entry in listed["items"]] == ["user", "assistant"]
    assert listed["items"][1] == message
    assert listed["next"] is None
    generation = (await script.get(f"/api/v1/generations/{started['generation']}")).json()
    assert generation["status"] == "done"
    assert generation["position"]["epoch"] == started["position"]["epoch"]


async def test_events_by_sse_are_those_of_the_socket_and_end_with_the_answer(live: LiveSite) -> None:
    script, key = await live.someone()
    made = await conversation(script)
    started = await sent(script, made["id"])
    await finished(script, started["message"])
    at = f"/api/v1/topics/{started['topic']}/events"
    whole = stream((await script.get(at, params={"after": f"{started['position']['epoch']}:0"})).text)
    async with device(live, key) as ada:
        since = {"epoch": started["position"]["epoch"], "offset": 0}
        await ada.call("subscribe", topic=started["topic"], since=since)
        assert await answer(ada, started["topic"]) == whole
    middle = whole[3]
    rest = await script.get(at, headers={"Last-Event-ID": f"{middle['epoch']}:{middle['offset']}"})
    assert stream(rest.text) == whole[4:]
    over = await script.get(at, headers={"Last-Event-ID": f"{whole[-1]['epoch']}:{whole[-1]['offset']}"})
    assert over.status_code == 204
    snapshot = stream((await script.get(at)).text)
    assert text(snapshot) == text(whole) == "tok0 tok1 tok2 "


async def test_long_poll_brings_the_same_events(live: LiveSite) -> None:
    script, _ = await live.someone()
    more = asyncio.Event()
    live.provider.script = steps(words(2), more, words(1, 2), [Finish("stop")])
    started = await sent(script, (await conversation(script))["id"])
    at, after, shown = f"/api/v1/topics/{started['topic']}/events", f"{started['position']['epoch']}:0", []
    while True:
        reply = (
            await script.get(at, params={"after": after, "wait": "1"}, headers={"Accept": "application/json"})
        ).json()
        shown += reply["events"]
        after = f"{reply['position']['epoch']}:{reply['position']['offset']}"
        more.set()
        if reply.get("ended"):
            break
    assert [frame["offset"] for frame in shown] == list(range(1, len(shown) + 1))
    assert text(shown) == "tok0 tok1 tok2 "


async def test_a_key_is_one_for_rest_and_socket(live: LiveSite) -> None:
    script, key = await live.someone()
    made = await conversation(script)
    body, header = {"content": "hello"}, {"Idempotency-Key": "k1"}
    at = f"/api/v1/conversations/{made['id']}/messages"
    first = await script.post(at, json=body, headers=header)
    again = await script.post(at, json=body, headers=header)
    assert first.status_code == again.status_code == 202
    assert first.json() == again.json()
    async with device(live, key) as ada:
        reply = await ada.call("message.send", client_msg_id="k1", conversation=made["id"], content="hello")
        assert reply["result"] == first.json()
    other = await script.post(at, json={"content": "bye"}, headers=header)
    assert (other.status_code, other.json()["code"]) == (422, "key_reused")
    assert len(live.provider.calls) == 1


async def test_a_new_conversation_comes_with_its_first_message_once_by_rest_and_socket(live: LiveSite) -> None:
    script, key = await live.someone()
    body, header = {"content": "hello"}, {"Idempotency-Key": "k1"}
    replies = await asyncio.gather(*(script.post("/api/v1/messages", json=body, headers=header) for _ in range(3)))
    assert {reply.status_code for reply in replies} == {202}
    first = replies[0].json()
    assert [reply.json() for reply in replies] == [first] * 3
    async with device(live, key) as ada:
        reply = await ada.call("message.send", client_msg_id="k1", content="hello")
        assert reply["result"] == first
    listed = (await script.get("/api/v1/conversations")).json()["items"]
    assert [entry["id"] for entry in listed] == [first["conversation"]]
    assert len(live.provider.calls) == 1


async def test_no_conversation_is_left_by_a_first_message_that_is_refused(live: LiveSite) -> None:
    script, _ = await live.someone()
    for body in ({"content": " "}, {"content": "hello", "model": "nowhere"}, {"content": "x", "parent": str(uuid4())}):
        assert (await script.post("/api/v1/messages", json=body)).status_code in {400, 404, 422}
    assert (await script.get("/api/v1/conversations")).json()["items"] == []
    made = await conversation(script)
    reply = await script.post("/api/v1/messages", json={"content": "hello", "conversation": made["id"]})
    assert reply.json()["conversation"] == made["id"]


async def test_an_empty_conversation_is_made_once_for_a_key(live: LiveSite) -> None:
    script, _ = await live.someone()
    at, header = "/api/v1/conversations", {"Idempotency-Key": "k1"}
    replies = await asyncio.gather(*(script.post(at, json={"title": "One"}, headers=header) for _ in range(4)))
    assert {reply.status_code for reply in replies} == {201}
    assert len({reply.json()["id"] for reply in replies}) == 1
    assert replies[0].json() == replies[1].json()
    other = await script.post(at, json={"title": "Two"}, headers=header)
    assert (other.status_code, other.json()["code"]) == (422, "key_reused")
    message = await script.post("/api/v1/messages", json={"content": "hello"}, headers=header)
    assert (message.status_code, message.json()["code"]) == (422, "key_reused")
    assert [entry["title"] for entry in (await script.get(at)).json()["items"]] == ["One"]
    await script.post(at, json={"title": "One"})
    assert len((await script.get(at)).json()["items"]) == 2


async def test_a_conversation_is_renamed_pinned_filed_archived_deleted_and_restored(live: LiveSite) -> None:
    script, _ = await live.someone()
    made = await conversation(script, title="Old")
    at = f"/api/v1/conversations/{made['id']}"
    changed: dict[str, Any] = {}
    changes: list[dict[str, Any]] = [{"title": "New"}, {"pinned": True}, {"folder": "Work"}, {"archived": True}]
    for change in changes:
        changed = (await script.patch(at, json=change)).json()
        assert changed.items() >= change.items()
    assert (await script.get("/api/v1/conversations")).json()["items"] == []
    archived = (await script.get("/api/v1/conversations", params={"archived": "true", "folder": "Work"})).json()
    assert [entry["title"] for entry in archived["items"]] == ["New"]
    assert changed["position"]["offset"] == 4
    assert (await script.delete(at)).status_code == 204
    assert (await script.get(at)).status_code == 404
    assert (await script.delete(at)).status_code == 404
    restored = (await script.patch(at, json={"deleted": False})).json()
    assert restored["title"] == "New"
    assert (await script.get(at)).status_code == 200


async def test_a_list_has_pages_in_one_order(live: LiveSite) -> None:
    script, _ = await live.someone()
    made = [(await conversation(script, title=str(number)))["id"] for number in range(7)]
    await script.patch(f"/api/v1/conversations/{made[2]}", json={"pinned": True})
    seen, cursor = [], None
    while True:
        params = {"limit": "3"} | ({"cursor": cursor} if cursor else {})
        page = (await script.get("/api/v1/conversations", params=params)).json()
        seen += [entry["title"] for entry in page["items"]]
        cursor = page["next"]
        if cursor is None:
            break
    assert seen == ["2", "6", "5", "4", "3", "1", "0"]
    assert (await script.get("/api/v1/conversations", params={"cursor": "forged"})).status_code == 422


async def test_search_finds_titles_and_texts_of_ones_own(live: LiveSite) -> None:
    script, _ = await live.someone()
    other, _ = await live.someone("bob@example.org")
    live.provider.script = steps(*[[delta] for delta in words(1)], [Finish("stop")])
    plain = await conversation(script, title="Holiday plans 100%")
    await conversation(script, title="Nothing here")
    question = await conversation(script, title="Other")
    started = await sent(script, question["id"], content="Warum flattert der Kolibri?")
    await finished(script, started["message"])

    async def found(query: str, by: httpx.AsyncClient = script) -> list[str]:
        reply = await by.get("/api/v1/conversations", params={"q": query})
        assert reply.status_code == 200, reply.text
        return [entry["id"] for entry in reply.json()["items"]]

    assert await found("holiday") == [plain["id"]]
    assert await found("100%") == [plain["id"]]
    assert await found("kolib") == [question["id"]]
    assert await found("Kolibri flattert") == [question["id"]]
    assert await found("tok0") == [question["id"]]
    assert await found("zebra") == []
    assert await found("_______") == []
    assert await found("'); drop table x; --") == []
    assert await found("kolibri", other) == []
    assert await found("holiday", other) == []
    assert (await other.get("/api/v1/conversations")).json()["items"] == []


async def test_a_hit_in_a_text_comes_with_the_words_round_it(live: LiveSite) -> None:
    script, _ = await live.someone()
    live.provider.script = steps(*[[delta] for delta in words(1)], [Finish("stop")])
    await conversation(script, title="Kolibri")
    chat = await conversation(script, title="Other")
    text = f"{'before ' * 40}\n\n# Warum **flattert**\nder [Kolibri](https://x.example)? {'after ' * 500}"
    await finished(script, (await sent(script, chat["id"], content=text))["message"])

    async def found(query: str) -> dict[str, str | None]:
        reply = await script.get("/api/v1/conversations", params={"q": query})
        return {entry["title"]: entry["snippet"] for entry in reply.json()["items"]}

    hits = await found("kolib flat")
    assert list(hits) == ["Other"]
    said = hits["Other"] or ""
    assert said.startswith("…before")
    assert said.endswith("after…")
    assert "Warum flattert der Kolibri?" in said
    assert len(said) <= 122
    assert (await found("kolibri"))["Kolibri"] is None
    assert set((await found("")).values()) == {None}


async def test_what_is_anothers_is_not_found_on_every_verb(live: LiveSite) -> None:
    script, _ = await live.someone()
    other, _ = await live.someone("bob@example.org")
    made = await conversation(script)
    started = await sent(script, made["id"])
    await finished(script, started["message"])
    never = str(uuid4())
    tries: list[tuple[str, str, dict[str, Any]]] = [
        (made["id"], "conversations/{}", {}),
        (made["id"], "conversations/{}/messages", {}),
        (started["message"], "messages/{}", {}),
        (started["generation"], "generations/{}", {}),
        (started["generation"], "topics/generation.{}/events", {}),
        (made["id"], "topics/conversation.{}/events", {}),
        (made["id"], "conversations/{}", {"method": "DELETE"}),
        (made["id"], "conversations/{}", {"method": "PATCH", "json": {"title": "mine"}}),
        (made["id"], "conversations/{}", {"method": "PATCH", "json": {"deleted": False}}),
        (made["id"], "conversations/{}/messages", {"method": "POST", "json": {"content": "x"}}),
        (started["message"], "messages/{}/retry", {"method": "POST", "json": {}}),
        (started["generation"], "generations/{}/cancel", {"method": "POST"}),
    ]
    for theirs, path, kwargs in tries:
        method = kwargs.pop("method", "GET")
        replies = [await other.request(method, f"/api/v1/{path.format(known)}", **kwargs) for known in (theirs, never)]
        assert [reply.status_code for reply in replies] == [404, 404], (method, path)
        bodies = [{k: v for k, v in reply.json().items() if k != "request_id"} for reply in replies]
        assert bodies[0] == bodies[1]
    assert (await script.get(f"/api/v1/conversations/{made['id']}")).json()["title"] == "hello"


BODIES: list[tuple[str, str, bytes]] = [
    ("POST", "conversations/{c}/messages", b""),
    ("POST", "conversations/{c}/messages", b"not json"),
    ("POST", "conversations/{c}/messages", b"[]"),
    ("POST", "conversations/{c}/messages", b"{}"),
    ("POST", "conversations/{c}/messages", b'{"content": null}'),
    ("POST", "conversations/{c}/messages", b'{"content": NaN}'),
    ("POST", "conversations/{c}/messages", b'{"content": "a\\u0000b"}'),
    ("POST", "conversations/{c}/messages", b'{"content": "\\ud800"}'),
    ("POST", "conversations/{c}/messages", b'{"content": "x", "unknown": 1}'),
    ("POST", "conversations/{c}/messages", b'{"content": "x", "parent": "y"}'),
    ("POST", "conversations/{c}/messages", b'{"content": "x", "tools": [' + b"[" * 100 + b"]" * 100 + b"]}"),
    ("POST", "conversations/{c}/messages", b'{"content": "' + b"x" * 1_000_001 + b'"}'),
    ("PATCH", "conversations/{c}", b'{"title": ""}'),
    ("PATCH", "conversations/{c}", b'{"title": null}'),
    ("PATCH", "conversations/{c}", b'{"deleted": true}'),
    ("PATCH", "conversations/{c}", b'{"owner": "me"}'),
    ("POST", "conversations", b'{"title": 5}'),
    ("POST", "messages/{c}/retry", b'{"mode": "sideways"}'),
    ("GET", "conversations/nonsense", b""),
    ("GET", "messages/%00", b""),
    ("GET", "conversations/{c}/messages?cursor=%F0%9F%98%80", b""),
    ("GET", "conversations/{c}/messages?limit=-1", b""),
]


async def test_bad_bodies_are_told_apart_and_never_a_server_error(live: LiveSite) -> None:
    script, _ = await live.someone()
    place = (await conversation(script))["id"]
    for method, path, body in BODIES:
        reply = await script.request(
            method, f"/api/v1/{path.format(c=place)}", content=body, headers={"Content-Type": "application/json"}
        )
        assert 400 <= reply.status_code < 500, (path, body[:60], reply.text)
        assert reply.headers["content-type"] == "application/problem+json"
        assert reply.json()["code"] in ("bad_request", "not_found", "too_large"), (path, body[:60])
    assert (await script.get(f"/api/v1/conversations/{place}")).status_code == 200
    assert live.provider.calls == []


async def test_sends_have_a_limit_that_replays_do_not_count_against(live: LiveSite, settings, monkeypatch) -> None:
    from backend.core import limits

    settings.RIVULET = settings.RIVULET.model_copy(update={"limits": "on"})
    monkeypatch.setattr(limits, "SENDS", limits.Limit("sends", 2, 60))
    script, _ = await live.someone()
    made = await conversation(script)
    at, body = f"/api/v1/conversations/{made['id']}/messages", {"content": "hello"}
    for _ in range(5):
        assert (await script.post(at, json=body, headers={"Idempotency-Key": "k1"})).status_code == 202
    assert (await script.post(at, json=body, headers={"Idempotency-Key": "k2"})).status_code == 202
    refused = await script.post(at, json=body, headers={"Idempotency-Key": "k3"})
    assert (refused.status_code, refused.json()["code"]) == (429, "rate_limited")
    assert (await script.post(at, json=body, headers={"Idempotency-Key": "k1"})).status_code == 202


@pytest.mark.parametrize("again", [False, True])
async def test_images_reach_the_provider_as_content_parts(live: LiveSite, again: bool) -> None:
    script, _ = await live.someone()
    made = await conversation(script)
    content = [
        {"type": "text", "text": "What is this?"},
        {"type": "image_url", "image_url": {"url": "https://example.org/a.png", "detail": "low"}},
    ]
    started = await sent(script, made["id"], content=content)
    await finished(script, started["message"])
    if again:
        await finished(script, (await sent(script, made["id"], content="and now?"))["message"])
    assert live.provider.calls[-1].messages[0] == {"role": "user", "content": content}
