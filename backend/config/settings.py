"""Django's settings, derived from the typed environment. Features read `settings.RIVULET` for their own."""

from typing import Any

from django.core.exceptions import ImproperlyConfigured
from psycopg.conninfo import conninfo_to_dict

from backend.config.environment import ROOT, environment

RIVULET = environment()

BASE_DIR = ROOT
DEBUG = False
SECRET_KEY = RIVULET.secret_key or "development-only-not-a-secret-development-only"
ALLOWED_HOSTS = ["*"]
ROOT_URLCONF = "backend.config.urls"
AUTH_USER_MODEL = "accounts.User"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True
TIME_ZONE = "UTC"
STATIC_URL = "/static/"

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "channels",
    "backend.core",
    "backend.accounts",
    "backend.catalog",
    "backend.chat",
    "backend.ops",
]


def _database(url: str) -> dict[str, Any]:
    """A libpq URL as Django's setting, with the native pool."""
    if not url:
        return {"ENGINE": "django.db.backends.postgresql", "NAME": "rivulet"}
    try:
        parts = conninfo_to_dict(url)
    except Exception as error:
        raise ImproperlyConfigured(f"DATABASE_URL is not a PostgreSQL URL: {error}") from error
    names = {"dbname": "NAME", "user": "USER", "password": "PASSWORD", "host": "HOST", "port": "PORT"}
    found: dict[str, Any] = {names[key]: value for key, value in parts.items() if key in names}
    options = {key: value for key, value in parts.items() if key not in names}
    return {
        "ENGINE": "django.db.backends.postgresql",
        "CONN_MAX_AGE": 0,
        "OPTIONS": {**options, "pool": {"min_size": 1, "max_size": 6, "timeout": 10}},
        **found,
    }


DATABASES = {"default": _database(RIVULET.database_url)}
