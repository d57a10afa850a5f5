"""Browser tests: a running product and a Chromium for each worker, fresh people and contexts for each test."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Playwright, expect, sync_playwright

from tests.e2e.chat import Chat
from tests.e2e.watch import Watch
from tests.support import browser as browsers
from tests.support import run
from tests.support.person import Person
from tests.support.product import Product
from tests.support.upstream import Upstream
from tests.support.web import ScriptedWeb

DESK = {"width": 1440, "height": 900}
PHONE: dict[str, Any] = {
    "viewport": {"width": 390, "height": 844},
    "has_touch": True,
    "is_mobile": True,
    "device_scale_factor": 3,
}
expect.set_options(timeout=15_000)

Visit = Callable[..., Page]


@pytest.fixture(scope="session")
def upstream() -> Iterator[Upstream]:
    """The scripted provider."""
    with Upstream() as started:
        yield started


@pytest.fixture(scope="session")
def web() -> Iterator[ScriptedWeb]:
    """The scripted web, and the services that search it."""
    with ScriptedWeb() as started:
        yield started


@pytest.fixture(scope="session")
def product(upstream: Upstream, web: ScriptedWeb) -> Iterator[Product]:
    """The whole product, started as `make run` starts it, with a scripted provider for a model and a scripted web."""
    settings = {"OPENAI_BASE_URL": upstream.url, "OPENAI_API_KEY": "any", "TITLES": "off", "LIMITS": "off"}
    with Product(run.new_home(), OPENAI_CONTINUATION="prefix", **settings, **web.settings) as running:
        yield running


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    """Playwright, running."""
    with sync_playwright() as started:
        yield started


@pytest.fixture(scope="session")
def browser(playwright: Playwright) -> Iterator[Browser]:
    """A real Chromium."""
    opened = playwright.chromium.launch(executable_path=browsers.ensure(), args=browsers.FLAGS)
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def person(playwright: Playwright, product: Product) -> Iterator[Callable[..., Person]]:
    """Makes people: `person(name="grace")`."""
    made: list[Person] = []

    def make(name: str = "ada") -> Person:
        made.append(Person(playwright, product.url, name=name))
        return made[-1]

    yield make
    for one in made:
        one.close()


@pytest.fixture
def ada(person: Callable[..., Person]) -> Person:
    """Someone who has just signed up."""
    return person()


@pytest.fixture
def watch() -> Iterator[Watch]:
    """Every test fails when a page of its reported an error that the test did not announce."""
    made = Watch()
    yield made
    assert made.unexpected == []


@pytest.fixture
def visit(browser: Browser, product: Product, watch: Watch) -> Iterator[Visit]:
    """Opens pages: `visit(ada, "/c/…")`; without a person as somebody new. `kept` is what the browser remembers."""
    contexts = []

    def go(person: Person | None = None, path: str = "/", kept: dict[str, str] | None = None, **options: Any) -> Page:
        if person is not None:
            options["storage_state"] = person.state(options.get("base_url", product.url), **(kept or {}))
        options.setdefault("viewport", DESK)
        options.setdefault("base_url", product.url)
        context = browser.new_context(locale="en-GB", **options)
        contexts.append(context)
        watch.follow(context)
        page = context.new_page()
        page.goto(path)
        return page

    yield go
    for context in contexts:
        context.close()


@pytest.fixture
def chat(visit: Visit, ada: Person) -> Chat:
    """Ada's browser on a new chat."""
    return Chat(visit(ada), ada)
