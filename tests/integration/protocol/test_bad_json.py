"""A body that is no sound JSON object is refused with a sentence, in its address's own shape, and breaks nothing."""

from typing import Any

import pytest

from tests.support.live import LiveSite
from tests.support.protocol import conversation

BODIES = {
    "names that come twice": b'{"content": "a", "content": "b"}',
    "names that come twice inside": b'{"content": "a", "params": {"stop": "a", "stop": "b"}}',
    "names that come twice by an escape": b'{"content": "a", "c\\u006fntent": "b"}',
    "not a number": b'{"content": NaN}',
    "infinity": b'{"content": -Infinity}',
    "a number beyond all": b'{"content": 1e999}',
    "a very long number": b'{"content": ' + b"9" * 5000 + b"}",
    "half a character": b'{"content": "\\ud83d"}',
    "half a character as a name": b'{"\\udc00": 1}',
    "half a character as bytes": b'{"content": "\xed\xa0\x80"}',
    "a NUL": b'{"content": "a\\u0000b"}',
    "depth": b'{"content": ' + b"[" * 200 + b"]" * 200 + b"}",
    "more depth": b"[" * 100_000,
    "an array": b"[]",
    "a string": b'"content"',
    "null": b"null",
    "a byte order mark": b'\xef\xbb\xbf{"content": "a"}',
    "something behind": b'{"content": "a"} {}',
    "a comment": b'{"content": "a" /* b */}',
    "a control character": b'{"content": "a\x01"}',
    "invalid bytes": b"\xff\xfe{\x00",
    "nothing": b"",
}
JSON = {"Content-Type": "application/json"}


@pytest.mark.parametrize("name", BODIES)
async def test_the_api_refuses(live: LiveSite, name: str) -> None:
    script, _ = await live.someone()
    place = await conversation(script)
    for method, path in (
        ("POST", f"/api/v1/conversations/{place}/messages"),
        ("POST", "/api/v1/conversations"),
        ("PATCH", f"/api/v1/conversations/{place}"),
        ("PATCH", "/api/v1/me"),
        ("POST", "/api/v1/keys"),
    ):
        reply = await script.request(method, path, content=BODIES[name], headers=JSON)
        problem = reply.json()
        assert (reply.status_code, problem["code"], problem["temporary"]) == (422, "bad_request", False), (
            path,
            problem,
        )
        assert reply.headers["content-type"] == "application/problem+json"
    assert live.provider.calls == []


@pytest.mark.parametrize("name", BODIES)
async def test_the_openai_api_refuses_in_its_own_shape(live: LiveSite, name: str) -> None:
    script, _ = await live.someone()
    body = BODIES[name].replace(b"content", b"messages").replace(b'"params"', b'"metadata"')
    reply = await script.post("/v1/chat/completions", content=body, headers=JSON)
    error = reply.json()["error"]
    assert (reply.status_code, error["type"], error["code"]) == (400, "invalid_request_error", "bad_request"), error
    assert set(error) == {"message", "type", "param", "code"}
    assert live.provider.calls == []


async def test_a_name_that_comes_twice_is_named(live: LiveSite) -> None:
    script, _ = await live.someone()
    body = BODIES["names that come twice"]
    reply = await script.post(
        f"/api/v1/conversations/{await conversation(script)}/messages", content=body, headers=JSON
    )
    assert reply.json()["errors"][0]["field"] == "content"
    body = b'{"model": "a", "messages": [], "model": "b"}'
    asked = await script.post("/v1/chat/completions", content=body, headers=JSON)
    assert asked.json()["error"]["param"] == "model"


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"stream": "yes"}, "stream"),
    ({"stream": 1}, "stream"),
    ({"store": "true"}, "store"),
    ({"stream_options": {"include_usage": "on"}}, "stream_options.include_usage"),
    ({"stream_options": {"usage": True}}, "stream_options.usage"),
    ({"temperature": "0.5"}, "temperature"),
    ({"temperature": True}, "temperature"),
    ({"max_tokens": "5"}, "max_tokens"),
    ({"max_tokens": 5.5}, "max_tokens"),
    ({"max_tokens": True}, "max_tokens"),
    ({"seed": 10**30}, "seed"),
    ({"stop": 5}, "stop"),
    ({"stop": ["a", 5]}, "stop"),
    ({"model": 5}, "model"),
    ({"logprobs": "no"}, "logprobs"),
    ({"tools": {}}, "tools"),
    ({"tools": ["a"]}, "tools[0]"),
    ({"tool_choice": 5}, "tool_choice"),
    ({"metadata": {"a": 1}}, "metadata.a"),
    ({"logit_bias": {"5": "1"}}, "logit_bias.5"),
    ({"messages": [{"role": "user", "content": 5}]}, "messages[0].content"),
    ({"messages": [{"role": "user", "content": ["a"]}]}, "messages[0].content"),
    ({"messages": [{"role": "nobody", "content": "a"}]}, "messages[0].role"),
    ({"messages": [{"content": "a"}]}, "messages[0].role"),
    ({"messages": "hello"}, "messages"),
    ({"messages": ["hello"]}, "messages[0]"),
    ({"messages": None}, "messages"),
    ({"surprise": 1}, "surprise"),
]


@pytest.mark.parametrize(("fields", "param"), WRONG, ids=range(len(WRONG)))
@pytest.mark.parametrize("store", [True, False])
async def test_a_field_of_the_wrong_type_is_named_in_openais_shape(
    live: LiveSite, fields: dict[str, Any], param: str, store: bool
) -> None:
    script, _ = await live.someone()
    body = {"model": "scripted", "messages": [{"role": "user", "content": "hello"}], "store": store, **fields}
    reply = await script.post("/v1/chat/completions", json=body)
    error = reply.json()["error"]
    assert (reply.status_code, error["code"], error["param"]) == (400, "bad_request", param), error
    assert live.provider.calls == []


SIGN_IN = {
    "names that come twice": b'{"email": "a@example.org", "email": "b@example.org", "password": "x"}',
    "not a number": b'{"email": NaN, "password": "x"}',
    "half a character": b'{"email": "a@example.org", "password": "\\ud83d"}',
    "half a character as bytes": b'{"email": "\xed\xa0\x80", "password": "x"}',
    "a NUL": b'{"email": "a\\u0000@example.org", "password": "a\\u0000"}',
    "depth": b"[" * 100_000,
    "an array": b"[]",
    "wrong types": b'{"email": {"a": 1}, "password": [1]}',
    "nothing": b"",
}


@pytest.mark.parametrize("name", SIGN_IN)
async def test_signing_in_and_up_survives(live: LiveSite, name: str) -> None:
    for path in ("login", "signup"):
        at = f"/_allauth/app/v1/auth/{path}"
        reply = await live.client().post(at, content=SIGN_IN[name], headers=JSON)
        assert reply.status_code == 400, reply.text
