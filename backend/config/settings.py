"""Django's settings, derived from the typed environment. Features read `settings.RIVULET` for their own."""

from datetime import timedelta

from celery.schedules import crontab
from kombu import Queue

from backend.config.environment import ROOT, environment, split
from backend.config.keys import encryption_keys
from backend.config.mail import mail_settings
from backend.config.services import broker_url, database_settings
from backend.core.logging import logging_config
from backend.jobs.queues import QUEUES, UPKEEP

RIVULET = environment()
PRODUCTION = RIVULET.rivulet_env == "production"
MAX_BODY_BYTES = 8 * 1024 * 1024
MAX_UPLOAD_BYTES = RIVULET.upload_mib * 1024 * 1024
MAX_IMPORT_BYTES = max(RIVULET.upload_mib, RIVULET.import_mib) * 1024 * 1024

BASE_DIR = ROOT
DEBUG = False
SECRET_KEY = RIVULET.secret_key
SECRET_KEY_FALLBACKS = split(RIVULET.secret_key_fallbacks)
ENCRYPTION_KEYS = encryption_keys(RIVULET.encryption_keys, home=RIVULET.rivulet_home)
ALLOWED_HOSTS = split(RIVULET.allowed_hosts)
APPEND_SLASH = False
DATA_UPLOAD_MAX_MEMORY_SIZE = FILE_UPLOAD_MAX_MEMORY_SIZE = MAX_BODY_BYTES
ROOT_URLCONF = "backend.config.urls"
AUTH_USER_MODEL = "accounts.User"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True
TIME_ZONE = "UTC"
STATIC_URL = "/static/"
STATIC_ROOT = BASE_DIR / "backend" / "static_build"
PAGE_ROOT = BASE_DIR / "frontend" / "dist"
LOGGING = logging_config(json=PRODUCTION, level=RIVULET.log_level)

INSTALLED_APPS = [
    "unfold",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "allauth.headless",
    "allauth.usersessions",
    "ninja",
    "channels",
    "django_celery_beat",
    "backend.core",
    "backend.accounts",
    "backend.search",
    "backend.catalog",
    "backend.usage",
    "backend.prompts",
    "backend.chat",
    "backend.jobs",
    "backend.ops",
]

DATABASES = {"default": database_settings(RIVULET.database_url, pool=RIVULET.database_pool)}

REDIS_CACHE_URL = RIVULET.redis_cache_url or RIVULET.redis_url or "redis://127.0.0.1:6379/0"
CACHES = {
    "default": {
        "BACKEND": "backend.core.cache.FallbackCache",
        "LOCATION": REDIS_CACHE_URL,
        "KEY_PREFIX": "rivulet:cache",
        "OPTIONS": {"SOCKET_CONNECT_TIMEOUT": 0.5, "SOCKET_TIMEOUT": 1.0},
    }
}
DJANGO_REDIS_SCAN_ITERSIZE = 1000

# For /admin and /_allauth only: see backend.core.handler.
MIDDLEWARE = [
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "backend.accounts.middleware.SignInLimit",
    "backend.accounts.middleware.SoundBodies",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]

# Sessions live in the database; the cache only saves look-ups, so that a wiped Redis signs nobody out.
SESSION_ENGINE = "django.contrib.sessions.backends.cached_db"
SESSION_COOKIE_NAME = "__Host-rivulet_session" if PRODUCTION else "rivulet_session"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = PRODUCTION
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_AGE = 14 * 24 * 3600
CSRF_TRUSTED_ORIGINS = [RIVULET.public_url] if RIVULET.public_url else []
CSRF_FAILURE_VIEW = "backend.accounts.views.csrf_refused"

PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
LOGIN_URL = "/admin/login/"

_SITE = RIVULET.public_url
ACCOUNT_ADAPTER = "backend.accounts.allauth.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_SIGNUP_FORM_CLASS = "backend.accounts.forms.SignupForm"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = RIVULET.email_verification
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_LOGOUT_ON_PASSWORD_CHANGE = False
ACCOUNT_RATE_LIMITS: dict[str, str] | bool = {} if RIVULET.limits == "on" else False
HEADLESS_ONLY = True
HEADLESS_ADAPTER = "backend.accounts.allauth.HeadlessAdapter"
HEADLESS_TOKEN_STRATEGY = "backend.accounts.allauth.TokenStrategy"  # noqa: S105
HEADLESS_FRONTEND_URLS = {
    "account_confirm_email": f"{_SITE}/verify-email/{{key}}",
    "account_reset_password": f"{_SITE}/reset-password",
    "account_reset_password_from_key": f"{_SITE}/reset-password/{{key}}",
    "account_signup": f"{_SITE}/signup",
}
USERSESSIONS_ADAPTER = "backend.accounts.allauth.UserSessionsAdapter"
DEFAULT_FROM_EMAIL = SERVER_EMAIL = RIVULET.email_from
MAIL = mail_settings(RIVULET.smtp_url)
EMAIL_BACKEND, EMAIL_HOST, EMAIL_PORT = MAIL.backend, MAIL.host, MAIL.port
EMAIL_HOST_USER, EMAIL_HOST_PASSWORD, EMAIL_TIMEOUT = MAIL.user, MAIL.password, 15
EMAIL_USE_TLS, EMAIL_USE_SSL = MAIL.starttls, MAIL.tls

UNFOLD = {"SITE_TITLE": "Rivulet", "SITE_HEADER": "Rivulet", "SITE_URL": "/", "SHOW_HISTORY": True}

# Hints between processes; at most once, so nothing depends on them.
CHANNEL_LAYERS = {
    "default": {
        "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
        "CONFIG": {"hosts": [RIVULET.redis_url], "prefix": "rivulet:layer"},
    }
}

CELERY_BROKER_URL = broker_url(RIVULET.redis_broker_url or RIVULET.redis_url)
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "global_keyprefix": "rivulet:celery:",
    "visibility_timeout": max(1, round(3600 * RIVULET.time_scale)),
    "socket_connect_timeout": 3,
    "socket_timeout": 15,
    "max_retries": 1,  # of whoever sends: the rows know what the broker was not told
    "interval_start": 0,
    "interval_max": 0.2,
}
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None  # for ever: a worker that gives up would wait for its longest job first
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_CONCURRENCY = RIVULET.celery_concurrency
CELERY_TASK_QUEUES = [Queue(name) for name in QUEUES]
CELERY_TASK_DEFAULT_QUEUE = UPKEEP
CELERY_BEAT_SCHEDULE = {
    "jobs.requeue": {
        "task": "jobs.requeue",
        "schedule": timedelta(seconds=5 * RIVULET.time_scale),
        "options": {"expires": 10},
    },
    "jobs.resume": {
        "task": "jobs.resume",
        "schedule": timedelta(seconds=60 * RIVULET.time_scale),
        "options": {"expires": 60},
    },
    "jobs.clean": {"task": "jobs.clean", "schedule": timedelta(hours=1), "options": {"expires": 3600}},
    "jobs.maintain": {
        "task": "jobs.maintain",
        "schedule": crontab(hour="3", minute="30"),
        "options": {"expires": 6 * 3600},
    },
    "usage: sweep and roll up": {"task": "usage.sweep", "schedule": 60.0},
    "usage: reconcile": {"task": "usage.reconcile", "schedule": 3600.0},
}
CELERY_BEAT_SCHEDULER = "django_celery_beat.schedulers:DatabaseScheduler"
CELERY_TIMEZONE = TIME_ZONE
