"""What the operator's settings say about search."""

from decimal import Decimal
from typing import Literal, Self

from django.conf import settings
from msgspec import Struct

ServiceName = Literal["tavily", "searxng"]


class Options(Struct, frozen=True, kw_only=True):
    """`first`: the service that is asked first. `allow`: see `Guard`; for pages. `proxy`: the forward proxy.

    `tavily_price`: US dollars for a credit.
    """

    tavily_key: str = ""
    tavily_url: str = ""
    tavily_price: Decimal = Decimal(0)
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
            tavily_price=Decimal(str(round(env.tavily_credit_price, 6))),
            searxng_url=env.searxng_url,
            first=env.search_first,
            allow=tuple(part.strip() for part in env.search_allow.split(",") if part.strip()),
            proxy=env.outbound_proxy,
        )

    def price_of(self, service: str) -> Decimal:
        """US dollars for a credit of the service with this name."""
        return self.tavily_price if service == "Tavily" else Decimal(0)

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
