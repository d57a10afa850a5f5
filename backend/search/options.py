"""What the operator's settings say about search."""

from typing import Literal, Self

from django.conf import settings
from msgspec import Struct

ServiceName = Literal["tavily", "searxng"]


class Options(Struct, frozen=True, kw_only=True):
    """`first`: the service that is asked first. `allow`: see `Guard`; for pages. `proxy`: the forward proxy."""

    tavily_key: str = ""
    tavily_url: str = ""
    searxng_url: str = ""
    first: ServiceName = "tavily"
    allow: tuple[str, ...] = ()
    proxy: str = ""

    @classmethod
    def of_site(cls) -> Self:
        """As the environment has it."""
        env = settings.RIVULET
        return cls(
            tavily_key=env.tavily_api_key,
            tavily_url=env.tavily_base_url,
            searxng_url=env.searxng_url,
            first=env.search_first,
            allow=tuple(part.strip() for part in env.search_allow.split(",") if part.strip()),
            proxy=env.outbound_proxy,
        )

    @property
    def tavily(self) -> bool:
        """Whether Tavily is configured."""
        return bool(self.tavily_key or self.tavily_url)

    @property
    def configured(self) -> bool:
        """Whether any service is."""
        return self.tavily or bool(self.searxng_url)

    @property
    def names(self) -> tuple[str, ...]:
        """What answers depend on, without secrets."""
        return (self.tavily_url if self.tavily else "-", self.searxng_url, self.first, *self.allow)
