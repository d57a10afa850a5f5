"""`read_page`: what a page of the web says."""

from typing import Annotated, cast

from pydantic import BaseModel, ConfigDict, Field

from backend.search import service
from backend.search.base import Page, SearchError
from backend.search.clean import line
from backend.tools.base import Context, Result, Source
from backend.tools.quoting import NOTE, quoted
from backend.tools.registry import register

AT_ONCE = 16_000
"""Characters of a page that one call gives; the next ones by `start`."""
SNIPPET = 300


class ReadPageArguments(BaseModel):
    """Which page."""

    model_config = ConfigDict(extra="forbid")

    url: Annotated[
        str, Field(min_length=1, max_length=2048, description="The page's whole address, with https:// or http://.")
    ]
    start: Annotated[
        int, Field(ge=0, le=1_000_000, description="Read on from this character; 0 is the page's beginning.")
    ] = 0


class ReadPage:
    """Reads public pages of text."""

    name = "read_page"
    label = "Read a page"
    description = (
        "Reads a page of the web and gives its main text. Use it for a page that a search found or that the reader "
        "named, where an extract is not enough. Reads no files such as PDF, no pictures, and nothing behind a sign-in."
    )
    arguments: type[BaseModel] = ReadPageArguments
    seconds = 40.0
    part = "tool"

    def available(self) -> bool:
        """Where the web is searched, its pages are read."""
        return service.available()

    async def run(self, arguments: BaseModel, context: Context) -> Result:  # noqa: ARG002
        """Read it; no event tells more than the call itself."""
        asked = cast("ReadPageArguments", arguments)
        try:
            page = await service.read(asked.url)
        except SearchError as error:
            return Result(text=f"The page could not be read: {error.message}", failed=True)
        if asked.start and asked.start >= len(page.text):
            return Result(text=f"The page ends before character {asked.start}: it has {len(page.text)}.", failed=True)
        source = Source(url=page.url, title=page.title, snippet=line(page.text[: 2 * SNIPPET], SNIPPET))
        return Result(text=shown(page, asked.start), sources=[source])


def shown(page: Page, start: int) -> str:
    """A piece of a page as a model sees it."""
    end = start + AT_ONCE
    piece = page.text[start:end]
    rest = len(page.text) - end
    more = ""
    if rest > 0:
        more = f"\n\n{rest} characters more: read on with start={end}."
    elif page.truncated:
        more = "\n\nThe rest of the page is too long to be read."
    words = f"{page.title}\n{page.url}\n\n{piece}"
    return f"{{{{source:1}}}} {NOTE}\n\n{quoted(words)}{more}"


register(ReadPage())
