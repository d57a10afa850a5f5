"""URLs of PostgreSQL and Redis in the forms that Django and Celery want."""

from typing import Any
from urllib.parse import parse_qs, urlsplit

from psycopg.conninfo import conninfo_to_dict


def database_settings(url: str, *, pool: int) -> dict[str, Any]:
    """A libpq URL as Django's setting, with the native pool of `pool` sessions; 0: one session for a thread.

    Sessions are looked at before they are used again, so that a restart of the database fails nobody afterwards.
    Without a URL, before the embedded engines' first start: a database that does not answer.
    """
    if not url:
        return {"ENGINE": "django.db.backends.postgresql", "NAME": "rivulet"}
    parts = conninfo_to_dict(url)
    names = {"dbname": "NAME", "user": "USER", "password": "PASSWORD", "host": "HOST", "port": "PORT"}
    found: dict[str, Any] = {names[key]: value for key, value in parts.items() if key in names}
    options: dict[str, Any] = {key: value for key, value in parts.items() if key not in names}
    if pool:
        options["pool"] = {"min_size": 1, "max_size": pool, "timeout": 10}
    return {
        "ENGINE": "django.db.backends.postgresql",
        "CONN_MAX_AGE": 0,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": options,
        **found,
    }


def broker_url(url: str) -> str:
    """A Redis URL as kombu writes it: its scheme for sockets differs, and so does the database's place."""
    if not url.startswith("unix://"):
        return url
    parts = urlsplit(url)
    database = parse_qs(parts.query).get("db", ["0"])[0]
    return f"redis+socket://{parts.path}?virtual_host={database}"
