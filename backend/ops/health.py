"""Whether the process answers, and whether what it needs does: each dependency with its status and latency."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass
from typing import Any, Literal

from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest, JsonResponse
from redis.asyncio import Redis

from backend.core import cache as cache_module
from backend.core.db import pool

Status = Literal["ok", "degraded", "down"]
TIME_OUT_S = 2.0


@dataclass(frozen=True, slots=True)
class Check:
    """How a dependency is. `needed`: without it the node can't serve."""

    name: str
    status: Status
    needed: bool
    latency_ms: float
    detail: str = ""


class Draining:
    """Set while the node is stopping: it is alive, and not ready."""

    now = False


async def live(request: HttpRequest) -> JsonResponse:  # noqa: ARG001
    """`GET /health/live`: this process answers."""
    return JsonResponse({"status": "ok"}, headers={"Cache-Control": "no-store"})


async def ready(request: HttpRequest) -> JsonResponse:  # noqa: ARG001
    """`GET /health/ready`: 200, or 503 when a dependency that is needed is down or the node is stopping."""
    checks = await all_checks()
    down = Draining.now or any(check.needed and check.status == "down" for check in checks)
    status = "draining" if Draining.now else "down" if down else worst(checks)
    body = {"status": status, "checks": {check.name: _shown(check) for check in checks}}
    return JsonResponse(body, status=503 if down else 200, headers={"Cache-Control": "no-store"})


async def all_checks() -> list[Check]:
    """Every dependency, looked at together."""
    return list(
        await asyncio.gather(
            _timed("postgresql", _postgresql, needed=True),
            _timed("redis", _redis, needed=True),
            _timed("cache", _cache, needed=False),
        )
    )


def worst(checks: list[Check]) -> Status:
    """`degraded` when anything is not as it should be."""
    return "ok" if all(check.status == "ok" for check in checks) else "degraded"


async def _timed(name: str, look: Callable[[], Awaitable[str]], *, needed: bool) -> Check:
    started = time.perf_counter()
    status: Status = "ok"
    detail = ""
    try:
        async with asyncio.timeout(TIME_OUT_S):
            detail = await look()
        if detail:
            status = "degraded"
    except Exception as error:  # noqa: BLE001
        status, detail = "down", type(error).__name__
    return Check(name, status, needed, round((time.perf_counter() - started) * 1000, 1), detail)


async def _postgresql() -> str:
    async with (await pool()).connection(timeout=TIME_OUT_S) as connection:
        await connection.execute("select 1")
    return ""


async def _redis() -> str:
    url = settings.RIVULET.redis_url or settings.REDIS_CACHE_URL
    client: Any = Redis.from_url(url, socket_connect_timeout=1.0, socket_timeout=1.0)
    try:
        await client.ping()
    finally:
        await client.aclose()
    return ""


async def _cache() -> str:
    await cache.aget("health")
    return "local memory stands in for Redis" if cache_module.state.degraded else ""


def _shown(check: Check) -> dict[str, object]:
    return {key: value for key, value in asdict(check).items() if key != "name" and value != ""}
