"""Scripts on the Redis that all nodes share."""

import hashlib
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import structlog
from redis.exceptions import NoScriptError, RedisError

from backend.core import redis

log = structlog.get_logger(__name__)

TRY_AGAIN = 2.0
"""Seconds that an absent Redis is not asked again."""


class Away(Exception):
    """Redis can't be reached: go by what this process knows."""


class Script:
    """One Lua script, sent whole only to a server that does not know it yet."""

    def __init__(self, name: str) -> None:
        self.body = (Path(__file__).parent / name).read_text()
        self._sha = hashlib.sha1(self.body.encode(), usedforsecurity=False).hexdigest()

    async def run(self, keys: Sequence[str], values: Sequence[Any]) -> Any:
        """Raises what redis-py does."""
        client = redis.client()
        try:
            return await client.evalsha(self._sha, len(keys), *keys, *values)
        except NoScriptError:
            return await client.eval(self.body, len(keys), *keys, *values)


class Shared:
    """Runs scripts, and knows whether the server is there."""

    def __init__(self) -> None:
        self._away_until = 0.0
        self.away = False

    async def run(self, script: Script, keys: Sequence[str], values: Sequence[Any]) -> Any:
        """What the script returns. Raises `Away`."""
        if time.monotonic() < self._away_until:
            raise Away
        try:
            found = await script.run(keys, values)
        except (RedisError, OSError) as error:
            self._away_until = time.monotonic() + TRY_AGAIN
            if not self.away:
                log.warning("care.degraded", to="this process alone", error=type(error).__name__)
            self.away = True
            raise Away from error
        if self.away:
            self.away = False
            log.info("care.restored", to="all nodes")
        return found
