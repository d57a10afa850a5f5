"""The connection doctor finds what is broken in the proxy, names the line, and has nothing to say of the right one."""

import asyncio
import json
import re
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from playwright.sync_api import Browser, Page, Playwright, expect

from backend.ops.connection.engine import examine
from backend.ops.connection.report import Result
from backend.ops.connection.rules import rules
from tests.e2e.conftest import PHONE
from tests.e2e.test_axe import violations
from tests.e2e.watch import Watch
from tests.support import run
from tests.support.crooked import Change, Crooked
from tests.support.person import Person
from tests.support.product import Product, free_port

UPGRADE = "proxy_set_header Upgrade $http_upgrade;"
OLD: Change = ("proxy_http_version 1.1;", "proxy_http_version 1.0;")
HOLDS: Change = ("proxy_buffering off;", "proxy_buffering on;")
DEAF: Change = (HOLDS[0], f"{HOLDS[1]} proxy_ignore_headers X-Accel-Buffering;")
BROKEN: dict[str, list[Change]] = {
    "right": [],
    "upgrade": [(UPGRADE, ""), ("proxy_set_header Connection $upstream_connection;", "")],
    "http10": [OLD],
    "request_protocol": [(UPGRADE, f'{UPGRADE} proxy_set_header Sec-WebSocket-Protocol "";')],
    "answer_protocol": [(UPGRADE, f"{UPGRADE} proxy_hide_header Sec-WebSocket-Protocol;")],
    "buffers": [OLD, DEAF],
    "default": [OLD, HOLDS],  # what nginx does by itself
    "second": [OLD, HOLDS, ("http://rivulet", "http://127.0.0.1:@default")],
    "gzip": [(DEAF[0], f"{DEAF[1]} gzip on; gzip_types text/event-stream; gzip_min_length 1; gzip_proxied any;")],
    "impatient": [("proxy_read_timeout 90s;", "proxy_read_timeout 2s;")],
    "small": [("client_max_body_size 16m;", "client_max_body_size 100k;")],
    "host": [("proxy_set_header Host $http_host;", "")],
    "address": [("proxy_set_header X-Forwarded-For $client_addresses;", "")],
    "key": [(UPGRADE, f'{UPGRADE} proxy_set_header Authorization "";')],
    "gateway": [("http://rivulet", f"http://127.0.0.1:{free_port()}")],
    "tls": [],
    "tls_scheme": [("proxy_set_header X-Forwarded-Proto $client_scheme;", "")],
    "plain": [("proxy_pass http://rivulet;", "return 301 https://127.0.0.1:@tls$request_uri;")],
}
FOUND = [
    ("upgrade", "upgrade", "upgrade_missing", "proxy_set_header Upgrade $http_upgrade;"),
    ("http10", "http", "http_1_0", "proxy_http_version 1.1;"),
    ("http10", "upgrade", "upgrade_missing", "proxy_http_version 1.1;"),
    ("request_protocol", "subprotocol", "subprotocol_stripped", "proxy_set_header Sec-WebSocket-Protocol"),
    ("answer_protocol", "subprotocol", "subprotocol_stripped", "proxy_hide_header Sec-WebSocket-Protocol;"),
    ("buffers", "stream", "stream_buffered", "proxy_buffering off;"),
    ("default", "stream", "buffering_on", "proxy_buffering off;"),
    ("second", "stream", "stream_buffered", "proxy_buffering off;"),
    ("gzip", "stream", "stream_buffered", "proxy_buffering off;"),
    ("gzip", "compression", "stream_compressed", "gzip_types"),
    ("impatient", "socket_idle", "idle_cut", "proxy_read_timeout 90s;"),
    ("impatient", "poll", "poll_cut", "proxy_read_timeout 90s;"),
    ("impatient", "silence", "silence_cut", "proxy_read_timeout 3600s;"),
    ("small", "body", "body_refused", "client_max_body_size 16m;"),
    ("host", "forwarded", "host_wrong", "proxy_set_header Host $http_host;"),
    ("address", "forwarded", "address_missing", "proxy_set_header X-Forwarded-For"),
    ("key", "account", "authorization_stripped", "proxy_set_header Authorization $http_authorization;"),
    ("gateway", "reach", "bad_gateway", "proxy_pass http://127.0.0.1:8000;"),
    ("tls", "certificate", "certificate_untrusted", "fullchain.pem"),
    ("tls_scheme", "forwarded", "scheme_wrong", "proxy_set_header X-Forwarded-Proto $scheme;"),
    ("plain", "reach", "redirected", None),
]
PAGE = {"page": [OLD, DEAF, *BROKEN["impatient"], *BROKEN["small"]]}
MENDED = {
    "http": "proxy_http_version 1.1;",
    "upgrade": UPGRADE,
    "stream": "proxy_buffering off;",
    "body": "client_max_body_size 16m;",
    "poll": "proxy_read_timeout 90s;",
}


@pytest.fixture(scope="module")
def site() -> Iterator[Product]:
    """A product that is quick to ping."""
    with Product(run.new_home(), TIME_SCALE="0.15", LIMITS="off", TITLES="off") as running:
        yield running


@pytest.fixture(scope="module")
def proxy(site: Product) -> Iterator[Crooked]:
    with Crooked(run.new_home(), node=f"127.0.0.1:{site.port}", servers=BROKEN | PAGE) as running:
        yield running


@pytest.fixture(scope="module")
def patient(site: Product, playwright: Playwright) -> Iterator[Callable[[], Person]]:
    """Makes people of that product."""
    made: list[Person] = []

    def make() -> Person:
        made.append(Person(playwright, site.url, name="asclepius"))
        return made[-1]

    yield make
    for one in made:
        one.close()


@pytest.fixture
def opened(
    browser: Browser, proxy: Crooked, patient: Callable[[], Person], watch: Watch
) -> Iterator[Callable[..., Page]]:
    """Opens the page behind a server."""
    contexts = []

    def go(server: str, *, stranger: bool = False, **options: Any) -> Page:
        url = proxy.url(server)
        state = None if stranger else patient().state(url)
        context = browser.new_context(locale="en-GB", base_url=url, storage_state=state, **options)
        context.grant_permissions(["clipboard-read", "clipboard-write"], origin=url)
        contexts.append(context)
        watch.follow(context)
        page = context.new_page()
        page.goto("/doctor")
        return page

    yield go
    for context in contexts:
        context.close()


def key_of(person: Person) -> str:
    found: str = person.api("POST", "keys", {"name": "doctor"})["key"]
    return found


@pytest.fixture(scope="module")
def examined(proxy: Crooked, patient: Callable[[], Person]) -> Iterator[dict[str, list[Result]]]:
    """What the doctor says of each server."""
    key = key_of(patient())

    async def all_of_them() -> dict[str, list[Result]]:
        async def one(name: str) -> list[Result]:
            idle = 3.0 if name == "impatient" else None
            found = examine(proxy.url(name), key=key, insecure=name == "tls_scheme", idle=idle)
            return [result async for result in found]

        return dict(zip(BROKEN, await asyncio.gather(*map(one, BROKEN)), strict=True))

    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(rules().numbers, "slow_ms", 60_000)  # how busy the machine is, is not the matter
        yield elsewhere(lambda: asyncio.run(all_of_them()))


def elsewhere(work: Callable[[], Any]) -> Any:
    """Run what has a loop of its own: Playwright's runs in this thread."""
    with ThreadPoolExecutor(1) as apart:
        return apart.submit(work).result()


def test_the_deployments_own_proxy_leaves_nothing_to_say(examined: dict[str, list[Result]]) -> None:
    assert [result for result in examined["right"] if result.outcome != "ok"] == []
    assert {result.check for result in examined["right"]} == set(rules().checks) - {"certificate", "silence"}


@pytest.mark.parametrize(("server", "check", "symptom", "line"), FOUND)
def test_what_is_broken_is_found_and_its_line_named(
    examined: dict[str, list[Result]], server: str, check: str, symptom: str, line: str | None
) -> None:
    found = {result.symptom: result for result in examined[server] if result.check == check}
    assert symptom in found, examined[server]
    assert line is None or line in rules().symptoms[symptom].lines["nginx"]


def test_only_what_is_broken_is_found(examined: dict[str, list[Result]]) -> None:
    expected: dict[str, set[str]] = {name: set() for name in BROKEN}
    for server, _, symptom, _ in FOUND:
        expected[server].add(symptom)
    for name in ("buffers", "default", "second"):
        expected[name] |= expected["http10"]
    expected["plain"] |= expected["tls"]
    expected["tls_scheme"] |= expected["tls"]
    found = {name: {result.symptom for result in results} - {None} for name, results in examined.items()}
    assert found == expected


def test_a_key_is_not_sent_where_the_certificate_does_not_hold(examined: dict[str, list[Result]]) -> None:
    account = {name: next(one for one in examined[name] if one.check == "account") for name in ("tls", "tls_scheme")}
    assert account["tls"].outcome == "skipped"
    assert account["tls_scheme"].outcome == "ok"  # where the operator said that it may be


def command(url: str, *more: str) -> tuple[int, str]:
    out = StringIO()
    try:
        elsewhere(lambda: call_command("doctor", "--no-local", "--url", url, *more, stdout=out))
    except SystemExit as end:
        return int(str(end.code)), out.getvalue()
    return 0, out.getvalue()


def test_the_command_prints_a_table_and_ends_well(
    proxy: Crooked, patient: Callable[[], Person], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", StringIO(key_of(patient()) + "\n"))
    status, said = command(proxy.url("right"), "--key", "-")
    assert status == 0, said
    assert "ok      WebSocket: opened" in said
    assert "rvk_" not in said


def test_without_a_key_the_command_does_what_can_be_done(proxy: Crooked) -> None:
    status, said = command(proxy.url("upgrade"), "--json")
    found: dict[str, Any] = {result["check"]: result for result in json.loads(said)["connection"]}
    assert status == 1
    assert found["upgrade"]["symptom"] == "upgrade_missing"
    assert set(found["upgrade"]["lines"]) == {"nginx", "haproxy", "caddy", "apache", "cloudflare"}
    assert found["stream"]["outcome"] == "skipped"


def test_the_page_has_nothing_to_say_of_the_right_proxy(opened: Callable[..., Page]) -> None:
    page = opened("right")
    expect(page.get_by_role("main").get_by_text(re.compile(r"All is well\.|1 remark"))).to_be_visible()
    expect(page.locator("[data-check]:not([data-state=ok]):not([data-check=latency])")).to_have_count(0)
    assert violations(page) == ""
    page.get_by_role("button", name="Stay silent for 75 s").click()
    expect(page.get_by_text("Silent for 1 of 75 s").first).to_be_visible()
    page.get_by_role("button", name="Stop").click()
    expect(page.get_by_role("button", name="Stay silent for 120 s")).to_be_enabled()


def test_the_page_names_the_lines_that_a_broken_proxy_lacks(opened: Callable[..., Page], watch: Watch) -> None:
    watch.expect(r"WebSocket connection|ERR_|status of (413|504)")
    page = opened("page", **PHONE, color_scheme="dark")
    expect(page.get_by_role("main").get_by_text("things to mend")).to_be_visible()
    rows = {check: page.locator(f"[data-check={check}]") for check in MENDED}
    for check, line in MENDED.items():
        expect(rows[check]).to_have_attribute("data-state", "failed")
        expect(rows[check].locator("pre")).to_contain_text(line)
    assert violations(page) == ""
    rows["upgrade"].get_by_text("Cloudflare").click()
    expect(rows["upgrade"].locator("pre")).to_contain_text("Network > WebSockets: On")
    expect(rows["poll"].locator("pre")).to_contain_text("Cloudflare waits 100 s")  # one choice for all
    rows["upgrade"].get_by_role("button", name="Copy lines").click()
    expect(rows["upgrade"].get_by_role("button", name="Copied")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == "# Network > WebSockets: On"
    page.get_by_role("button", name="Copy report").click()
    expect(page.get_by_text("Report copied")).to_be_visible()
    assert "[failed] WebSocket" in page.evaluate("navigator.clipboard.readText()")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_a_stranger_is_asked_to_sign_in_for_the_rest(opened: Callable[..., Page]) -> None:
    page = opened("right", stranger=True)
    expect(page.locator("[data-check=subprotocol]")).to_have_attribute("data-state", "ok")
    expect(page.locator("[data-check=stream]")).to_have_attribute("data-state", "skipped")
    expect(page.get_by_role("link", name="Sign in")).to_be_visible()
