"""Two ways to PostgreSQL: the ORM in a bounded pool of threads, and a native async pool for hot statements.

Services that write are ordinary Django code; `in_thread` runs one as a whole, at the price of one hop. Look-ups,
leases and checkpoints, which run for every request or every second, go over `connect()`, `rows` and `row` without
leaving the loop. All of these raise `Unavailable` while the database is away; only `pool()` raises what psycopg does.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import Any, ParamSpec, TypeVar

import django.db
import psycopg
import structlog
from django.conf import settings
from django.db import connection, connections
from psycopg import AsyncConnection
from psycopg.rows import dict_row
from psycopg_pool import AsyncConnectionPool, PoolTimeout

from backend.core.errors import Unavailable

P = ParamSpec("P")
T = TypeVar("T")
Row = dict[str, Any]
Values = Sequence[Any] | Mapping[str, Any]

THREADS = 4
log = structlog.get_logger(__name__)

APPLICATION = "rivulet"
"""What `pg_stat_activity` calls the native pool's connections."""

AWAY = (
    psycopg.OperationalError,
    psycopg.InterfaceError,
    PoolTimeout,
    django.db.OperationalError,
    django.db.InterfaceError,
    OSError,
)
"""What is raised while PostgreSQL can't be reached, restarts, or gives up a statement for now."""

_executor = ThreadPoolExecutor(max_workers=THREADS, thread_name_prefix="orm")
_doubted: dict[AsyncConnectionPool[AsyncConnection[Any]], asyncio.Task[None]] = {}
_pools: dict[asyncio.AbstractEventLoop, AsyncConnectionPool[AsyncConnection[Any]]] = {}


async def in_thread(service: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Run a synchronous service in the ORM's threads and hand its connection back afterwards."""

    def call() -> T:
        try:
            return service(*args, **kwargs)
        except AWAY as error:
            raise Unavailable from error
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


@asynccontextmanager
async def connect() -> AsyncIterator[AsyncConnection[Any]]:
    """A connection of the pool, in autocommit. Raises `Unavailable` while the database is away."""
    try:
        async with (await pool()).connection() as found:
            yield found
    except AWAY as error:
        _doubt()
        raise Unavailable from error


def _doubt() -> None:
    """Where one connection is dead, so are the others, as a rule: replace them before anyone meets them."""
    found = _pools.get(asyncio.get_running_loop())
    if found is not None and found not in _doubted:
        _doubted[found] = asyncio.create_task(_check(found))


async def _check(doubted: AsyncConnectionPool[AsyncConnection[Any]]) -> None:
    try:
        await doubted.check()
    except AWAY:
        log.info("the database is still away")
    finally:
        del _doubted[doubted]


async def rows(statement: str, values: Values, *, on: AsyncConnection[Any] | None = None) -> list[Row]:
    """All rows of one statement as dictionaries; `on` a connection for a statement of a transaction."""
    if on is None:
        async with connect() as found:
            return await rows(statement, values, on=found)
    async with on.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(statement.encode(), values)
        return await cursor.fetchall()


async def row(statement: str, values: Values, *, on: AsyncConnection[Any] | None = None) -> Row | None:
    """The first row, or None."""
    found = await rows(statement, values, on=on)
    return found[0] if found else None


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
    given = {key: value for key, value in params.items() if key in known and value}
    return make_conninfo(application_name=APPLICATION, **given)
