"""Which providers the operator's environment names."""

from dataclasses import dataclass, field
from typing import Protocol
from urllib.parse import urlsplit

from backend.providers.base import Continuation
from backend.providers.factory import BASE_URLS, Kind

OLLAMA_PORT = 11434


class Named(Protocol):
    """The settings that name providers."""

    openai_api_key: str
    openai_base_url: str
    openai_continuation: Continuation
    deepseek_api_key: str
    anthropic_api_key: str
    ollama_host: str
    guide_url: str


@dataclass(frozen=True, slots=True)
class Found:
    """A provider that the environment names. `slug` is its identity from start to start."""

    slug: str
    kind: Kind
    name: str
    base_url: str
    position: int
    key: str = field(default="", repr=False)
    continuation: str = ""


def found_in(env: Named, *, local_ollama: bool) -> list[Found]:
    """The providers, the built-in guide last. `local_ollama`: one answers at its usual port."""
    found: list[Found] = []
    if env.openai_api_key or env.openai_base_url:
        url = env.openai_base_url or BASE_URLS["openai"]
        name = "OpenAI" if url == BASE_URLS["openai"] else urlsplit(url).netloc.rpartition("@")[2] or "OpenAI"
        continuation = env.openai_continuation
        found.append(Found("openai", "openai", name, url, 10, env.openai_api_key, continuation))
    if env.deepseek_api_key:
        found.append(Found("deepseek", "deepseek", "DeepSeek", BASE_URLS["deepseek"], 20, env.deepseek_api_key))
    if env.anthropic_api_key:
        found.append(Found("anthropic", "anthropic", "Anthropic", BASE_URLS["anthropic"], 30, env.anthropic_api_key))
    if env.ollama_host or local_ollama:
        found.append(Found("ollama", "ollama", "Ollama", ollama_url(env.ollama_host), 40))
    if env.guide_url:
        found.append(Found("guide", "guide", "Rivulet", env.guide_url, 1_000_000))
    return found


def ollama_url(host: str) -> str:
    """The base URL for what people write into OLLAMA_HOST: a URL, `host`, `host:port` or `0.0.0.0`."""
    if not host:
        return BASE_URLS["ollama"]
    parts = urlsplit(host if "://" in host else f"http://{host}")
    name = "127.0.0.1" if parts.hostname in {None, "0.0.0.0", "::"} else str(parts.hostname)  # noqa: S104
    name = f"[{name}]" if ":" in name else name
    port = parts.port or (443 if parts.scheme == "https" else OLLAMA_PORT)
    path = parts.path.rstrip("/")
    return f"{parts.scheme}://{name}:{port}{path if path.endswith('/v1') else path + '/v1'}"
