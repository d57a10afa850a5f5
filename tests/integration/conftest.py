"""Integration tests have a Redis, emptied before each, and a PostgreSQL when they ask for pytest-django's `db`."""

from collections.abc import AsyncIterator

import pytest
import redis

from tests.support.site import Site


@pytest.fixture(autouse=True)
def _empty_redis(redis_url: str) -> None:
    client = redis.Redis.from_url(redis_url)
    client.flushall()
    client.close()


@pytest.fixture
async def site(transactional_db) -> AsyncIterator[Site]:
    """Browsers, apps and scripts against the application in this process; its pools are closed afterwards."""
    from backend.core import limits
    from backend.core.db import close_pool
    from backend.core.redis import close_client

    limits._local.clear()
    made = Site()
    yield made
    await made.close()
    await close_client()
    await close_pool()
