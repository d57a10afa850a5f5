"""The one reader of the environment: every setting, its meaning, its default, and what is refused.

`.env.example` is generated from this class; a value that can't be right stops the start with a sentence.
"""

import os
import re
from collections.abc import Mapping
from difflib import get_close_matches
from email.utils import parseaddr
from functools import cache
from ipaddress import ip_network
from pathlib import Path
from typing import Any, Literal, Self
from urllib.parse import urlsplit

from dotenv import dotenv_values
from psycopg import ProgrammingError
from psycopg.conninfo import conninfo_to_dict
from pydantic import Field, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from backend.config.kept import kept_secret
from backend.config.keys import parse_keys
from backend.engines import EngineError, recorded_urls

ROOT = Path(__file__).resolve().parents[2]
SHORTEST_SECRET = 32
FEWEST_SYMBOLS = 8


class WrongSetting(SystemExit):
    """A setting can't be right. Uncaught, it ends the process with its sentence on stderr and exit status 1."""


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
    openai_continuation: Literal["prefix", "continue_final_message", "background", "ask", "none"] = Field(
        "none", description="How the server at OPENAI_BASE_URL goes on from a partial answer."
    )
    deepseek_api_key: str = Field("", description="Key for DeepSeek.")
    anthropic_api_key: str = Field("", description="Key for Anthropic.")
    ollama_host: str = Field("", description="Address of an Ollama server. Default: its usual port, when it answers.")
    outbound_allow: str = Field(
        "",
        description="Hosts, host:port or networks, comma-separated, that providers made in the admin may use "
        "although their addresses are not public.",
    )
    outbound_proxy: str = Field("", description="Forward proxy for all calls to providers, such as http://proxy:3128.")
    provider_connect_timeout: float = Field(10, gt=0, le=120, description="Seconds to connect to a provider.")
    provider_first_timeout: float = Field(120, gt=0, le=3600, description="Seconds until a provider's first byte.")
    provider_silence_timeout: float = Field(
        60, gt=0, le=3600, description="Seconds of silence in the middle of an answer."
    )
    tavily_api_key: str = Field("", description="Key for Tavily's web search.")
    tavily_base_url: str = Field("", description="Base URL of Tavily's API, or of a proxy to it; may be local.")
    tavily_credit_price: float = Field(
        0.008, ge=0, le=1000, description="US dollars that a credit of Tavily costs, for the ledger; 0: nothing."
    )
    searches_per_minute: int = Field(
        20, ge=0, le=100_000, description="Web searches of one person in a minute, jobs included; 0: no limit."
    )
    searches_per_day: int = Field(
        500, ge=0, le=10_000_000, description="Web searches of one person in a day, jobs included; 0: no limit."
    )
    searxng_url: str = Field("", description="Address of a SearXNG for web search; may be local.")
    search_first: Literal["tavily", "searxng"] = Field(
        "tavily", description="Which search service is asked first; the other one stands in for it."
    )
    search_allow: str = Field(
        "",
        description="Hosts, host:port or networks, comma-separated, whose pages may be read although their addresses "
        "are not public. Everybody who chats can have them read.",
    )
    time_scale: float = Field(
        1.0, gt=0, le=10, description="Multiplies pings, leases and time-outs of streams; for tests of faults."
    )
    titles: Literal["on", "off"] = Field("on", description="Side calls such as titles.")
    tool_steps: int = Field(8, ge=1, le=50, description="How many times a model may call tools for one answer.")
    tool_seconds: float = Field(
        180, gt=0, le=3600, description="Seconds after which an answer is finished without further calls of tools."
    )
    tool_cost: float = Field(
        1.0, ge=0, description="US dollars after which an answer is finished without further calls; 0: no limit."
    )
    checkpoint_seconds: float = Field(
        1.0, ge=0, le=3600, description="Least time between two copies of a running answer in PostgreSQL."
    )
    limits: Literal["on", "off"] = Field("on", description="Rate limits and caps per user; off for benchmarks.")
    access_token_seconds: int = Field(
        600, ge=1, le=3600, description="Life of an app's access token; refreshed with the refresh token."
    )
    secret_key_fallbacks: str = Field(
        "", description="Former values of SECRET_KEY, comma-separated: still accepted while they are phased out."
    )
    encryption_keys: str = Field(
        "",
        description="Keys for secrets in the database, `id:base64 of 32 bytes`, comma-separated, the newest first. "
        "Default: a key file in RIVULET_HOME.",
    )
    public_url: str = Field("", description="Address of the site in mails, such as https://chat.example.org.")
    cdn_host: str = Field(
        "", description="Origin of a CDN for the page's hashed files, such as https://cdn.example.org."
    )
    allowed_hosts: str = Field("*", description="Host names that the site answers to, comma-separated.")
    trusted_proxies: str = Field(
        "127.0.0.1/32,::1/128",
        description="Networks (CIDR, comma-separated) whose X-Forwarded-For, -Proto and X-Request-ID are believed.",
    )
    signup: Literal["open", "closed"] = Field("open", description="Whether people may sign up by themselves.")
    email_verification: Literal["optional", "mandatory", "none"] = Field(
        "optional", description="Whether an address must be verified by mail before the first sign-in."
    )
    smtp_url: str = Field(
        "",
        description="Mail server, a URL with smtp, smtp+tls or smtps, name, password, host and port. Default: mails "
        "are logged.",
    )
    email_from: str = Field("Rivulet <rivulet@localhost>", description="Sender of mails.")
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field("INFO", description="What is logged.")
    guide_url: str = Field(
        "", description="Address of the built-in model's server. `make run` starts it and sets this."
    )
    node_name: str = Field(
        "",
        max_length=40,
        description="Name of a web process that stays the same when it is started again, so that it goes on at once "
        "with the answers it was writing. `make run` sets this.",
    )
    drain_seconds: float = Field(
        0,
        ge=0,
        le=60,
        description="How long a web process that was told to stop gives its sockets to move to another one. Default "
        "of `make run` with several nodes: 5.",
    )
    database_pool: int = Field(
        6, ge=0, le=100, description="PostgreSQL sessions kept for a process; 0: one for a thread."
    )
    rivulet_url: str = Field("", description="Site that `./manage.py chat` talks to. Default: the one on this machine.")
    rivulet_key: str = Field("", description="API key for `./manage.py chat`.")
    celery_concurrency: int = Field(
        3, ge=1, le=64, description="Jobs that a worker runs at a time; one place is never taken by a batch."
    )
    jobs_per_user: int = Field(2, ge=0, le=1000, description="Jobs of one person that run at a time; 0: any number.")
    deleted_days: int = Field(
        30, ge=0, le=36_500, description="Days that a deleted conversation or template can be restored; 0: for ever."
    )
    jobs_days: int = Field(180, ge=0, le=36_500, description="Days that a job is kept after its end; 0: for ever.")
    files_days: int = Field(90, ge=0, le=36_500, description="Days that an upload is kept; 0: for ever.")
    upload_mib: int = Field(100, ge=1, le=10_000, description="Largest file that may be uploaded, in MiB.")
    import_mib: int = Field(
        500, ge=1, le=10_000, description="The same for exports of chats to be imported; never less than UPLOAD_MIB."
    )

    @field_validator("trusted_proxies")
    @classmethod
    def _networks(cls, value: str) -> str:
        for part in split(value):
            try:
                ip_network(part)
            except ValueError as error:
                raise ValueError(f"{part!r} is not a network such as 10.0.0.0/8") from error
        return value

    @field_validator("public_url", "cdn_host")
    @classmethod
    def _origin(cls, value: str) -> str:
        parts = urlsplit(value)
        if value and (parts.scheme not in {"http", "https"} or not parts.netloc or parts.path not in {"", "/"}):
            raise ValueError("it must be an origin such as https://chat.example.org")
        return value.rstrip("/")

    @field_validator("openai_base_url", "tavily_base_url", "searxng_url", "guide_url", "outbound_proxy", "rivulet_url")
    @classmethod
    def _http(cls, value: str) -> str:
        if value:
            _address(value, schemes=("http", "https"))
        return value

    @field_validator("ollama_host")
    @classmethod
    def _ollama(cls, value: str) -> str:
        if value:
            _address(value if "://" in value else f"http://{value}", schemes=("http", "https"))
        return value

    @field_validator("email_from")
    @classmethod
    def _sender(cls, value: str) -> str:
        _, address = parseaddr(value)
        if not address.strip("@") or "@" not in address.strip("@"):
            raise ValueError("it must be an address such as Rivulet <rivulet@example.org>")
        return value

    @field_validator("encryption_keys")
    @classmethod
    def _keys(cls, value: str) -> str:
        if value:
            parse_keys(value)
        return value

    @field_validator("smtp_url")
    @classmethod
    def _smtp(cls, value: str) -> str:
        if value and urlsplit(value).scheme not in {"smtp", "smtp+tls", "smtps"}:
            raise ValueError("it must begin with smtp://, smtp+tls:// or smtps://")
        return value

    @field_validator("rivulet_home")
    @classmethod
    def _home_is_absolute(cls, value: Path) -> Path:
        """A relative home lies beside `.env`."""
        return (ROOT / value.expanduser()).resolve()

    @field_validator("database_url")
    @classmethod
    def _database_is_postgres(cls, value: str) -> str:
        if not value:
            return value
        if not value.startswith(("postgres://", "postgresql://")):
            raise ValueError("it must start with postgresql://")
        try:
            conninfo_to_dict(value)
        except ProgrammingError as error:
            raise ValueError(f"it is no PostgreSQL URL ({str(error).strip()})") from None
        return value

    @field_validator("redis_url", "redis_cache_url", "redis_broker_url")
    @classmethod
    def _redis_scheme(cls, value: str) -> str:
        if value and not value.startswith(("redis://", "rediss://", "unix://")):
            raise ValueError("it must start with redis://, rediss:// or unix://")
        return value

    @model_validator(mode="after")
    def _production_is_strict(self) -> Self:
        if self.rivulet_env != "production":
            return self
        secret = self.secret_key
        if len(secret) < SHORTEST_SECRET or len(set(secret)) < FEWEST_SYMBOLS or "change" in secret.lower():
            raise ValueError(
                f"SECRET_KEY: production needs a random one of at least {SHORTEST_SECRET} characters; make one with: "
                'python3 -c "import secrets; print(secrets.token_urlsafe(48))"'
            )
        if not self.public_url and "*" in split(self.allowed_hosts):
            raise ValueError(
                "PUBLIC_URL: production needs the site's address, such as https://chat.example.org (or ALLOWED_HOSTS, "
                "the names that it answers to): links in mails would follow whatever name a caller gives."
            )
        return self


def _address(value: str, *, schemes: tuple[str, ...]) -> None:
    """Raise ValueError unless this is a URL with a host and, where it has one, a port that can be."""
    try:
        parts = urlsplit(value)
        good = parts.scheme in schemes and bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        good = False
    if not good or re.search(r"\s", value):
        raise ValueError("it must be an address such as http://127.0.0.1:9000/v1")


def unknown_in_file() -> list[str]:
    """Names in `.env` that look like a setting and are none, each with the name that was probably meant."""
    path = ROOT / ".env"
    if inherited().get("RIVULET_ENV") == "test" or not path.is_file():
        return []
    known = [name.upper() for name in Environment.model_fields]
    told = []
    for name in dotenv_values(path):
        if name.upper() not in known:
            close = get_close_matches(name.upper(), known, n=1, cutoff=0.75)
            told.append(f"{name} is no setting" + (f"; did you mean {close[0]}?" if close else "."))
    return told


def split(value: str) -> list[str]:
    """The parts of a comma-separated setting."""
    return [part.strip() for part in value.split(",") if part.strip()]


def load() -> Environment:
    """The settings as given. Raises `WrongSetting`. Tests see no `.env`, so that they are the same everywhere."""
    file = None if inherited().get("RIVULET_ENV") == "test" else ROOT / ".env"
    try:
        return Environment(_env_file=file)
    except ValidationError as error:
        raise WrongSetting(_sentence(error)) from None


@cache
def environment() -> Environment:
    """The process's settings, read once: what was given, and the embedded engines' addresses where nothing was.

    Raises `WrongSetting`.
    """
    given = load()
    update: dict[str, Any] = {}
    try:
        urls = None if given.database_url and given.redis_url else recorded_urls(given.rivulet_home)
    except EngineError as error:
        raise WrongSetting(str(error)) from None
    if urls is not None:
        update = {"database_url": given.database_url or urls.database, "redis_url": given.redis_url or urls.redis}
    if not given.secret_key:
        try:
            update["secret_key"] = kept_secret(given.rivulet_home / "secret_key")
        except (OSError, ValueError) as error:
            raise WrongSetting(f"SECRET_KEY is not set, and none can be kept in RIVULET_HOME: {error}") from None
    return given.model_copy(update=update)


def inherited() -> Mapping[str, str]:
    """The environment that children are started with."""
    return os.environ  # noqa: TID251


def _sentence(error: ValidationError) -> str:
    """What is wrong, a setting a line, by the names that people type; a value is shown unless it may be a secret."""
    told = []
    for problem in error.errors(include_url=False):
        reason = str(problem["msg"]).removeprefix("Value error, ")
        if not problem["loc"]:
            told.append(reason)
            continue
        name = str(problem["loc"][0])
        shown = "" if name.endswith(("_key", "_keys", "_fallbacks", "_url")) else f" (it is {problem['input']!r})"
        told.append(f"{name.upper()}: {reason[:1].lower()}{reason[1:]}{shown}.")
    return "\n".join(told)
