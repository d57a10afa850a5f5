"""Makes the adapter for an account. The only place that knows all of them."""

from typing import Literal, get_args

from msgspec import Struct

from backend.outbound import OutboundClient, Timeouts
from backend.providers.anthropic import AnthropicProvider
from backend.providers.anthropic_request import continuation_of
from backend.providers.base import Continuation, Provider
from backend.providers.openai import Dialect, OpenAIProvider
from backend.providers.reading import StreamingProvider
from backend.providers.retry import RetryingProvider, RetryPolicy

Kind = Literal["openai", "deepseek", "anthropic", "ollama", "guide"]
"""`openai` is any server that speaks OpenAI's chat completions."""

BASE_URLS: dict[Kind, str] = {
    "openai": "https://api.openai.com/v1",
    "deepseek": "https://api.deepseek.com",
    "anthropic": "https://api.anthropic.com",
    "ollama": "http://127.0.0.1:11434/v1",
}


class ProviderOptions(Struct, frozen=True, kw_only=True):
    """`trusted`: the base URL comes from the operator's environment and may be local. `retry` None: never by itself."""

    trusted: bool = False
    timeouts: Timeouts = Timeouts()
    retry: RetryPolicy | None = RetryPolicy()


def make_provider(
    *,
    kind: Kind,
    name: str,
    base_url: str,
    api_key: str,
    client: OutboundClient,
    options: ProviderOptions | None = None,
) -> Provider:
    """An adapter for one account; an empty `base_url` means the maker's own. Raises `ValueError`."""
    chosen = options or ProviderOptions()
    url = base_url or BASE_URLS.get(kind, "")
    if kind not in get_args(Kind) or not url:
        raise ValueError(f"There is no provider of kind {kind!r} without a base URL.")
    provider = _adapter(kind, name=name, url=url, api_key=api_key, client=client, options=chosen)
    return provider if chosen.retry is None else RetryingProvider(provider, chosen.retry)


def _adapter(
    kind: Kind, *, name: str, url: str, api_key: str, client: OutboundClient, options: ProviderOptions
) -> StreamingProvider:
    if kind == "anthropic":
        return AnthropicProvider(
            name=name,
            base_url=url,
            api_key=api_key,
            client=client,
            trusted=options.trusted,
            timeouts=options.timeouts,
        )
    dialect: Dialect = kind
    return OpenAIProvider(
        name=name,
        base_url=url,
        api_key=api_key,
        client=client,
        trusted=options.trusted,
        timeouts=options.timeouts,
        dialect=dialect,
    )


def continuation_for(*, kind: Kind, model: str) -> Continuation:
    """How a model goes on from a partial answer, where nobody has said otherwise."""
    if kind == "anthropic":
        return continuation_of(model)
    return "prefix" if kind in {"deepseek", "guide"} else "none"
