"""One structured line for what happened: JSON in production, readable in development, never a secret."""

import logging
import re
from collections.abc import MutableMapping
from typing import Any

import structlog
from redis.exceptions import ConnectionError as RedisConnectionError

_SECRET_NAMES = re.compile(r"(?i)authorization|cookie|password|passwd|secret|token|api_?key|csrf|^key$")
_SECRET_VALUES = re.compile(
    r"rvk_[A-Za-z0-9]{4,}|rvr_[\w-]{8,}|sk-[\w-]{8,}|ey[\w-]{8,}\.[\w-]{8,}\.[\w-]*|Bearer \S+"
    r"|(?<=/reset-password/)[^/\s]+|(?<=/verify-email/)[^/\s]+"
)
HIDDEN = "[hidden]"


def redact(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Hide values whose name or look says secret; control bytes are escaped by the renderers."""
    for name, value in event.items():
        if name.startswith("_"):
            continue
        if _SECRET_NAMES.search(name):
            event[name] = HIDDEN
        elif isinstance(value, str):
            event[name] = _SECRET_VALUES.sub(HIDDEN, value)
    return event


class OneLine(logging.Filter):
    """Trouble of a line to a service is told in one line: where in a library it was met helps nobody."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Keep the record, with the error's words instead of its traceback."""
        error = record.exc_info[1] if record.exc_info else None
        if isinstance(error, (OSError, RedisConnectionError)):
            record.msg, record.args = f"{record.getMessage()}: {error}", ()
            record.levelno, record.levelname = logging.WARNING, "WARNING"
            record.exc_info = record.exc_text = None
        return True


def _processors() -> list[Any]:
    return [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
        redact,
    ]


def logging_config(*, json: bool, level: str) -> dict[str, Any]:
    """Django's `LOGGING`: structlog and the standard library write through one formatter to standard error."""
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *_processors(),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    renderer = structlog.processors.JSONRenderer() if json else structlog.dev.ConsoleRenderer(colors=False)
    renderers: list[Any] = [structlog.processors.format_exc_info, redact, renderer]
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "line": {
                "()": structlog.stdlib.ProcessorFormatter,
                "foreign_pre_chain": _processors(),
                "processors": [structlog.stdlib.ProcessorFormatter.remove_processors_meta, *renderers],
            }
        },
        "filters": {"one_line": {"()": OneLine}},
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
        "root": {"handlers": ["stderr"], "level": level},
        "loggers": {
            "django": {"level": level},
            "django.request": {"level": "ERROR"},
            "django.db.backends": {"level": "INFO"},
            "asyncio": {"level": "WARNING"},
            "psycopg.pool": {"level": "ERROR"},
            "channels_redis.pubsub": {"filters": ["one_line"]},
        },
    }


def bind_request(**values: str) -> None:
    """Put values (request id, person) on every line of the running request."""
    structlog.contextvars.bind_contextvars(**values)


def level_of(status: int) -> int:
    """The level of a request's line."""
    return logging.ERROR if status >= 500 else logging.INFO
