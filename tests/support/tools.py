"""Tools for tests: one that searches and one that looks something up, each doing what a test says."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from pydantic import BaseModel, ConfigDict

from backend.providers.base import ToolDelta
from backend.tools import registry
from backend.tools.base import Context, Result, Source

WEB = "https://rivers.example"


class Query(BaseModel):
    """What both take."""

    model_config = ConfigDict(extra="forbid")

    query: str


class FakeTool:
    """`gives` makes the result of a query; a wait in it is `held`. `asked` are the queries that came."""

    label = "Test"
    description = "Finds things out."
    arguments: type[BaseModel] = Query
    seconds = 5.0

    def __init__(self, name: str, part: str, gives: Callable[[str], Result]) -> None:
        self.name = name
        self.part = part
        self.gives = gives
        self.asked: list[str] = []
        self.languages: list[str] = []
        self.held: dict[str, asyncio.Event] = {}
        self.there = True

    def available(self) -> bool:
        """See `Tool`."""
        return self.there

    async def run(self, arguments: Any, context: Context) -> Result:
        """See `Tool`."""
        self.asked.append(arguments.query)
        self.languages.append(context.language)
        if self.part == "search":
            context.emit("search.started", {"query": arguments.query})
        if arguments.query in self.held:
            await self.held[arguments.query].wait()
        result = self.gives(arguments.query)
        if self.part == "search":
            items = [{"url": one.url, "title": one.title, "snippet": one.snippet} for one in result.sources]
            context.emit("search.results", {"items": items})
        return result


def page(name: str) -> Source:
    """A source."""
    return Source(url=f"{WEB}/{name}", title=f"All about {name}", snippet=f"The {name} is long.")


def found(query: str) -> Result:
    """Two pages: one of the query's own, and one that every query finds."""
    own, common = page(query), page("rivers")
    return Result(text=f"{{{{source:1}}}} {own.snippet}\n{{{{source:2}}}} {common.snippet}", sources=[own, common])


@contextmanager
def registered(*tools: FakeTool) -> Iterator[None]:
    """These are there for a while."""
    for tool in tools:
        registry.register(tool)
    try:
        yield
    finally:
        for tool in tools:
            registry._TOOLS.pop(tool.name)


def call(query: str, *, index: int = 0, name: str = "find", ident: str | None = None) -> ToolDelta:
    """A model's call."""
    return ToolDelta(index, ident or f"c{index}", name, f'{{"query": "{query}"}}')
