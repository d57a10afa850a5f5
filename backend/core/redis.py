"""The running loop's client of redis.asyncio, for limits and look-ups that must not leave the loop."""

import asyncio
from typing import Any

from django.conf import settings
from redis.asyncio import BlockingConnectionPool, Redis

_clients: dict[asyncio.AbstractEventLoop, Any] = {}


def client() -> Any:
    """One client a loop, with short time-outs. A burst waits for one of its connections rather than failing."""
    loop = asyncio.get_running_loop()
    found = _clients.get(loop)
    if found is None:
        for closed in [other for other in _clients if other.is_closed()]:
            del _clients[closed]
        pool: Any = BlockingConnectionPool.from_url(
            settings.REDIS_CACHE_URL, socket_connect_timeout=0.5, socket_timeout=1.0, max_connections=16, timeout=2
        )
        found = Redis(connection_pool=pool)
        found.auto_close_connection_pool = True
        _clients[loop] = found
    return found


async def close_client() -> None:
    """Close the running loop's client."""
    found = _clients.pop(asyncio.get_running_loop(), None)
    if found is not None:
        await found.aclose()
