"""A cookie counts on our own origin only."""

import pytest

from backend.accounts import origins
from backend.core.errors import Forbidden

HOST = "chat.example.org"


def allowed(origin, *, host=HOST, secure=True, method="GET", fetch_site=None) -> bool:
    try:
        origins.require_same_origin(origin=origin, host=host, secure=secure, method=method, fetch_site=fetch_site)
    except Forbidden:
        return False
    return True


@pytest.mark.parametrize(
    "origin",
    [
        "https://evil.example",
        "null",
        "http://chat.example.org",
        "https://chat.example.org.evil.example",
        "https://chat.example.org:8443",
        "https://sub.chat.example.org",
        "https://chat.example.org@evil.example",
        "https://chat-example.org",
        "https://chat.example.org/path",
        "https://chat.example.org:99999",
        "ws://chat.example.org",
        "",
        "https://",
        "https://[::1",
    ],
)
def test_a_foreign_null_http_or_look_alike_origin_is_refused(origin):
    assert not allowed(origin)
    assert not allowed(origin, method="POST")


@pytest.mark.parametrize(
    ("origin", "host", "secure"),
    [
        ("https://chat.example.org", HOST, True),
        ("https://chat.example.org:443", HOST, True),
        ("https://CHAT.example.org", HOST, True),
        ("http://127.0.0.1:8000", "127.0.0.1:8000", False),
        ("http://[::1]:8000", "[::1]:8000", False),
    ],
)
def test_our_own_origin_is_accepted(origin, host, secure):
    assert allowed(origin, host=host, secure=secure, method="POST")


@pytest.mark.parametrize(
    ("method", "fetch_site", "expected"),
    [
        ("GET", None, True),
        ("GET", "same-origin", True),
        ("GET", "none", True),
        ("GET", "cross-site", False),
        ("GET", "same-site", False),
        ("POST", None, False),
        ("DELETE", "same-origin", False),
    ],
)
def test_without_an_origin_only_safe_methods_of_no_foreign_page_pass(method, fetch_site, expected):
    assert allowed(None, method=method, fetch_site=fetch_site) is expected


@pytest.mark.parametrize(
    ("cookie", "header"), [(None, None), ("a" * 32, None), ("a" * 32, "b" * 32), ("a", "a"), ("", "")]
)
def test_a_missing_or_wrong_csrf_token_is_refused(cookie, header):
    with pytest.raises(Forbidden):
        origins.require_csrf(cookie=cookie, header=header)


def test_the_csrf_header_carries_the_cookie():
    origins.require_csrf(cookie="a" * 32, header="a" * 32)


def test_a_cookie_that_comes_with_two_values_is_dropped():
    scope = {"headers": [(b"cookie", b"s=1; t=2; s=3"), (b"cookie", b"u=4; u=4")]}
    assert origins.cookies(scope) == {"t": "2", "u": "4"}
