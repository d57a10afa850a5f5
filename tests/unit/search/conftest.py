"""Search and reading against a scripted web, with a cache of the test's own and quick retries."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator

import pytest
from django.core.cache.backends.locmem import LocMemCache

from backend.search import kept, service
from backend.search.options import Options
from backend.search.reader import Reader
from backend.search.service import Service
from tests.support.web import KEY, ScriptedWeb

MakeService = Callable[..., Service]


class SharedReader(Reader):
    """One that outlives the services of a module's tests."""

    async def close(self) -> None:
        pass


@pytest.fixture
def web() -> Iterator[ScriptedWeb]:
    with ScriptedWeb() as made:
        yield made


@pytest.fixture(scope="module")
def reader() -> Iterator[Reader]:
    made = SharedReader()
    yield made
    asyncio.run(Reader.close(made))


@pytest.fixture
async def make(web: ScriptedWeb, reader: Reader, monkeypatch) -> AsyncIterator[MakeService]:
    """A service with Tavily and SearXNG; `make(first="searxng", tavily_key="")` and the like."""
    monkeypatch.setattr(service, "FIRST_WAIT", 0.001)
    cache = LocMemCache("search-tests", {})
    cache.clear()
    monkeypatch.setattr(kept, "cache", cache)
    made: list[Service] = []

    def maker(reader: Reader = reader, **options) -> Service:
        given = {"tavily_key": KEY, "tavily_url": web.tavily, "searxng_url": web.searxng, "allow": (web.host,)}
        made.append(Service(Options(**(given | options)), reader=reader))
        return made[-1]

    yield maker
    for one in made:
        await one.close()
