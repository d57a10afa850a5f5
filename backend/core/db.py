"""Two ways to PostgreSQL: the ORM in a bounded pool of threads, and a native async pool for hot statements.

Services that write are ordinary Django code; `in_thread` runs one as a whole, at the price of one hop. Look-ups,
leases and checkpoints, which run for every request or every second, go over `pool()` without leaving the loop.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, ParamSpec, TypeVar

from django.conf import settings
from django.db import connection, connections
from psycopg import AsyncConnection
from psycopg_pool import AsyncConnectionPool

P = ParamSpec("P")
T = TypeVar("T")

THREADS = 4

_executor = ThreadPoolExecutor(max_workers=THREADS, thread_name_prefix="orm")
_pools: dict[asyncio.AbstractEventLoop, AsyncConnectionPool[AsyncConnection[Any]]] = {}


async def in_thread(service: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Run a synchronous service in the ORM's threads and hand its connection back afterwards."""

    def call() -> T:
        try:
            return service(*args, **kwargs)
        finally:
            if not connection.in_atomic_block:
                connections.close_all()

    return await asyncio.get_running_loop().run_in_executor(_executor, call)


async def pool() -> AsyncConnectionPool[AsyncConnection[Any]]:
    """The running loop's pool of autocommit connections, opened at first use; `close_pool` ends it."""
    loop = asyncio.get_running_loop()
    found = _pools.get(loop)
    if found is None:
        found = AsyncConnectionPool(
            conninfo=_conninfo(), min_size=1, max_size=8, open=False, kwargs={"autocommit": True}, timeout=10
        )
        _pools[loop] = found
        await found.open()
    return found


async def close_pool() -> None:
    """Close the running loop's pool."""
    found = _pools.pop(asyncio.get_running_loop(), None)
    if found is not None:
        await found.close()


def _conninfo() -> str:
    """The default database in libpq's form; follows the name that a test database gets."""
    params = connection.get_connection_params()
    known = {"dbname", "user", "password", "host", "port", "sslmode", "sslrootcert", "sslcert", "sslkey"}
    from psycopg.conninfo import make_conninfo

    params["dbname"] = connection.settings_dict["NAME"] or settings.DATABASES["default"]["NAME"]
    return make_conninfo(**{key: value for key, value in params.items() if key in known and value})
