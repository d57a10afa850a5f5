"""What all nodes know about models in trouble, for pages that are made in threads."""

import time
from collections.abc import Sequence

import redis
from django.conf import settings
from redis.exceptions import RedisError

from backend.care.trouble import View
from backend.care.troubles import INDEX, SCRIPT, view_of

FRESH = 1.0
"""Seconds that an answer serves, so that a list of models asks once."""

_kept: tuple[float, dict[str, View]] = (float("-inf"), {})


def states() -> dict[str, View]:
    """The models of which something is known, by their keys; none while Redis is away."""
    global _kept
    at, found = _kept
    if time.monotonic() - at < FRESH:
        return found
    try:
        with _client() as client:
            found = {key.decode(): view_of(rest) for key, *rest in client.eval(SCRIPT.body, 1, INDEX, "all", 0)}
    except (RedisError, OSError):
        found = {}
    _kept = (time.monotonic(), found)
    return found


def forget(keys: Sequence[str]) -> bool:
    """Forget what is known against these; False while Redis is away."""
    global _kept
    try:
        with _client() as client:
            for key in keys:
                client.delete(f"{INDEX}:{key}")
    except (RedisError, OSError):
        return False
    _kept = (float("-inf"), {})
    return True


def sentence(view: View | None) -> str:
    """A state in a few words."""
    if view is None or view.clean:
        return "answers"
    if view.rest_ms:
        return f"asked for patience, {_seconds(view.rest_ms)} s"
    if view.open_ms:
        return f"left alone, {_seconds(view.open_ms)} s: {view.message}"
    if view.opened:
        return (
            f"being tried again: {view.message}" if view.probing else f"tried again with the next call: {view.message}"
        )
    return f"failed {view.failures} times in a row: {view.message}"


def _seconds(ms: int) -> int:
    return max(1, round(ms / 1000))


def _client() -> redis.Redis:
    return redis.Redis.from_url(settings.REDIS_CACHE_URL, socket_connect_timeout=0.5, socket_timeout=1.0)
