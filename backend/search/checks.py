"""What `doctor` says about web search. Nothing is searched: that may cost something."""

from collections.abc import Mapping

from backend.core.checkup import Finding
from backend.outbound import OutboundClient, OutboundError, Timeouts
from backend.search.options import Options
from backend.search.tavily import BASE_URL

TIMEOUTS = Timeouts(connect=4.0, first_byte=6.0, silence=4.0)


async def services() -> list[Finding]:
    """A line for each search service that is configured, or one that none is."""
    options = Options.of_site()
    if not options.configured:
        return [Finding("web search", "ok", "not connected; TAVILY_API_KEY or SEARXNG_URL connects it")]
    client = OutboundClient(proxy=options.proxy or None)
    try:
        found = []
        if options.tavily:
            headers = {"Authorization": f"Bearer {options.tavily_key}"} if options.tavily_key else {}
            base = (options.tavily_url or BASE_URL).rstrip("/")
            found.append(await _look(client, "Tavily", f"{base}/usage", headers, "Look at TAVILY_API_KEY."))
        if options.searxng_url:
            base = options.searxng_url.rstrip("/").removesuffix("/search")
            found.append(await _look(client, "SearXNG", f"{base}/healthz", {}, "Look at SEARXNG_URL."))
    finally:
        await client.close()
    return found


async def _look(client: OutboundClient, name: str, url: str, headers: Mapping[str, str], advice: str) -> Finding:
    """Whether it answers, and takes the key. Where this page of its API is not there, an answer is enough."""
    try:
        answer = await client.request("GET", url, headers=headers, timeouts=TIMEOUTS, trusted=True)
    except OutboundError as error:
        return Finding(name, "warning", str(error), advice)
    if answer.status in {401, 403}:
        return Finding(name, "warning", f"refuses the key (HTTP {answer.status})", advice)
    if answer.status >= 500:
        return Finding(name, "warning", f"has a problem of its own (HTTP {answer.status})", advice)
    return Finding(name, "ok", "answers")
