"""The REST API: bad input is named and never breaks anything, answers carry limits, and a request stays on the loop."""

import asyncio
import concurrent.futures
import json
import threading

import pytest

from backend.core import limits

PROBLEM = "application/problem+json"


async def member(site, **fields):
    return await site.script(await site.person(**fields))


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "field"),
    [
        ("POST", "/api/v1/keys", {"scopes": ["everything"]}, 422, "scopes.0"),
        ("POST", "/api/v1/keys", {"name": None}, 422, "name"),
        ("POST", "/api/v1/keys", {"name": 5}, 422, "name"),
        ("POST", "/api/v1/keys", {"name": "x" * 121}, 422, "name"),
        ("POST", "/api/v1/keys", {"name": "x", "admin": True}, 422, "admin"),
        ("POST", "/api/v1/keys", {"expires": "yesterday"}, 422, "expires"),
        ("POST", "/api/v1/keys", {"expires": "2020-01-01T00:00:00Z"}, 422, "expires"),
        ("POST", "/api/v1/keys", {"expires": "2099-01-01T00:00:00"}, 422, "expires"),
        ("POST", "/api/v1/keys", {"scopes": []}, 422, "scopes"),
        ("POST", "/api/v1/keys", {"name": "\0"}, 422, "name"),
        ("PATCH", "/api/v1/me", {"role": "admin"}, 422, "role"),
        ("PATCH", "/api/v1/me", {"name": ["a"]}, 422, "name"),
        ("PATCH", "/api/v1/me", {"preferences": "dark"}, 422, "preferences"),
        ("PATCH", "/api/v1/me", {"preferences": {"x": "y" * 20_000}}, 422, "preferences"),
        ("GET", "/api/v1/keys?limit=0", None, 422, "limit"),
        ("GET", "/api/v1/keys?limit=many", None, 422, "limit"),
        ("GET", "/api/v1/keys?cursor=!!!", None, 422, "cursor"),
        ("DELETE", "/api/v1/keys/not-a-uuid", None, 422, "key_id"),
    ],
)
async def test_bad_input_is_answered_with_the_field_named(site, method, path, body, status, field):
    reply = await (await member(site)).request(method, path, json=body)
    assert (reply.status_code, reply.headers["content-type"]) == (status, PROBLEM), reply.text
    problem = reply.json()
    assert problem["code"] == "bad_request"
    assert problem["errors"][0]["field"] == field
    assert problem["request_id"] == reply.headers["x-request-id"]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"null",
        b"[]",
        b"5",
        b'"x"',
        b"{",
        b"NaN",
        b"\xff\xfe",
        b'{"name": "\\ud800"}',
        b"[" * 3000,
        b'{"a":' * 40 + b"1" + b"}" * 40,
    ],
)
async def test_a_body_that_is_no_sound_object_is_a_bad_request(site, content):
    script = await member(site)
    for method, path in (("POST", "/api/v1/keys"), ("PATCH", "/api/v1/me")):
        reply = await script.request(method, path, content=content, headers={"content-type": "application/json"})
        assert reply.status_code in {400, 422}, reply.text
        assert reply.json()["code"] == "bad_request"
    assert (await script.get("/api/v1/me")).status_code == 200


async def test_a_body_over_the_cap_is_too_large(site):
    reply = await (await member(site)).patch("/api/v1/me", content=b" " * (8 * 1024 * 1024 + 1))
    assert (reply.status_code, reply.json()["code"]) == (413, "too_large")


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/api/v1/nothing", 404, "not_found"),
        ("PUT", "/api/v1/me", 405, "bad_request"),
        ("DELETE", "/api/v1/sessions/999999999999999999999999", 404, "not_found"),
        ("GET", "/api/v1/%00", 404, "not_found"),
        ("GET", "/api/%2e%2e/v1/me", 404, "not_found"),
    ],
)
async def test_an_unknown_address_or_method_is_a_problem_too(site, method, path, status, code):
    reply = await (await member(site)).request(method, path)
    assert (reply.status_code, reply.json()["code"], reply.headers["content-type"]) == (status, code, PROBLEM)


async def test_what_breaks_inside_is_internal_and_shows_no_detail(site, monkeypatch):
    from backend.accounts import selectors

    async def broken(*_: object) -> None:
        raise RuntimeError("password=hunter2")

    script = await member(site)
    monkeypatch.setattr(selectors, "profile", broken)
    reply = await script.get("/api/v1/me")
    assert (reply.status_code, reply.json()["code"]) == (500, "internal")
    assert "hunter2" not in reply.text
    assert "Traceback" not in reply.text


async def test_preferences_are_merged_and_unicode_comes_back_exactly(site):
    script = await member(site)
    name = "Ada 👩‍👩‍👧 \u202eabc e\u0301"
    await script.patch("/api/v1/me", json={"name": name, "preferences": {"theme": "dark", "send": "enter"}})
    reply = await script.patch("/api/v1/me", json={"preferences": {"theme": "light", "send": None}})
    assert (reply.json()["name"], reply.json()["preferences"]) == (name, {"theme": "light"})


async def test_requests_are_limited_per_person_with_the_usual_headers(site, monkeypatch):
    monkeypatch.setattr(limits, "REST", limits.Limit("rest", 3, 60))
    script, other = await member(site), await member(site, email="bob@example.org")
    replies = [await script.get("/api/v1/me") for _ in range(4)]
    assert [reply.status_code for reply in replies] == [200, 200, 200, 429]
    assert [reply.headers["ratelimit-remaining"] for reply in replies] == ["2", "1", "0", "0"]
    assert replies[3].json()["code"] == "rate_limited"
    assert int(replies[3].headers["retry-after"]) >= 1
    assert (await other.get("/api/v1/me")).status_code == 200


async def test_limits_can_be_off(site, monkeypatch, settings):
    settings.RIVULET = settings.RIVULET.model_copy(update={"limits": "off"})
    monkeypatch.setattr(limits, "REST", limits.Limit("rest", 1, 60))
    script = await member(site)
    assert {(await script.get("/api/v1/me")).status_code for _ in range(3)} == {200}


async def test_the_schema_is_openapi_3_1_and_the_docs_need_no_foreign_host(site):
    client = site.client()
    schema = (await client.get("/api/v1/openapi.json")).json()
    assert schema["openapi"].startswith("3.1")
    operations = [each for path in schema["paths"].values() for each in path.values()]
    names = [each["operationId"] for each in operations]
    assert len(names) == len(set(names))
    assert all("default" in each["responses"] and each["security"] == [{"Auth": []}] for each in operations)
    docs = await client.get("/api/v1/docs")
    assert "https://" not in docs.text
    assert (await client.get("/static/ninja/swagger-ui-bundle.js")).status_code == 200


async def test_the_answer_of_an_api_request_costs_two_thread_hops_at_most(site, monkeypatch):
    script = await member(site)
    await script.get("/api/v1/me")
    hops: list[str] = []
    submit = concurrent.futures.ThreadPoolExecutor.submit
    main = threading.get_ident()

    def counted(self, fn, /, *args, **kwargs):
        if threading.get_ident() == main:
            hops.append(getattr(fn, "__qualname__", str(fn)))
        return submit(self, fn, *args, **kwargs)

    monkeypatch.setattr(concurrent.futures.ThreadPoolExecutor, "submit", counted)
    assert (await script.get("/api/v1/me")).status_code == 200
    assert hops == []
    assert (await script.patch("/api/v1/me", json={"name": "Ada"})).status_code == 200
    assert len(hops) <= 1, hops
    hops.clear()
    await asyncio.to_thread(int)
    assert len(hops) == 1


async def test_a_spoofed_forwarding_header_from_a_stranger_changes_nothing(site, caplog):
    stranger = site.client(address="203.0.113.9", **{"X-Forwarded-For": "127.0.0.1", "X-Forwarded-Proto": "https"})
    await stranger.get("/api/v1/me")
    line = next(
        json.loads(json.dumps(record.msg, default=str)) for record in caplog.records if record.name == "rivulet.http"
    )
    assert line["client"] == "203.0.113.9"
