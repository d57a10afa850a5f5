"""The one reader of the environment: every setting, its meaning, its default, and what is refused.

`.env.example` is generated from this class; a value that can't be right stops the start with a sentence.
"""

from functools import cache
from pathlib import Path
from typing import Literal

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

ROOT = Path(__file__).resolve().parents[2]


class Environment(BaseSettings):
    """Typed settings. Names in the environment are the fields' names in capitals."""

    model_config = SettingsConfigDict(env_file=ROOT / ".env", extra="ignore", case_sensitive=False)

    port: int = Field(8000, ge=1, le=65535, description="Port of the site.")
    host: str = Field("127.0.0.1", description="Address that the site listens on.")
    nodes: int = Field(1, ge=1, le=64, description="Web nodes (several: behind nginx).")
    rivulet_home: Path = Field(ROOT / ".rivulet", description="State of the embedded engines, uploads, backups.")
    database_url: str = Field("", description="Use this PostgreSQL instead of the embedded one.")
    redis_url: str = Field("", description="Use this Redis instead of the embedded one.")
    redis_cache_url: str = Field("", description="A Redis that may evict, for the cache. Default: REDIS_URL.")
    redis_broker_url: str = Field("", description="A Redis that may not evict, for Celery. Default: REDIS_URL.")
    secret_key: str = Field("", description="Signs sessions and tokens. Production refuses a weak one.")
    rivulet_env: Literal["development", "production", "test"] = Field(
        "development", description="development, production or test."
    )
    openai_api_key: str = Field("", description="Key for OpenAI or the server at OPENAI_BASE_URL.")
    openai_base_url: str = Field("", description="Base URL of an OpenAI-compatible server; may be local.")
    openai_continuation: Literal["prefix", "continue_final_message", "ask", "none"] = Field(
        "none", description="How the server at OPENAI_BASE_URL goes on from a partial answer."
    )
    deepseek_api_key: str = Field("", description="Key for DeepSeek.")
    anthropic_api_key: str = Field("", description="Key for Anthropic.")
    ollama_host: str = Field("", description="Address of an Ollama server. Default: its usual port, when it answers.")
    tavily_api_key: str = Field("", description="Key for Tavily's web search.")
    tavily_base_url: str = Field("", description="Base URL of Tavily's API.")
    titles: Literal["on", "off"] = Field("on", description="Side calls such as titles.")
    limits: Literal["on", "off"] = Field("on", description="Rate limits and caps per user; off for benchmarks.")


@cache
def environment() -> Environment:
    """The process's settings, read once."""
    return Environment()
