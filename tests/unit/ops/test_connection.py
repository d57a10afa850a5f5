"""The doctor's judgements without a network: what was measured means what the rules say."""

import json
import ssl
from collections.abc import AsyncIterator

import pytest

from backend.config.environment import ROOT
from backend.ops.connection import arrival, document, traffic
from backend.ops.connection.arrival import BadCertificate, Redirected
from backend.ops.connection.line import Line, events
from backend.ops.connection.report import Result, as_json, as_text
from backend.ops.connection.rules import PROXIES, number, page, rules, words
from backend.outbound import ConnectFailed

SEEN = {
    "signed_in": True,
    "scheme": "https",
    "host": "chat.example.org",
    "client": "203.0.113.9",
    "forwarded": ["x-forwarded-for", "x-forwarded-proto"],
    "trusted": True,
    "http_version": "1.1",
    "time": 1000.0,
}
PARTS = set(PROXIES) - {"rivulet"}


def line(url="https://chat.example.org"):
    return Line(url)


def symptoms(results):
    return [result.symptom for result in results]


def test_every_symptom_has_words_and_lines_for_all_proxies_or_for_none():
    for symptom in rules().symptoms.values():
        assert all(symptom.sentences.values())
        assert set(symptom.lines) - {"rivulet"} in (set(), PARTS), symptom.code


def test_the_page_and_the_docs_carry_all_of_it():
    assert set(json.loads(page())["lines"]) == set(rules().symptoms)
    assert set(json.loads(words("de"))) == {*rules().symptoms, *(f"check_{code}" for code in rules().checks)}
    text = document.page()
    assert all(lines in text for symptom in rules().symptoms.values() for lines in symptom.lines.values())


@pytest.mark.parametrize(
    "symptom", ["scheme_wrong", "host_wrong", "body_refused", "idle_cut", "poll_cut", "http_1_0", "buffering_on"]
)
def test_the_lines_for_nginx_are_those_of_the_deployments_own_template(symptom):
    template = (ROOT / "deploy" / "nginx" / "nginx.conf.template").read_text()
    for advised in rules().symptoms[symptom].lines["nginx"].splitlines():
        name = advised.split()[0]
        told = advised.replace("$scheme", "$client_scheme")  # the template believes a proxy before it as well
        assert told in template or name == "proxy_send_timeout", advised


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({}, [None]),
        ({"host": "CHAT.example.org:443"}, [None]),
        ({"scheme": "http"}, ["scheme_wrong"]),
        ({"host": "rivulet"}, ["host_wrong"]),
        ({"host": "chat.example.org:8000"}, ["host_wrong"]),
        ({"host": "chat.example.org:x"}, ["host_wrong"]),
        ({"scheme": "http", "host": "rivulet"}, ["scheme_wrong", "host_wrong"]),
        ({"forwarded": ["x-forwarded-proto"]}, ["address_missing"]),
        ({"forwarded": [], "client": "127.0.0.1"}, ["address_missing"]),
        ({"forwarded": []}, [None]),
        ({"trusted": False, "scheme": "http"}, ["proxy_untrusted"]),
    ],
)
def test_what_the_server_sees_is_held_against_the_address(change, expected):
    assert symptoms(arrival.forwarded(line(), SEEN | change)) == expected


@pytest.mark.parametrize("url", ["ftp://chat.example.org", "chat.example.org", "https://"])
def test_what_is_no_url_is_refused(url):
    with pytest.raises(ValueError, match="must begin with"):
        Line(url)


@pytest.mark.parametrize(
    ("code", "symptom"),
    [
        (10, "certificate_expired"),
        (62, "certificate_name"),
        (18, "certificate_untrusted"),
        (20, "certificate_untrusted"),
    ],
)
async def test_what_is_wrong_with_a_certificate_is_named(monkeypatch, code, symptom):
    error = ssl.SSLCertVerificationError()
    error.verify_code, error.verify_message = code, "because."

    async def fails(*_: object) -> None:
        raise ConnectFailed("no", certificate=error)

    asked = line()
    monkeypatch.setattr(asked, "ask", fails)
    with pytest.raises(BadCertificate) as raised:
        await arrival.reach(asked)
    assert (raised.value.result.symptom, raised.value.result.measured) == (symptom, "because")


@pytest.mark.parametrize(
    ("location", "better"),
    [
        ("https://chat.example.org/login", "https://chat.example.org"),
        ("https://chat.example.org:8443/", "https://chat.example.org:8443"),
        ("https://evil.example.org/", None),
        ("http://chat.example.org/x", None),
        ("/login", None),
    ],
)
def test_a_redirect_is_followed_only_to_https_on_the_same_host(location, better):
    assert Redirected(location).better(line("http://chat.example.org")) == better


async def reads(*chunks: bytes) -> AsyncIterator[bytes]:
    for chunk in chunks:
        yield chunk


async def test_events_are_counted_where_reads_cut_them_in_two():
    assert [ended async for ended in events(reads(b"data: 1\n", b"\ndata: 2\n\n", b"data: 3", b"\n\n"))] == [0, 2, 0, 1]


def test_a_lump_and_a_part_are_not_events_one_by_one():
    times = [index * number("gap_ms") / 1000 for index in range(int(number("events")))]
    assert traffic.apart(times)
    assert not traffic.apart([0.5 for _ in times])
    assert not traffic.apart(times[1:])


def test_a_clock_that_is_off_is_worth_a_word():
    assert arrival.clock(SEEN, asked=999.0, answered=1001.0).outcome == "ok"
    assert arrival.clock(SEEN, asked=1059.0, answered=1061.0).symptom == "clock_off"


def test_a_result_as_text_and_as_json():
    result = Result("stream", "failed", "6 events over 2 ms", "over 1000 ms", "stream_buffered")
    text = "\n".join(as_text(result, proxy="nginx"))
    assert "FAILED  Events arrive one by one: 6 events over 2 ms (expected: over 1000 ms)" in text
    assert "proxy_buffering off;" in text
    assert "HAProxy" not in text
    assert set(as_json(result)["lines"]) == PARTS
