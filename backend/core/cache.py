"""Django's cache: django-redis, and local memory while Redis is away, which it says in the log and to `health`.

What was written or deleted while Redis was away is known to one process only. So on its return our keys in Redis are
dropped before it is used again: a session or lock that ended meanwhile does not come back.
"""

import threading
import time
from collections.abc import Callable
from typing import Any

import structlog
from django.core.cache.backends.base import BaseCache
from django.core.cache.backends.locmem import LocMemCache
from django_redis.cache import RedisCache
from django_redis.exceptions import ConnectionInterrupted
from redis.exceptions import RedisError

RETRY_AFTER_S = 2.0

_log = structlog.get_logger("rivulet.cache")
_AWAY = (ConnectionInterrupted, RedisError, OSError)


class State:
    """Whether the process's cache is Redis at the moment; shared by all threads."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.away_until: float | None = None

    @property
    def degraded(self) -> bool:
        """True while local memory stands in."""
        return self.away_until is not None

    def away(self, error: Exception) -> None:
        """Note a failure; the first of a row is logged."""
        with self.lock:
            first = self.away_until is None
            self.away_until = time.monotonic() + RETRY_AFTER_S
        if first:
            _log.warning("cache.degraded", to="local memory", error=type(error).__name__)

    def back(self) -> None:
        """Note the return of Redis."""
        with self.lock:
            was_away, self.away_until = self.away_until is not None, None
        if was_away:
            _log.info("cache.restored", to="redis")


state = State()


class FallbackCache(BaseCache):
    """django-redis with local memory behind it. A failing Redis costs one short time-out every two seconds."""

    def __init__(self, location: str, params: dict[str, Any]) -> None:
        super().__init__(params)
        self._remote = RedisCache(location, params)
        self._local = LocMemCache("rivulet-fallback", {**params, "OPTIONS": {"MAX_ENTRIES": 10_000}})

    def _run(self, name: str, *args: Any, **kwargs: Any) -> Any:
        local: Callable[..., Any] = getattr(self._local, name)
        until = state.away_until
        if until is not None and time.monotonic() < until:
            return local(*args, **kwargs)
        try:
            if until is not None:
                self._remote.delete_pattern("*")
                self._local.clear()
            found = getattr(self._remote, name)(*args, **kwargs)
        except _AWAY as error:
            state.away(error)
            return local(*args, **kwargs)
        state.back()
        return found

    def add(self, *args: Any, **kwargs: Any) -> Any:
        """See `BaseCache.add`."""
        return self._run("add", *args, **kwargs)

    def get(self, *args: Any, **kwargs: Any) -> Any:
        """See `BaseCache.get`."""
        return self._run("get", *args, **kwargs)

    def set(self, *args: Any, **kwargs: Any) -> Any:
        """See `BaseCache.set`."""
        return self._run("set", *args, **kwargs)

    def touch(self, *args: Any, **kwargs: Any) -> Any:
        """See `BaseCache.touch`."""
        return self._run("touch", *args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> Any:
        """See `BaseCache.delete`."""
        return self._run("delete", *args, **kwargs)

    def get_many(self, *args: Any, **kwargs: Any) -> Any:
        """See `BaseCache.get_many`."""
        return self._run("get_many", *args, **kwargs)

    def set_many(self, *args: Any, **kwargs: Any) -> Any:
        """See `BaseCache.set_many`."""
        return self._run("set_many", *args, **kwargs)

    def delete_many(self, *args: Any, **kwargs: Any) -> Any:
        """See `BaseCache.delete_many`."""
        return self._run("delete_many", *args, **kwargs)

    def incr(self, *args: Any, **kwargs: Any) -> Any:
        """See `BaseCache.incr`."""
        return self._run("incr", *args, **kwargs)

    def has_key(self, *args: Any, **kwargs: Any) -> Any:
        """See `BaseCache.has_key`."""
        return self._run("has_key", *args, **kwargs)

    def clear(self) -> None:
        """Drop our keys only. django-redis would flush the whole database, event logs included."""
        self._local.clear()
        try:
            self._remote.delete_pattern("*")
        except _AWAY as error:
            state.away(error)

    def close(self, **_: Any) -> None:
        """Keep the pool: connections live as long as the process."""
