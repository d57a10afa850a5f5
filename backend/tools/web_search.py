"""`web_search`: what the web has on something."""

from typing import Annotated, Any, cast

from pydantic import BaseModel, ConfigDict, Field

from backend.core.errors import QuotaExceeded
from backend.search import service
from backend.search.base import Freshness, Hit, SearchError
from backend.search.clean import line
from backend.tools.base import Context, Result, Source
from backend.tools.quoting import NOTE, quoted
from backend.tools.registry import register


class WebSearchArguments(BaseModel):
    """What to search for."""

    model_config = ConfigDict(extra="forbid")

    query: Annotated[
        str,
        Field(min_length=1, max_length=400, description="What to search for, in a few words as for a search engine."),
    ]
    freshness: Annotated[Freshness | None, Field(description="Only pages no older than this. Leave it out else.")] = (
        None
    )
    limit: Annotated[int, Field(ge=1, le=10, description="How many results, at most.")] = 5


class WebSearch:
    """Searches with whatever service the operator connected."""

    name = "web_search"
    label = "Search the web"
    description = (
        "Searches the web. Use it for what is recent, for facts that you are not sure of, and where the reader asks "
        "for sources. Gives titles, addresses and short extracts; read_page reads one of the pages."
    )
    arguments: type[BaseModel] = WebSearchArguments
    seconds = 45.0
    part = "search"

    def available(self) -> bool:
        """Whether a search service is connected."""
        return service.available()

    async def run(self, arguments: BaseModel, context: Context) -> Result:
        """Search; the person sees the query at once, and the results."""
        asked = cast("WebSearchArguments", arguments)
        query = line(asked.query, 400)
        context.emit("search.started", {"part": context.part, "query": query})
        try:
            found = await service.search(query, limit=asked.limit, freshness=asked.freshness, account=context.account)
        except QuotaExceeded as error:
            return Result(text=f"The search was not made: {error.message} Go on without it.", failed=True)
        except SearchError as error:
            advice = "It may work later." if error.retryable else "Go on without it."
            return Result(text=f"The search failed: {error.message} {advice}", failed=True)
        context.emit("search.results", {"part": context.part, "items": [item(hit) for hit in found.hits]})
        if not found.hits:
            return Result(text="Nothing was found. Other or fewer words may find something.")
        text = "\n\n".join(shown(number, hit) for number, hit in enumerate(found.hits, 1))
        sources = [Source(url=hit.url, title=hit.title, snippet=hit.snippet) for hit in found.hits]
        return Result(text=f"{NOTE}\n\n{text}", sources=sources)


def item(hit: Hit) -> dict[str, Any]:
    """A hit as `search.results` shows it."""
    told: dict[str, Any] = {"url": hit.url, "title": hit.title, "snippet": hit.snippet}
    return told | ({"published": hit.published} if hit.published else {})


def shown(number: int, hit: Hit) -> str:
    """A hit as a model sees it."""
    published = [f"published {hit.published}"] if hit.published else []
    words = "\n".join([hit.title, hit.url, *published, hit.snippet])
    return f"{{{{source:{number}}}}}\n{quoted(words)}"


register(WebSearch())
