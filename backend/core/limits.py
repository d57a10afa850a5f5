"""Rate limits: one atomic script on Redis, the same arithmetic in local memory while Redis is away.

The algorithm is GCRA: a key holds the one moment at which its bucket is empty again. A bucket takes `amount` at once
and refills evenly over `per_s` seconds. Times are Redis' own, in microseconds, so nodes need not agree on a clock.
"""

import math
import time
from dataclasses import dataclass
from typing import Any

import structlog
from django.conf import settings
from redis.exceptions import RedisError

from backend.core import redis
from backend.core.errors import RateLimited

_log = structlog.get_logger("rivulet.limits")
_LOCAL_KEYS = 50_000
_RETRY_AFTER_S = 2.0

SCRIPT = """
local now = redis.call('TIME')
now = now[1] * 1000000 + now[2]
local interval, capacity, cost = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local empty = math.max(tonumber(redis.call('GET', KEYS[1]) or '0'), now)
local after = empty + interval * cost
if after - now > capacity then
  return {0, math.floor(empty - now), math.ceil(after - now - capacity)}
end
redis.call('SET', KEYS[1], string.format('%.0f', after), 'PX', math.ceil((after - now) / 1000) + 1)
return {1, math.floor(after - now), 0}
"""


@dataclass(frozen=True, slots=True)
class Limit:
    """`amount` per `per_s` seconds under one name."""

    name: str
    amount: int
    per_s: int

    @property
    def interval_us(self) -> int:
        """Time that one unit takes to come back."""
        return max(1, self.per_s * 1_000_000 // self.amount)


@dataclass(frozen=True, slots=True)
class Verdict:
    """The answer for one request. `reset_s`: until the bucket is full again; `retry_after_s`: 0 when allowed."""

    allowed: bool
    limit: int
    remaining: int
    reset_s: int
    retry_after_s: float

    @property
    def wait_s(self) -> int:
        """Whole seconds until it is worth trying again, at least one."""
        return max(1, math.ceil(self.retry_after_s))

    def headers(self) -> list[tuple[str, str]]:
        """`RateLimit-*`. A refusal's `Retry-After` comes with its error."""
        return [
            ("RateLimit-Limit", str(self.limit)),
            ("RateLimit-Remaining", str(self.remaining)),
            ("RateLimit-Reset", str(self.reset_s)),
        ]


SIGN_IN = Limit("sign-in", 20, 60)
"""Log-ins, sign-ups and password resets from one address."""
REST = Limit("rest", 600, 60)
"""Requests of one person to /api/v1."""
SENDS = Limit("sends", 60, 60)
"""Messages of one person, by socket, REST and /v1 together."""

_local: dict[str, float] = {}
_away_until = 0.0


async def hit(limit: Limit, key: str, *, cost: int = 1) -> Verdict | None:
    """Count `cost` for `key`; None when limits are off. A refused hit costs nothing."""
    global _away_until
    if settings.RIVULET.limits == "off":
        return None
    name = f"limit:{limit.name}:{key}"
    capacity = limit.interval_us * limit.amount
    if time.monotonic() >= _away_until:
        try:
            arguments: tuple[Any, ...] = (limit.interval_us, capacity, cost)
            allowed, used, wait = await redis.client().eval(SCRIPT, 1, name, *arguments)
        except (RedisError, OSError) as error:
            _away_until = time.monotonic() + _RETRY_AFTER_S
            _log.warning("limits.degraded", to="local memory", error=type(error).__name__)
        else:
            return _verdict(limit, allowed=bool(allowed), used=used, wait=wait)
    return _hit_locally(limit, name, cost=cost)


async def require(limit: Limit, key: str, *, cost: int = 1) -> Verdict | None:
    """`hit`, raising `RateLimited` with its `retry_after_ms` for a refusal."""
    verdict = await hit(limit, key, cost=cost)
    if verdict is not None and not verdict.allowed:
        raise refused(verdict)
    return verdict


def refused(verdict: Verdict) -> RateLimited:
    """The error for a refusal."""
    return RateLimited(
        f"Too many requests. Try again in {verdict.wait_s} s.", retry_after_ms=math.ceil(verdict.retry_after_s * 1000)
    )


def _hit_locally(limit: Limit, name: str, *, cost: int) -> Verdict:
    now = time.monotonic() * 1_000_000
    capacity = limit.interval_us * limit.amount
    empty = max(_local.get(name, 0.0), now)
    after = empty + limit.interval_us * cost
    if after - now > capacity:
        return _verdict(limit, allowed=False, used=empty - now, wait=after - now - capacity)
    if len(_local) >= _LOCAL_KEYS:
        for over in [known for known, until in _local.items() if until <= now] or list(_local)[: _LOCAL_KEYS // 10]:
            del _local[over]
    _local[name] = after
    return _verdict(limit, allowed=True, used=after - now, wait=0)


def _verdict(limit: Limit, *, allowed: bool, used: float, wait: float) -> Verdict:
    return Verdict(
        allowed=allowed,
        limit=limit.amount,
        remaining=max(0, limit.amount - math.ceil(used / limit.interval_us)),
        reset_s=math.ceil(used / 1_000_000),
        retry_after_s=wait / 1_000_000,
    )
