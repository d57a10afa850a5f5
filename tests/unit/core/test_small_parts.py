"""Bodies, cursors, redaction and mail settings."""

from types import SimpleNamespace
from typing import Any

import pytest

from backend.config.mail import mail_settings
from backend.core.errors import BadRequest
from backend.core.logging import HIDDEN, redact
from backend.core.pagination import PageQuery, cursor, page
from backend.core.schemas import JsonParser


def parse(body: bytes):
    request: Any = SimpleNamespace(body=body)
    return JsonParser().parse_body(request)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"NaN",
        b'{"a": NaN}',
        b'{"a": "\\ud800"}',
        b"\xff",
        b"[" * 40 + b"]" * 40,
        b"[" * 5000,
        b'{"a": "\\u0000"}',
        b'{"\\u0000": 1}',
    ],
)
def test_a_body_that_is_not_sound_json_is_a_bad_request(body):
    with pytest.raises(BadRequest):
        parse(body)


def test_a_nul_character_is_refused_where_it_stands():
    with pytest.raises(BadRequest) as refused:
        parse(b'{"a": [{"b": "x\\u0000"}]}')
    assert refused.value.field == "a.0.b"


def test_unicode_at_its_edges_passes_unchanged():
    text = "👩‍👩‍👧 \u202eabc \U0010ffff é e\u0301"
    assert parse(f'{{"a": "{text}"}}'.encode()) == {"a": text}


def test_a_page_tells_whether_there_is_more():
    first = page([3, 2, 1], limit=2, key=str)
    assert first.items == [3, 2]
    assert PageQuery(cursor=first.next).key() == "2"
    assert page([1], limit=2, key=str).next is None


@pytest.mark.parametrize("given", ["!!!", "é", cursor("not a uuid"), "AAAA"])
def test_a_cursor_that_no_list_gave_is_refused(given):
    with pytest.raises(BadRequest):
        PageQuery(cursor=given).before()


def test_no_secret_reaches_a_log_line():
    line = redact(
        None,
        "info",
        {
            "event": "sent rvk_abcdef123456 with Bearer xyz and eyJhbGciOi.eyJzdWIiOi.c2ln",
            "password": "p",
            "Authorization": "Basic x",
            "api_key": "k",
            "path": "/c/1",
        },
    )
    assert line["password"] == line["Authorization"] == line["api_key"] == HIDDEN
    assert line["path"] == "/c/1"
    for secret in ("rvk_abcdef", "xyz", "eyJ"):
        assert secret not in line["event"]


def test_one_url_is_the_whole_mail_setting():
    found = mail_settings("smtp+tls://me%40x:p%2Fw@mail.example.org")
    assert (found.host, found.port, found.user, found.password, found.starttls) == (
        "mail.example.org",
        587,
        "me@x",
        "p/w",
        True,
    )
    assert mail_settings("").backend.endswith("console.EmailBackend")
