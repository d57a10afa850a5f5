"""Whatever a field holds, the answer names what is wrong with it, and is never the server's fault."""

from typing import Any
from uuid import uuid4

import pytest

from tests.support.live import LiveSite
from tests.support.protocol import conversation, stored

DEEP: dict[str, Any] = {}
for _ in range(60):
    DEEP = {"a": DEEP}

WRONG = [
    ({"tools": [{"type": "function", "function": {"name": "a\0b"}}]}, "tools"),
    ({"tools": [{"a\0b": 1}]}, "tools"),
    ({"tools": [DEEP]}, "tools"),
    ({"params": {"tool_choice": {"a": "\0"}}}, "params"),
    ({"params": {"response_format": {"\0": "a"}}}, "params"),
    ({"params": {"temperature": "0.5"}}, "params"),
    ({"params": {"max_tokens": True}}, "params"),
    ({"params": {"parallel_tool_calls": "yes"}}, "params"),
    ({"content": "x" * 1_000_001}, "content"),
    ({"content": [{"type": "text", "text": 5}]}, "content"),
]


@pytest.mark.parametrize(("fields", "named"), WRONG, ids=range(len(WRONG)))
async def test_a_wrong_field_of_a_send_is_named_on_both_transports(
    live: LiveSite, fields: dict[str, Any], named: str
) -> None:
    script, key = await live.someone()
    place = await conversation(script)
    reply = await script.post(f"/api/v1/conversations/{place}/messages", json={"content": "hello", **fields})
    problem = reply.json()
    assert (reply.status_code, problem["code"]) == (422, "bad_request"), problem
    assert {entry["field"].split(".")[0] for entry in problem["errors"]} == {named}
    assert "[" not in problem["errors"][0]["field"]
    if len(str(fields)) < 60_000:
        ada = await live.socket(key)
        given = {"client_msg_id": str(uuid4()), "content": "hello", **fields}
        error = (await ada.call("message.send", **given))["error"]
        assert (error["code"], error["temporary"]) == ("bad_request", False)
        await ada.leave()
    assert live.provider.calls == []


@pytest.mark.parametrize("store", [True, False])
async def test_what_cannot_be_stored_is_refused_by_the_openai_api_too(live: LiveSite, store: bool) -> None:
    script, _ = await live.someone()
    for more in ({"messages": [{"role": "user", "content": "a\0b"}]}, {"tools": [{"a": "\0"}]}, {"tools": [DEEP]}):
        body = {"model": "scripted", "messages": [{"role": "user", "content": "hello"}], "store": store, **more}
        reply = await script.post("/v1/chat/completions", json=body)
        assert (reply.status_code, reply.json()["error"]["code"]) == (400, "bad_request"), reply.text
        assert reply.json()["error"]["param"].startswith(next(iter(more)))


@pytest.mark.parametrize(
    ("query", "named"),
    [("folder=%00", "folder"), ("q=%00", "q"), ("limit=0", "limit"), ("limit=x", "limit"), ("cursor=%00", "cursor")],
)
async def test_a_wrong_parameter_of_a_list_is_named(live: LiveSite, query: str, named: str) -> None:
    script, _ = await live.someone()
    reply = await script.get(f"/api/v1/conversations?{query}")
    assert (reply.status_code, reply.json()["code"]) == (422, "bad_request")
    assert reply.json()["errors"][0]["field"] == named


@pytest.mark.parametrize("value", ["yes", 1, "true", []])
async def test_a_flag_is_true_or_false_and_nothing_that_looks_like_it(live: LiveSite, value: object) -> None:
    script, _ = await live.someone()
    place = await conversation(script)
    for flag in ("pinned", "archived"):
        reply = await script.patch(f"/api/v1/conversations/{place}", json={flag: value})
        assert (reply.status_code, reply.json()["errors"][0]["field"]) == (422, flag)


async def test_a_model_that_is_nowhere_is_not_worth_another_try(live: LiveSite) -> None:
    script, _ = await live.someone()
    place = await conversation(script)
    sent = await script.post(f"/api/v1/conversations/{place}/messages", json={"content": "hello", "model": "nowhere"})
    body = {"model": "nowhere", "messages": [{"role": "user", "content": "hello"}]}
    asked = await script.post("/v1/chat/completions", json=body)
    assert (sent.status_code, asked.status_code) == (404, 404)
    problem, error = sent.json(), asked.json()["error"]
    assert (problem["code"], problem["temporary"]) == ("model_unavailable", False)
    assert (error["code"], error["type"], error["param"]) == ("model_unavailable", "invalid_request_error", "model")


KEYS = ["schlüssel".encode(), "schlüssel".encode("latin-1"), b"", b"k" * 201, b"\xff", b"a\tb"]


@pytest.mark.parametrize("key", KEYS, ids=range(len(KEYS)))
async def test_an_idempotency_key_that_is_not_plain_is_refused_by_name(live: LiveSite, key: bytes) -> None:
    script, _ = await live.someone()
    place = await conversation(script)
    done = await script.post(f"/api/v1/conversations/{place}/messages", json={"content": "hello"})
    await stored(script, done.json()["message"])
    calls = len(live.provider.calls)
    for path, body in (
        (f"/api/v1/conversations/{place}/messages", {"content": "hello"}),
        (f"/api/v1/messages/{done.json()['message']}/retry", {"mode": "again"}),
    ):
        reply = await script.post(path, json=body, headers={b"Idempotency-Key": key})
        problem = reply.json()
        assert (reply.status_code, problem["code"]) == (422, "bad_request"), problem
        assert problem["errors"][0]["field"] == "Idempotency-Key"
    assert len(live.provider.calls) == calls


async def test_an_idempotency_key_may_have_two_hundred_characters(live: LiveSite) -> None:
    script, _ = await live.someone()
    path = f"/api/v1/conversations/{await conversation(script)}/messages"
    header = {"Idempotency-Key": "~ key " + "k" * 194}
    first, again = [await script.post(path, json={"content": "hello"}, headers=header) for _ in "12"]
    assert (first.status_code, again.json()) == (202, first.json())
