"""The edge believes only trusted proxies, refuses control bytes and bodies without end, and answers in one form."""

import json
from typing import Any

import pytest

from backend.core.asgi import request_id, respond, state
from backend.core.middleware import BodyLimit, Problems, RequestLog, SecurityHeaders, TrustedProxies

NETWORKS = ["10.0.0.0/8", "::1/128"]


class Sent(list[Any]):
    """What an application sent."""

    async def __call__(self, message):
        self.append(message)

    @property
    def status(self):
        return self[0]["status"]

    @property
    def headers(self):
        return {name.lower(): value.decode() for name, value in self[0]["headers"]}

    @property
    def body(self):
        return b"".join(message.get("body", b"") for message in self)


async def call(
    app, *, path="/", method="GET", headers=(), client=("10.0.0.1", 5), kind="http", body=(b"",), scheme=None
):
    scope = {
        "type": kind,
        "method": method,
        "path": path,
        "headers": list(headers),
        "client": client,
        "scheme": scheme or ("http" if kind == "http" else "ws"),
    }
    chunks = iter(body)
    left = len(body)

    async def receive():
        nonlocal left
        left -= 1
        return {"type": "http.request", "body": next(chunks), "more_body": left > 0}

    sent = Sent()
    await app(scope, receive, sent)
    return sent


async def mirror(scope, receive, send):
    seen = {
        "client": scope["client"][0],
        "scheme": scope["scheme"],
        "names": sorted(name.decode() for name, _ in scope["headers"]),
        "request_id": request_id(scope),
    }
    await respond(send, status=200, body=json.dumps(seen).encode(), content_type="application/json")


async def seen(headers, client=("10.0.0.1", 5), **kwargs):
    return json.loads(
        (await call(TrustedProxies(mirror, networks=NETWORKS), headers=headers, client=client, **kwargs)).body
    )


@pytest.mark.parametrize(
    ("forwarded", "client", "expected"),
    [
        (b"203.0.113.9", "10.0.0.1", "203.0.113.9"),
        (b"1.2.3.4, 203.0.113.9", "10.0.0.1", "203.0.113.9"),
        (b"1.2.3.4, 203.0.113.9, 10.2.2.2", "10.0.0.1", "203.0.113.9"),
        (b"203.0.113.9", "198.51.100.7", "198.51.100.7"),
        (b"nonsense", "10.0.0.1", "10.0.0.1"),
        (b"203.0.113.9, nonsense", "10.0.0.1", "10.0.0.1"),
        (b"2001:db8::5", "::1", "2001:db8::5"),
        (b"", "10.0.0.1", "10.0.0.1"),
        (b"203.0.113.9", "::ffff:10.0.0.1", "203.0.113.9"),
    ],
)
async def test_the_address_is_what_trusted_proxies_say(forwarded, client, expected):
    found = await seen([(b"x-forwarded-for", forwarded)], client=(client, 5))
    assert found["client"] == expected
    assert found["names"] == []


async def test_a_stranger_can_claim_neither_scheme_nor_request_id():
    headers = [(b"x-forwarded-proto", b"https"), (b"x-request-id", b"abcdefgh"), (b"x-real-ip", b"1.1.1.1")]
    found = await seen(headers, client=("198.51.100.7", 5))
    assert (found["scheme"], found["names"]) == ("http", [])
    assert (await seen(headers))["scheme"] == "https"


@pytest.mark.parametrize("value", [b"a\x00b", b"a\rb", b"a\nb", b"\x1b[31m", b"\x7f"])
async def test_control_bytes_in_a_header_are_refused(value):
    app = TrustedProxies(mirror, networks=NETWORKS)
    reply = await call(app, headers=[(b"x-any", value)])
    assert reply.status == 400
    problem = json.loads(reply.body)
    assert (problem["code"], problem["request_id"]) == ("bad_request", reply.headers[b"x-request-id"])
    assert (await call(app, headers=[(b"x-any", value)], kind="websocket"))[0]["type"] == "websocket.close"


async def test_each_answer_carries_its_request_id_and_the_headers_it_earned():
    async def app(scope, receive, send):
        state(scope)["headers"] = [("RateLimit-Limit", "5")]
        await mirror(scope, receive, send)

    sent = await call(RequestLog(app), headers=[(b"x-request-id", b"given-by-proxy")])
    assert sent.headers[b"x-request-id"] == json.loads(sent.body)["request_id"] == "given-by-proxy"
    assert sent.headers[b"ratelimit-limit"] == "5"
    other = await call(RequestLog(app), headers=[(b"x-request-id", b"bad id with spaces")])
    assert len(other.headers[b"x-request-id"]) == 36


@pytest.mark.parametrize("path", ["/", "/api/v1/me", "/admin/", "/api/v1/docs", "/v1/models"])
async def test_no_policy_allows_foreign_scripts_or_frames(path):
    sent = await call(SecurityHeaders(mirror), path=path)
    policy = sent.headers[b"content-security-policy"]
    assert policy.startswith("default-src 'none'")
    assert "frame-ancestors 'none'" in policy
    assert "http" not in policy
    assert sent.headers[b"x-content-type-options"] == "nosniff"
    if path == "/":
        scripts = next(part for part in policy.split("; ") if part.startswith("script-src"))
        assert scripts == "script-src 'self'"


async def test_a_cdn_is_let_into_the_page_alone_and_https_is_remembered_in_production():
    app = SecurityHeaders(mirror, cdn="https://cdn.example.org", secure=True)
    sent = await call(app)
    assert "script-src 'self' https://cdn.example.org;" in sent.headers[b"content-security-policy"]
    assert b"strict-transport-security" in sent.headers
    assert "cdn" not in (await call(app, path="/api/v1/me")).headers[b"content-security-policy"]


async def swallow(scope, receive, send):
    while (await receive())["more_body"]:
        pass
    await respond(send, status=200, body=b"ok", content_type="text/plain")


@pytest.mark.parametrize(
    ("headers", "body", "status"),
    [
        ([], (b"x" * 10,), 200),
        ([(b"content-length", b"11")], (b"x",), 413),
        ([(b"content-length", b"9" * 5000)], (b"x",), 413),
        ([], (b"x" * 6, b"x" * 6), 413),
        ([(b"content-length", b"1")], (b"x" * 11,), 413),
    ],
)
async def test_a_body_over_its_cap_is_refused_whatever_its_length_claims(headers, body, status):
    sent = await call(BodyLimit(swallow, max_bytes=10), method="POST", headers=headers, body=body)
    assert sent.status == status


async def test_what_nobody_caught_is_internal_and_shows_nothing():
    async def broken(scope, receive, send):
        raise RuntimeError("secret detail")

    sent = await call(Problems(broken), path="/anything")
    assert sent.status == 500
    assert json.loads(sent.body)["code"] == "internal"
    assert b"secret detail" not in sent.body


async def test_a_bare_error_under_the_api_becomes_a_problem_and_elsewhere_stays():
    async def bare(scope, receive, send):
        await respond(send, status=405, body=b"nope", content_type="text/html", headers=[(b"allow", b"GET")])

    sent = await call(Problems(bare), path="/api/v1/me")
    assert (sent.status, json.loads(sent.body)["code"]) == (405, "bad_request")
    assert sent.headers[b"allow"] == "GET"
    assert (await call(Problems(bare), path="/other")).body == b"nope"


async def test_the_page_that_draws_diagrams_is_a_sandbox_without_network_for_our_own_page_alone():
    sent = await call(SecurityHeaders(mirror), path="/diagram.html")
    policy = sent.headers[b"content-security-policy"]
    assert policy.startswith("default-src 'none'; script-src 'self';")
    assert "connect-src" not in policy
    assert "frame-ancestors 'self'" in policy
    assert policy.endswith("sandbox allow-scripts")
    assert b"x-frame-options" not in sent.headers
