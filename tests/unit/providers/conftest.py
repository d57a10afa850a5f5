"""An adapter at a scripted server."""

from collections.abc import AsyncIterator, Callable
from contextlib import aclosing

import pytest

from backend.outbound import OutboundClient, Timeouts
from backend.providers.base import CompletionRequest, Delta, Provider, ProviderError, ReasoningDelta, TextDelta
from backend.providers.factory import ProviderOptions, make_provider
from backend.providers.retry import RetryPolicy

QUICK = RetryPolicy(attempts=3, base=0.001, cap=0.002, patience=0.5)
KEY = "sk-very-secret-key"
Make = Callable[..., Provider]


@pytest.fixture
async def make() -> AsyncIterator[Make]:
    """Makes an adapter: `make(server.url, kind=…, retry=…, timeouts=…)`."""
    client = OutboundClient()

    def maker(
        url: str, *, kind="openai", retry: RetryPolicy = QUICK, timeouts: Timeouts | None = None, key: str = KEY
    ) -> Provider:
        options = ProviderOptions(trusted=True, retry=retry, timeouts=timeouts or Timeouts(first_byte=5, silence=5))
        return make_provider(kind=kind, name="Upstream", base_url=url, api_key=key, client=client, options=options)

    yield maker
    await client.close()


def ask(content: str = "Hello", **fields) -> CompletionRequest:
    """A request."""
    return CompletionRequest(model="m", messages=[{"role": "user", "content": content}], **fields)


async def collect(provider: Provider, request: CompletionRequest | None = None) -> list[Delta]:
    """All deltas of an answer."""
    async with aclosing(provider.stream(request or ask())) as reads:
        return [delta async for deltas in reads for delta in deltas]


async def collect_failing(
    provider: Provider, request: CompletionRequest | None = None
) -> tuple[list[Delta], ProviderError]:
    """The deltas before the error, and the error."""
    found: list[Delta] = []
    try:
        async with aclosing(provider.stream(request or ask())) as reads:
            async for deltas in reads:
                assert deltas, "an empty list was yielded"
                found += deltas
    except ProviderError as error:
        return found, error
    pytest.fail(f"no error after {found}")


def said(deltas: list[Delta]) -> str:
    """The text of deltas."""
    return "".join(delta.text for delta in deltas if isinstance(delta, TextDelta))


def thought(deltas: list[Delta]) -> str:
    """The reasoning of deltas."""
    return "".join(delta.text for delta in deltas if isinstance(delta, ReasoningDelta))
