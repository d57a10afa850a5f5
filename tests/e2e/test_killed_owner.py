"""Three nodes behind nginx, at the intervals of real use: the one that writes dies, its readers see all of it."""

import os
import signal
import time
from collections.abc import Iterator

import psycopg
import pytest
from playwright.sync_api import Playwright

from backend.engines import recorded_urls
from tests.e2e.chat import Chat, words
from tests.e2e.conftest import Visit
from tests.e2e.watch import Watch
from tests.support import nginx, run
from tests.support.person import Person
from tests.support.product import Product, ports_in_a_row
from tests.support.upstream import Upstream

WITHIN = 20.0
BROKEN = r"ERR_|WebSocket connection|status of 50\d"


@pytest.fixture(scope="module")
def nodes(upstream: Upstream) -> Iterator[Product]:
    """The site, as `make run NODES=3` starts it."""
    nginx.ensure()
    settings = {"OPENAI_BASE_URL": upstream.url, "OPENAI_API_KEY": "any", "TITLES": "off", "LIMITS": "off"}
    port = str(ports_in_a_row(4))
    with Product(run.new_home(), NODES="3", PORT=port, OPENAI_CONTINUATION="prefix", **settings) as running:
        yield running


@pytest.fixture
def grace(playwright: Playwright, nodes: Product) -> Iterator[Person]:
    """Someone there."""
    person = Person(playwright, nodes.url, name="grace")
    yield person
    person.close()


def owner_of(site: Product, conversation: str) -> str:
    """The node that writes an answer in a conversation."""
    urls = recorded_urls(site.home)
    assert urls is not None
    with psycopg.connect(urls.database) as session:
        statement = "SELECT lease_owner FROM chat_generation WHERE conversation_id = %s AND status = 'running'"
        [(owner,)] = session.execute(statement, [conversation]).fetchall()
    return f"web-{owner.partition('.')[0].rpartition('-')[2]}"


@pytest.mark.alone
def test_two_browsers_that_watch_see_all_of_it_within_20_seconds_without_a_reload(
    nodes: Product, grace: Person, visit: Visit, watch: Watch, upstream: Upstream
) -> None:
    watch.expect(BROKEN)
    author = Chat(visit(grace, base_url=nodes.url), grace)
    author.ask("n=240 rate=40 id=killed")
    author.begun()
    reader = Chat(visit(grace, f"/c/{author.id}", base_url=nodes.url), grace)
    reader.begun()
    for chat in (author, reader):
        chat.page.evaluate("window.neverReloaded = true")
    name = owner_of(nodes, author.id)
    before = nodes.pid(name)
    os.kill(before, signal.SIGKILL)
    died = time.monotonic()
    author.finished()
    reader.finished()
    assert time.monotonic() - died < WITHIN
    stored = author.stored()
    assert stored["status"] == "done"
    assert len(stored["text"].split()) == 240
    for chat in (author, reader):
        assert chat.said(chat.answers.last) == words(stored["text"])
        assert chat.page.evaluate("window.neverReloaded")
    assert upstream.calls("killed") == 2
